"""What each pixel of a head's crop shows: skin, hair, clothes, glasses, ...

The result of `parsing.parse_head`, found once for each photo and read by all stages after it.

Convention: rows and columns are pixels of `HeadParsing.crop` at the maps' resolution, shares 0..1 that sum to 1.
Worked number: with a crop centred on (100, 100), 80 px wide and not turned, and maps of 256 by 256, row 0, column 0 is
the photo's point (60.16, 60.16).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from ..shapes import Float32, UInt8
from .crop import Crop

CLASSES: Final = (
    "background",
    "skin",
    "hair",
    "beard",
    "brows",
    "clothes",
    "headwear",
    "glasses",
    "front",
)
"""Classes in the order of the maps. ``beard`` holds moustaches, ``skin`` eyes, lips and neck; ``front`` is what lies
before the head and does not belong to it: hands, telephones, microphones, masks."""


@dataclass(frozen=True, eq=False)
class HeadParsing:
    """What each pixel of a head's crop shows.

    Attributes:
        crop: the square of the photo, upright as the head.
        shares: (9, S, S) float32, share of each of `CLASSES`; sums to 1 over the classes.
    """

    crop: Crop
    shares: Float32[np.ndarray, "9 S S"]

    @property
    def labels(self) -> UInt8[np.ndarray, "S S"]:
        """The likeliest class of each pixel of the crop."""
        return self.shares.argmax(0).astype(np.uint8)

    def share(self, *names: str) -> Float32[np.ndarray, "S S"]:
        """How much of each pixel of the crop shows one of the classes named."""
        return self.shares[[CLASSES.index(name) for name in names]].sum(0)

    def in_photo(
        self, *names: str, size: tuple[int, int], origin: tuple[float, float] = (0.0, 0.0), scale: float = 1.0
    ) -> Float32[np.ndarray, "h w"]:
        """The share of the classes named, in the pixels of the photo or of a scaled piece of it.

        Args:
            names: of `CLASSES`; outside the crop all is background.
            size: width and height of the picture to fill.
            origin: the piece's top left corner, pixels of the photo.
            scale: pixels of the piece for a pixel of the photo.
        """
        side = self.shares.shape[1]
        # the map is read at points of the crop; OpenCV counts pixel centres as integers
        matrix = self.crop.matrix(side)
        matrix[:, 2] = (matrix[:, 2] + 0.5 - np.array(origin)) * scale - 0.5
        matrix[:, :2] *= scale
        share, outside = self.share(*names), (1.0,) if "background" in names else (0.0,)
        edge = cv2.BORDER_CONSTANT
        filled = cv2.warpAffine(share, matrix, size, flags=cv2.INTER_LINEAR, borderMode=edge, borderValue=outside)
        return np.asarray(filled, np.float32)
