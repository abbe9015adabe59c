"""Telling drawings from photos: a camera leaves no large area of exactly one colour.

Bad photos have such areas too, for reasons that can be told from the picture: burnt out or black areas, blocks of
coarse compression or of enlarged pixels, few steps of brightness. They are photos all the same: what shows one of these
signs is not refused; a sentence warns of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from ..shapes import Bool, UInt8
from .crop import Crop, Pyramid
from .landmarks import Landmarks, turned

FLAT_LIMIT: Final = 0.45
"""Share of the face without any change of colour above which a picture counts as drawn.

Photos saved as JPEG at quality 20 or better stay below 0.12, at quality 10 below 0.31; flat drawings lie above 0.46
even after JPEG, cartoons with shading below, so those are not recognised.
"""
_BURNT: Final = 250
_BLACK: Final = 5
"""Pixels all of whose channels are above, or below, are clipped: they say nothing."""
_CLIPPED: Final = 0.3
"""Share of clipped pixels of a face above which it is called over- or underexposed. On four sample portraits a flash
twice too bright clips 0.1 to 0.8."""
_BLOCKY: Final = 0.42
"""Share of all changes between neighbours, along x and along y, that lie on every n-th pixel, above which the picture
is one of blocks. Measured on five sample portraits and a drawing: photos that JPEG of quality 1 to 5 makes flat 0.48 to
0.69, photos without compression 0.25 to 0.28 (a quarter lies on every fourth pixel by chance), drawings up to 0.36."""
_PERIODS: Final = (4, 5, 6, 7, 8, 10, 12, 16)
"""Sides of blocks in pixels: 8 and 16 of JPEG, the others of pictures made larger without smoothing."""
_FEW_STEPS: Final = 48
"""Grey levels between the darkest and brightest 2 percent of a face below which its steps are too few to judge."""
_RESOLUTION: Final = 256


@dataclass(frozen=True)
class Look:
    """What the face's pixels look like.

    Attributes:
        flat: share (0..1) of its pixels, clipped ones left out, whose 3 x 3 neighbourhood has exactly one colour.
        burnt: share of burnt out pixels.
        black: share of black pixels.
        blocky: share of all changes that lie on the rims of blocks, see `_BLOCKY`.
        steps: grey levels between the darkest and brightest 2 percent.
    """

    flat: float
    burnt: float
    black: float
    blocky: float
    steps: float

    @property
    def drawn(self) -> bool:
        """Whether this is a drawing rather than a photo, good or bad."""
        bad = self.burnt + self.black > _CLIPPED or self.blocky > _BLOCKY or self.steps < _FEW_STEPS
        return self.flat > FLAT_LIMIT and not bad

    def warnings(self, name: str) -> tuple[str, ...]:
        """Sentences about a bad photo."""
        found = []
        if self.burnt > _CLIPPED:
            found.append(
                f"{self.burnt:.0%} of the face in {name} is overexposed to white; its shape and skin are guesses."
            )
        if self.black > _CLIPPED:
            found.append(f"{self.black:.0%} of the face in {name} is black; its shape and skin there are guesses.")
        if self.blocky > _BLOCKY:
            found.append(f"{name} is coarsely compressed or enlarged; a sharper photo gives a better head.")
        if self.steps < _FEW_STEPS:
            found.append(f"The face in {name} has hardly any contrast; a better lit photo gives a better head.")
        return tuple(found)


def look_of(pyramid: Pyramid, landmarks: Landmarks) -> Look:
    """Look at a face's pixels, at its own resolution or 256 pixels, whichever is less."""
    upright = turned(landmarks.points[:, :2].astype(np.float64), -landmarks.roll)
    x, y = turned((upright.min(0) + upright.max(0))[None] / 2, landmarks.roll)[0]
    crop = Crop(float(x), float(y), landmarks.size * 1.1, landmarks.roll)
    resolution = int(np.clip(crop.size, 16, _RESOLUTION))
    image = pyramid.sample(crop, resolution)
    kernel = np.ones((3, 3), np.uint8)
    change = (cv2.dilate(image, kernel) - cv2.erode(image, kernel)).max(axis=2)
    hull = cv2.convexHull(
        np.round(crop.from_photo(landmarks.points[:, :2].astype(np.float64)) * resolution).astype(np.int32)
    )
    face = cv2.fillConvexPoly(np.zeros((resolution, resolution), np.uint8), hull, (1,)) > 0
    face &= _inside(pyramid, crop, resolution)
    if not face.any():
        return Look(0.0, 0.0, 0.0, 0.0, 255.0)
    burnt, black = face & (image.min(2) >= _BURNT), face & (image.max(2) <= _BLACK)
    seen = face & ~burnt & ~black
    low, high = np.percentile(image[face].mean(1), (2, 98))
    return Look(
        flat=float((change[seen] == 0).mean()) if seen.any() else 0.0,
        burnt=float(burnt.sum() / face.sum()),
        black=float(black.sum() / face.sum()),
        blocky=_blockiness(_pixels_of(pyramid, landmarks)),
        steps=float(high - low),
    )


def _inside(pyramid: Pyramid, crop: Crop, resolution: int) -> Bool[np.ndarray, "R R"]:
    """Where a crop lies inside the photo: a face that is cut off has no pixels beyond the rim."""
    y, x = np.mgrid[:resolution, :resolution] + 0.5
    place = crop.to_photo(np.stack([x, y], axis=-1).reshape(-1, 2) / resolution).reshape(resolution, resolution, 2)
    return np.asarray(((place > 0) & (place < [pyramid.width, pyramid.height])).all(-1))


def _pixels_of(pyramid: Pyramid, landmarks: Landmarks) -> UInt8[np.ndarray, "H W 3"]:
    """The photo's own pixels around the face, as many as tell enough."""
    x0, y0 = (max(int(v), 0) for v in landmarks.bounds[:2])
    x1, y1 = (int(v) for v in np.minimum(np.ceil(landmarks.bounds[2:]), [pyramid.width, pyramid.height]))
    x1, y1 = min(x1, x0 + 1024), min(y1, y0 + 1024)
    return pyramid.pixels[y0:y1, x0:x1]


def _blockiness(pixels: UInt8[np.ndarray, "H W 3"]) -> float:
    """The lesser of both directions' largest share of changes on every n-th pixel, over all n and places."""
    if min(pixels.shape[:2]) < 2 * _PERIODS[-1]:
        return 0.0
    grey = pixels.astype(np.int32).sum(2)
    worst = []
    for axis in (0, 1):
        change = np.abs(np.diff(grey, axis=axis)).sum(axis=1 - axis).astype(np.float64)
        total = max(float(change.sum()), 1.0)
        worst.append(max(float(change[k::n].sum()) / total for n in _PERIODS for k in range(n)))
    return min(worst)
