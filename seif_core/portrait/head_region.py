"""Which pixels of a person belong to the head: colour and place against clothes, shoulders and other people.

Hair, skin and clothes are told apart by colour histograms that are learned from this one photo (as in Rother et al.,
"GrabCut", SIGGRAPH 2004, https://doi.org/10.1145/1015706.1015720, without its iterations), weighed with where a neck
usually is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter

from ..shapes import Bool, Float, Float32, UInt8
from .crop import Crop
from .landmarks import Landmarks

NECK_BASE: Final = 0.5
"""The neck's base lies this many face heights (hairline to chin) below the chin."""
_BINS: Final = 24
_USED_COLOURS: Final = 1500.0
"""About how many of the histogram's cells colours of photos fall into."""
_LANDMARK_68_FOREHEAD: Final = 0.45
"""The 68 points end at the brows: the forehead adds this share of their height."""


@dataclass(frozen=True, eq=False)
class FaceFrame:
    """Place of a face in its upright crop.

    Attributes:
        centre: x of the face's middle, pixels of the crop.
        skull: x of the skull's and neck's middle, which lies behind the face of a turned head.
        chin: y of the chin.
        height: hairline to chin, pixels.
        hull: (R, R) bool, inside the landmarks' outline.
    """

    centre: float
    skull: float
    chin: float
    height: float
    hull: Bool[np.ndarray, "R R"]

    def coordinates(self) -> tuple[Float[np.ndarray, "R R"], Float[np.ndarray, "R R"]]:
        """Distance from the skull's middle line and below the chin, in face heights, at every pixel."""
        resolution = self.hull.shape[0]
        y, x = np.mgrid[:resolution, :resolution] + 0.5
        return (x - self.skull) / self.height, (y - self.chin) / self.height


def face_frame(landmarks: Landmarks, crop: Crop, resolution: int) -> FaceFrame:
    """Where the face lies in a crop that is turned upright with it."""
    points = crop.from_photo(landmarks.points[:, :2].astype(np.float64)) * resolution
    low, high = points.min(0), points.max(0)
    if len(points) == 68:
        low[1] -= _LANDMARK_68_FOREHEAD * (high[1] - low[1])
    height = float(high[1] - low[1])
    hull = cv2.convexHull(np.round(points).astype(np.int32))
    inside = cv2.fillConvexPoly(np.zeros((resolution, resolution), np.uint8), hull, (1,)) > 0
    centre = float(low[0] + high[0]) / 2
    return FaceFrame(centre, centre + 0.4 * _turn(landmarks) * height, float(high[1]), height, inside)


def head_probability(
    image: UInt8[np.ndarray, "R R 3"], person: Float32[np.ndarray, "R R"], frame: FaceFrame
) -> Float32[np.ndarray, "R R"]:
    """Probability that a person's pixel is head (face, hair, ears, neck) rather than clothes or shoulder.

    Args:
        image: the crop, head upright.
        person: probability of a person on each pixel.
        frame: where the face lies in it.
    """
    x, y = frame.coordinates()
    beside = np.abs(x)
    is_person = person > 0.5
    face = frame.hull & (y > -0.85) & (y < -0.1)
    skin_seed = is_person & face if (is_person & face).any() else face  # a crop so tight that no person is seen in it
    hair_seed = is_person & ~frame.hull & (y < -0.7) & (beside < 0.8)
    other_seed = is_person & ((y > NECK_BASE + 0.05) | ((y > 0.15) & (beside > 0.75)))
    skin, hair, other = _colour_likelihoods(image, skin_seed, hair_seed, other_seed)
    # below the chin: a neck of skin, widening to the shoulders
    neck = np.clip((0.36 + 0.35 * np.clip(y, 0, 1) - beside) / 0.06, -3.0, 1.5)
    neck += np.clip(skin - other, -3.0, 2.0) + 0.5 - 2.0 * y
    # beside face and neck: hair (or a hat, a scarf) that hangs from above, ears; no hands, no shoulders
    ears = np.clip((0.62 - beside) / 0.06, -3.0, 3.0) - 15.0 * np.clip(y + 0.4, 0.0, 1.0)
    hangs = _hangs_from_head(person, y, frame.height)
    strands = np.clip(hair - np.maximum(other, skin - 1.0), -3.0, 3.0) - 4.0 * (1.0 - hangs) - 1.0 * (beside > 0.9)
    below = np.maximum(np.maximum(neck, ears), strands)
    above = np.clip((1.1 - beside) / 0.1, -3.0, 3.0)
    score = below + np.clip((-0.45 - y) / 0.1, 0.0, 1.0) * (above - below)
    score = np.where(frame.hull, 4.0, score)
    score = cv2.GaussianBlur(score.astype(np.float32), (0, 0), max(0.8, 0.015 * frame.height))
    cut = np.clip((NECK_BASE - y) / 0.03, 0.0, 1.0)
    return (cut / (1.0 + np.exp(-2.0 * score))).astype(np.float32)


