"""Telling drawings from photos: a camera leaves no large area of exactly one colour.

Bad photos have such areas too, for reasons that can be told from the picture: burnt out or black areas, blocks of
coarse compression or of enlarged pixels, few steps of brightness, few colours. They are photos all the same: what shows
one of these signs is not refused; a sentence warns of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
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
_WHITE: Final = 0.5
"""Share of burnt out pixels above which nobody can tell what a face shows: of five overexposed portraits those above
were taken for covered by something white, those below were not. A white mask burns out less."""
_BLOCKY: Final = 0.42
"""Share of all changes between neighbours, along x and along y, that lie on every n-th pixel, above which the picture
is one of blocks. Measured on five sample portraits and a drawing: photos that JPEG of quality 1 to 5 makes flat 0.48 to
0.69, photos without compression 0.25 to 0.28 (a quarter lies on every fourth pixel by chance), drawings up to 0.36."""
_PERIODS: Final = (4, 5, 6, 7, 8, 10, 12, 16)
"""Sides of blocks in pixels: 8 and 16 of JPEG, the others of pictures made larger without smoothing."""
_FEW_STEPS: Final = 48
"""Grey levels between the darkest and brightest 2 percent of a face below which its steps are too few to judge."""
_STEPPED: Final = 0.075
"""Share of the places between two flat runs along a row, and along a column, at the worst place of an 8-pixel grid,
where the colour steps: flat areas of a drawing go on from block to block, those of a coarsely compressed photo end
there. Thirty forms of a drawing, JPEG of quality 1 among them, stay at or below 0.05; portraits at quality 5 have 0.24
and more, at quality 5 and overexposed twice 0.08 and more."""
_GRID: Final = 8
"""Pixels: JPEG's blocks."""
_RUN: Final = 3
"""Pixels of one colour on both sides of such a place."""
_ENOUGH: Final = 0.1
"""Share of all places that must lie between flat runs to be judged."""
_PALETTE: Final = 32
"""Values of a channel up to which a face may be one of few colours."""
_LEAPS: Final = 0.145
"""Steps, in the face's colours sorted by brightness and beyond one, from pixel to pixel, in shares of all colours. A
face of few colours still goes from each to the next: fourteen portraits reduced to 4, 8 or 16 levels or 8 colours have
0 to 0.13 where they are flat; drawings of few colours, where outlines leap, 0.18 to 0.59, without outlines 0.10."""
_LEAST_STEPPED: Final = 0.025
"""And its borders are many: such portraits have 0.04 and more of what `_STEPPED` measures, such drawings 0.01."""
_FEW_LEVELS: Final = 16
"""Values of a channel up to which a user is told that they are few. Chosen by eye."""
_DETAIL: Final = 0.22
"""Contrast of what is a 32nd of the face wide, in that of what is an 8th, below which a face is smeared: six portraits
have 0.31 to 0.63, made from faces 20 to 33 pixels wide 0.12 to 0.23, from 44 pixels 0.28."""
_BANDS: Final = (8, 32)
_BAND: Final = (0.625, 1.0)
"""Standard deviations of the two Gaussians whose difference is such a band, in quarters of the width."""
_INNER: Final = 0.8
"""Side of the square in the middle of the face that is looked at for it, in sizes of the face."""
_LEAST_SIZE: Final = 48
"""Pixels of a face that hold such detail."""
_MARGIN: Final = 1.1
"""Side of the square around a face, in sizes of the face."""
_RESOLUTION: Final = 256
"""Pixels of that square's side at most. Chosen by eye."""
_LUMA: Final = (0.299, 0.587, 0.114)
"""Of coded red, green and blue (ITU-R BT.601-7)."""
_NARROWEST: Final = 0.3
"""Pixels of a blur that still blurs."""


@dataclass(frozen=True)
class Look:
    """What the face's pixels look like.

    Attributes:
        flat: share (0..1) of its pixels, clipped ones left out, whose 3 x 3 neighbourhood has exactly one colour.
        burnt: share of burnt out pixels.
        black: share of black pixels.
        blocky: share of all changes that lie on the rims of blocks, see `_BLOCKY`.
        steps: grey levels between the darkest and brightest 2 percent.
        stepped: share of the places between flat runs where the colour steps, see `_STEPPED`.
        leaps: how far neighbours lie apart in the order of a face's few colours, see `_LEAPS`; 1 where they are many.
        levels: different values in the channel that has most of them, 1 to 256.
        smeared: whether it holds no more detail than a tiny picture, see `_DETAIL`.
    """

    flat: float
    burnt: float
    black: float
    blocky: float
    steps: float
    stepped: float = 0.0
    leaps: float = 1.0
    levels: int = 256
    smeared: bool = False

    @property
    def drawn(self) -> bool:
        """Whether this is a drawing rather than a photo, good or bad."""
        return self.flat > FLAT_LIMIT and not self._bad

    @property
    def telling(self) -> bool:
        """Whether its colours tell skin from what may lie before it."""
        return self.burnt <= _WHITE and self.levels > _FEW_LEVELS

    @property
    def _bad(self) -> bool:
        """Whether there is another reason for flat areas than that they were drawn."""
        clipped, coarse = self.burnt + self.black > _CLIPPED, max(self.blocky / _BLOCKY, self.stepped / _STEPPED) > 1
        return clipped or coarse or self.steps < _FEW_STEPS or self._few_colours

    @property
    def _few_colours(self) -> bool:
        return self.leaps < _LEAPS and self.stepped > _LEAST_STEPPED

    def warnings(self, name: str) -> tuple[str, ...]:
        """Sentences about a bad photo."""
        found = []
        if self.burnt > _CLIPPED:
            found.append(
                f"{self.burnt:.0%} of the face in {name} is overexposed to white; its shape and skin are guesses."
            )
        if self.black > _CLIPPED:
            found.append(f"{self.black:.0%} of the face in {name} is black; its shape and skin there are guesses.")
        if self.blocky > _BLOCKY or (self.flat > FLAT_LIMIT and self.stepped > _STEPPED and not self._few_colours):
            found.append(f"{name} is coarsely compressed or enlarged; a sharper photo gives a better head.")
        if self.steps < _FEW_STEPS:
            found.append(f"The face in {name} has hardly any contrast; a better lit photo gives a better head.")
        if self.levels <= _FEW_LEVELS or (self.flat > FLAT_LIMIT and self._few_colours):
            found.append(f"{name} has very few colours; a photo with all of its colours gives a better head.")
        if self.smeared:
            found.append(
                f"The face in {name} shows no more detail than a tiny picture; a sharper one gives a better head."
            )
        return tuple(found)


