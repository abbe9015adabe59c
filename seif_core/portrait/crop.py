"""Rotated square crops of a photo, and the way back from crop to photo coordinates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from ..shapes import Float, UInt8


@dataclass(frozen=True)
class Crop:
    """A square of the photo, turned by an angle.

    Convention: pixels of the photo (origin top left, centres at +0.5, y down); crop coordinates run from 0 to 1, also
    from the top left. Worked number: a crop centred on (100, 100), 80 px wide, turned by +90 degrees (clockwise as
    seen in the picture): its own top left corner (0, 0) lies at (140, 60), the top right one of the upright square.

    Attributes:
        x: centre, pixels.
        y: centre, pixels.
        size: side length, pixels of the photo.
        angle: radians, positive clockwise as seen in the picture.
        mirrored: whether the crop is seen in a mirror (left and right exchanged).
    """

    x: float
    y: float
    size: float
    angle: float = 0.0
    mirrored: bool = False

    def _linear(self) -> np.ndarray:
        cos, sin = math.cos(self.angle) * self.size, math.sin(self.angle) * self.size
        flip = -1.0 if self.mirrored else 1.0
        return np.array([[cos * flip, -sin], [sin * flip, cos]])

    def to_photo(self, points: Float[np.ndarray, "N 2"]) -> Float[np.ndarray, "N 2"]:
        """Crop coordinates (N, 2) in 0..1 to pixels of the photo."""
        return (points - 0.5) @ self._linear().T + np.array([self.x, self.y])

    def from_photo(self, points: Float[np.ndarray, "N 2"]) -> Float[np.ndarray, "N 2"]:
        """Pixels of the photo (N, 2) to crop coordinates in 0..1."""
        return (points - np.array([self.x, self.y])) @ np.linalg.inv(self._linear()).T + 0.5

    def matrix(self, resolution: int, scale: float = 1.0) -> Float[np.ndarray, "2 3"]:
        """OpenCV's affine matrix from crop pixels to pixels of the photo scaled by `scale` (centres at integers)."""
        linear = self._linear() * (scale / resolution)
        origin = self.to_photo(np.zeros((1, 2)))[0] * scale
        return np.column_stack([linear, origin + linear @ np.array([0.5, 0.5]) - 0.5])


class Pyramid:
    """A photo and its halvings, from which crops are taken without aliasing.

    Args:
        pixels: (H, W, 3) uint8.
    """

    def __init__(self, pixels: UInt8[np.ndarray, "H W 3"]) -> None:
        self.pixels = pixels

    @cached_property
    def _levels(self) -> list[np.ndarray]:
        levels = [self.pixels]
        while max(levels[-1].shape[:2]) > 256:
            height, width = levels[-1].shape[:2]
            size = (max(1, round(width / 2)), max(1, round(height / 2)))
            levels.append(cv2.resize(levels[-1], size, interpolation=cv2.INTER_AREA))
        return levels

    @property
    def height(self) -> int:
        """Height of the photo in pixels."""
        return self.pixels.shape[0]

    @property
    def width(self) -> int:
        """Width of the photo in pixels."""
        return self.pixels.shape[1]

    def sample(self, crop: Crop, resolution: int, *, replicate: bool = False) -> UInt8[np.ndarray, "R R 3"]:
        """The crop at `resolution` pixels a side; outside of the photo black, or its border pixels repeated.

        Args:
            crop: the square to take.
            resolution: its side length in the result.
            replicate: repeat the photo's border instead of showing black.
        """
        level = 0
        while level + 1 < len(self._levels) and crop.size / 2 ** (level + 1) >= resolution:
            level += 1
        image = self._levels[level]
        matrix = crop.matrix(resolution)
        scale = np.array([image.shape[1] / self.width, image.shape[0] / self.height])
        matrix = np.column_stack([matrix[:, :2] * scale[:, None], (matrix[:, 2] + 0.5) * scale - 0.5])
        border = cv2.BORDER_REPLICATE if replicate else cv2.BORDER_CONSTANT
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(
            cv2.warpAffine(image, matrix, (resolution, resolution), flags=flags, borderMode=border), dtype=np.uint8
        )


def paste(values: Float[np.ndarray, "R R ..."], crop: Crop, height: int, width: int) -> Float[np.ndarray, "H W ..."]:
    """Put a crop's values (up to four channels) back to their place in the photo, 0 outside of the crop."""
    flags = cv2.INTER_LINEAR
    matrix = crop.matrix(values.shape[0])
    return np.asarray(cv2.warpAffine(values, matrix, (width, height), flags=flags, borderValue=(0.0, 0.0, 0.0, 0.0)))