def own_territory(
    landmarks: Landmarks, others: Sequence[Landmarks], crop: Crop, resolution: int
) -> Float32[np.ndarray, "R R"]:
    """1 where this head is nearer (in face sizes) than any other face of the picture, 0 elsewhere."""
    y, x = np.mgrid[:resolution, :resolution] + 0.5
    pixels = np.stack([x, y], axis=-1)

    def distance(face: Landmarks) -> np.ndarray:
        centre = crop.from_photo(face.points[:, :2].astype(np.float64)).mean(0) * resolution
        return np.linalg.norm(pixels - centre, axis=-1) / face.size

    own = distance(landmarks)
    mine = np.ones((resolution, resolution), dtype=bool)
    for other in others:
        mine &= own <= distance(other)
    return mine.astype(np.float32)


def _turn(landmarks: Landmarks) -> float:
    """Sine of the head's turn, positive when the skull lies to the picture's right of the face (head upright)."""
    if len(landmarks.points) == 68:
        return 0.0
    across = landmarks.points[454] - landmarks.points[234]  # from the person's right cheek to the left one
    return float(np.clip(-across[2] / max(float(np.linalg.norm(across)), 1e-6), -1.0, 1.0))


def _hangs_from_head(
    person: Float32[np.ndarray, "R R"], y: Float[np.ndarray, "R R"], height: float
) -> Float[np.ndarray, "1 R"]:
    """Per column, how much of the person is above it at the level of the eyes: hair hangs there, shoulders do not."""
    rows = (y[:, 0] > -0.9) & (y[:, 0] < -0.6)
    column = person[rows].mean(0, keepdims=True) if rows.any() else np.ones_like(person[:1])
    reach = 2 * round(0.15 * height) + 1
    column = cv2.dilate(column, np.ones((1, reach), np.uint8))
    return np.asarray(cv2.blur(column, (max(1, reach // 3), 1)), dtype=np.float64)


def _colour_likelihoods(
    image: UInt8[np.ndarray, "R R 3"],
    skin: Bool[np.ndarray, "R R"],
    hair: Bool[np.ndarray, "R R"],
    other: Bool[np.ndarray, "R R"],
) -> tuple[Float[np.ndarray, "R R"], Float[np.ndarray, "R R"], Float[np.ndarray, "R R"]]:
    """Log likelihood of each pixel's colour under skin, hair and anything else, from the pixels that surely are such.

    Skin is also known in shadow. A fifth of the other colours are taken to be unknown, all where none are seen.
    """
    smooth = cv2.GaussianBlur(image, (0, 0), 1.0)
    flat = _cells(smooth)
    lit = smooth[skin][:, None].astype(np.float64)
    shaded = np.concatenate([_cells((lit * share).astype(np.uint8))[:, 0] for share in (1.0, 1.0, 0.8, 0.65, 0.5)])
    unknown = 1.0 / _USED_COLOURS

    def mixed(cells: np.ndarray, trust: float) -> np.ndarray:
        share = trust * min(1.0, len(cells) / 200.0)
        return np.log(share * _density(cells) + (1.0 - share) * unknown)

    likelihoods = mixed(shaded, 0.95), mixed(flat[hair], 0.95), mixed(flat[other], 0.8)
    return likelihoods[0][flat], likelihoods[1][flat], likelihoods[2][flat]


def _cells(image: UInt8[np.ndarray, "H W 3"]) -> np.ndarray:
    """Index of each pixel's cell in the colour histogram; none for no pixels, which OpenCV would not take."""
    if not image.size:
        return np.zeros(image.shape[:2], np.int64)
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB).astype(np.int64)
    chroma = np.clip((lab[..., 1:] - 128) * 2 + 128, 0, 255)  # it fills the middle of its range only: stretch it
    index = np.minimum(np.concatenate([lab[..., :1], chroma], axis=-1) * _BINS // 256, _BINS - 1)
    return (index[..., 0] * _BINS + index[..., 1]) * _BINS + index[..., 2]


def _density(indices: np.ndarray) -> Float[np.ndarray, " B"]:
    """Smoothed colour histogram (B,), summing to 1."""
    counts = np.bincount(indices, minlength=_BINS**3).reshape(_BINS, _BINS, _BINS).astype(np.float64)
    smoothed = gaussian_filter(counts, sigma=0.9, mode="nearest", truncate=3.0).reshape(-1)
    smoothed += 1e-6 * (1.0 + len(indices))
    return smoothed / smoothed.sum()