def look_of(pyramid: Pyramid, landmarks: Landmarks) -> Look:
    """Look at a face's pixels, at its own resolution or 256 pixels, whichever is less."""
    upright = turned(landmarks.points[:, :2].astype(np.float64), -landmarks.roll)
    x, y = turned((upright.min(0) + upright.max(0))[None] / 2, landmarks.roll)[0]
    crop = Crop(float(x), float(y), landmarks.size * _MARGIN, landmarks.roll)
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
    pixels = _pixels_of(pyramid, landmarks)
    return Look(
        flat=float((change[seen] == 0).mean()) if seen.any() else 0.0,
        burnt=float(burnt.sum() / face.sum()),
        black=float(black.sum() / face.sum()),
        blocky=_blockiness(pixels),
        steps=float(high - low),
        stepped=_stepped(pixels),
        leaps=_leaps(pixels),
        levels=_levels(pixels),
        smeared=_smeared(pyramid, crop),
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


def _stepped(pixels: UInt8[np.ndarray, "H W 3"]) -> float:
    """The lesser of both directions' share of steps between flat runs, at the place of the grid that has most."""
    least = 1.0
    for across in (pixels, pixels.transpose(1, 0, 2)):
        same = (across[1:] == across[:-1]).all(axis=2)
        count = len(same) - 2 * (_RUN - 1)
        if count < _GRID:
            return 0.0
        middle = _RUN - 1
        runs = np.logical_and.reduce([same[k : k + count] for k in range(2 * _RUN - 1) if k != middle])
        steps = runs & ~same[middle : middle + count]
        shares = [
            float(steps[k::_GRID].sum() / runs[k::_GRID].sum()) for k in range(_GRID) if runs[k::_GRID].mean() > _ENOUGH
        ]
        least = min(least, max(shares, default=0.0))
    return least


def _leaps(pixels: UInt8[np.ndarray, "H W 3"]) -> float:
    """Mean step between differing neighbours in the face's colours sorted by brightness, beyond one, in all colours."""
    if _levels(pixels) > _PALETTE:
        return 1.0
    code = (pixels.astype(np.int64) * (1 << 16, 1 << 8, 1)).sum(axis=2)
    colours, place = np.unique(code, return_inverse=True)
    if len(colours) < 3:
        return 1.0
    luma = (colours >> 16) * _LUMA[0] + (colours >> 8 & 255) * _LUMA[1] + (colours & 255) * _LUMA[2]
    bright = np.argsort(np.argsort(luma))
    order = bright[place].reshape(code.shape)
    steps = np.concatenate([np.abs(np.diff(order, axis=axis)).reshape(-1) for axis in (0, 1)])
    steps = steps[steps > 0]
    return float((steps.mean() - 1) / (len(colours) - 1)) if len(steps) else 1.0


def _levels(pixels: UInt8[np.ndarray, "H W 3"]) -> int:
    """Different values in the channel that has most of them."""
    return max(len(np.unique(pixels[..., channel])) for channel in range(3))


def _smeared(pyramid: Pyramid, face: Crop) -> bool:
    """Whether a face holds no detail that a tiny one could not hold: made larger, out of focus, or tiny itself."""
    size = face.size / _MARGIN
    if size < _LEAST_SIZE:
        return True
    resolution = int(min(size, _RESOLUTION))
    inner = replace(face, size=size * _INNER)
    image = cv2.cvtColor(pyramid.sample(inner, resolution), cv2.COLOR_RGB2GRAY).astype(np.float32)
    contrast = []
    for parts in _BANDS:
        narrow, wide = (resolution / _INNER / parts / 4 * factor for factor in _BAND)
        band = cv2.GaussianBlur(image, (0, 0), max(narrow, _NARROWEST)) - cv2.GaussianBlur(image, (0, 0), wide)
        contrast.append(float(band.std()))
    return contrast[1] < _DETAIL * contrast[0]
