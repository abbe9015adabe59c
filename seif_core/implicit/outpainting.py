"""What a head looks like beyond the photo's frame: mask and colours carried on where the picture ends.

A mask that ends at the picture's edge says where the picture ends, not where the head does: taken as the hull it cuts
the skull flat. Beyond the frame the outline is that of the fitted skull with the hair's thickness on it: that of the
other side of the head where it is seen, else between what is seen on both sides of the gap, and nowhere less than what
reaches the edge. Colours are the mirrored ones where they are seen, else those of the nearest seen pixel of the head.

Convention: pixels (R, R) of an upright square, row 0 at the top. A direction is the angle from the upward one, radians,
positive to the picture's right; a pixel's reach is its distance from the head's middle over the skull's outline in its
direction. Worked number: hair that stands off the skull by a tenth of the way from the middle has the reach 1.1.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import torch
from scipy.ndimage import distance_transform_edt, gaussian_filter1d, map_coordinates

from ..fitting.fit import Fit
from ..geometry.rasterizer import rasterize_view
from ..geometry.sampling import sample
from ..shapes import Bool, Float, UInt8
from .view import head_proper

_DIRECTIONS: Final = 360
"""Directions about the head's middle in which its outline is asked: one a degree."""
_STEPS: Final = np.linspace(0.0, 2.5, 251)
"""Reaches at which a mask is asked; the largest hair lies below 2.2 head lengths, half of them to each side."""
_ABOVE: Final = np.radians(115.0)
"""Directions up to this from the upward one show hair on the skull; below, hair that hangs and a neck have no outline
of the skull's shape, and only the mirrored mask tells."""
_SMOOTH: Final = 4.0
"""Standard deviation, in directions, by which the outline beyond the frame is smoothed."""
_RIM: Final = 10
"""Steps before the frame, a tenth of the radius, within which an outline's end is the frame's: the mask fades
there, and a ray that runs along the frame ends beside it."""
_FADES: Final = 0.008
"""Width of the photo's rim, in sides of the square, in which the mask fades and colours may be those of a border."""
_COARSE: Final = 256
"""Pixels a side of the picture in which the skull's outline is looked for."""
_LEAST_HAIR: Final = 1.03
"""Reach of the outline where nothing at all is seen of it."""


def outpaint(
    pixels: UInt8[np.ndarray, "R R 3"], mask: UInt8[np.ndarray, "R R"], shown: Bool[np.ndarray, "R R"], fit: Fit
) -> tuple[UInt8[np.ndarray, "R R 3"], UInt8[np.ndarray, "R R"]]:
    """Carry photo and mask on beyond the photo's frame; inside it they are kept.

    Args:
        pixels: the upright square.
        mask: 255 on the head, 0 beyond the frame.
        shown: where the photo is.
        fit: the fit as the square's camera sees it.
    """
    skull = _Skull.of(fit, len(mask))
    if shown.all() or skull is None or not (mask > 127).any():
        return pixels, mask
    missing = _grown(~shown, len(mask))
    direction, reach = skull.polar(*np.nonzero(missing))
    mirrored = skull.pixels(-direction, reach)
    told = _read(shown, mirrored) > 0.5
    outline = _outline(skull, mask > 127, shown)
    inside = (reach < np.interp(direction, skull.directions, outline)) & (np.abs(direction) < _ABOVE)
    inside = np.where(told & (np.abs(direction) >= _ABOVE), _read(mask > 127, mirrored) > 0.5, inside)
    grown = mask.copy()
    grown[missing] = np.maximum(grown[missing], np.where(inside, 255, 0))
    grown = _in_one_piece(grown, mask)
    return _coloured(pixels, grown, missing, mask > 127, mirrored=mirrored, told=told), grown


class _Skull:
    """The outline of the fitted face, scalp and ears about their middle."""

    def __init__(self, middle: Float[np.ndarray, "2"], radius: Float[np.ndarray, " D"]) -> None:
        self.middle, self.radius = middle, radius
        self.directions = _every_direction()

    @staticmethod
    def of(fit: Fit, size: int) -> _Skull | None:
        """The outline in a square of this many pixels; None where the fit is not in it."""
        proper = head_proper(fit.model)
        triangles = fit.model.triangles[proper[fit.model.triangles].all(axis=1)]
        camera = fit.camera.scaled(_COARSE / size)
        raster = rasterize_view(
            torch.from_numpy(fit.posed.astype(np.float64)), torch.from_numpy(triangles).long(), camera
        )
        covered = raster.triangle.numpy() >= 0
        if not covered.any():
            return None
        rows, columns = np.nonzero(covered)
        middle = np.array([columns.min() + columns.max() + 1, rows.min() + rows.max() + 1]) / 2
        away = _every_direction()
        steps = np.arange(1.0, _COARSE)
        x = middle[0] + np.sin(away)[:, None] * steps
        y = middle[1] - np.cos(away)[:, None] * steps
        on = map_coordinates(covered.astype(np.float32), [y - 0.5, x - 0.5], order=1) > 0.5
        last = np.where(on.any(axis=1), len(steps) - on[:, ::-1].argmax(axis=1), 1)
        return _Skull(middle * size / _COARSE, last * size / _COARSE)

    def polar(self, rows: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Direction and reach of pixels."""
        x, y = columns + 0.5 - self.middle[0], self.middle[1] - rows - 0.5
        direction = np.arctan2(x, y)
        return direction, np.hypot(x, y) / self._radius(direction)

    def pixels(self, direction: np.ndarray, reach: np.ndarray) -> np.ndarray:
        """Rows and columns (2, ...), pixel centres at whole numbers, of directions and reaches."""
        radius = reach * self._radius(direction)
        x, y = np.sin(direction) * radius, np.cos(direction) * radius
        return np.stack([self.middle[1] - y - 0.5, self.middle[0] + x - 0.5])

    def _radius(self, direction: np.ndarray) -> np.ndarray:
        return np.interp(direction, self.directions, self.radius, period=2 * np.pi)


def _every_direction() -> Float[np.ndarray, " D"]:
    return (np.arange(_DIRECTIONS) + 0.5) / _DIRECTIONS * 2 * np.pi - np.pi


def _read(picture: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Values of a picture (R, R) or (R, R, C) at rows and columns (2, ...), 0 outside."""
    rows, columns = where.reshape(2, -1).astype(np.float32)
    told = sample(picture.astype(np.float32), columns, rows)
    return told.reshape(*where.shape[1:], *picture.shape[2:])


def _outline(skull: _Skull, mask: np.ndarray, shown: np.ndarray) -> Float[np.ndarray, " D"]:
    """Reach of the head's outline in each direction, also where it lies beyond the frame."""
    where = skull.pixels(skull.directions[:, None], _STEPS[None])
    on, seen = _read(mask, where) > 0.5, _read(shown, where) > 0.5
    last = np.where(on.any(axis=1), len(_STEPS) - 1 - on[:, ::-1].argmax(axis=1), 0)
    frame = np.where(seen.all(axis=1), len(_STEPS), seen.argmin(axis=1))  # the first step beyond the frame
    known = (last < frame - _RIM) & on.any(axis=1)
    reach, least = _STEPS[last], np.where(known, 0.0, _STEPS[np.minimum(last, frame - 1)])
    other = known[::-1]  # directions are symmetric about the upward one
    told = known | other
    if not told.any():
        return np.maximum(least, _LEAST_HAIR)
    reach = np.where(known, reach, reach[::-1])
    filled = np.interp(skull.directions, skull.directions[told], reach[told], period=2 * np.pi)
    filled = np.maximum(filled, np.maximum(least, np.where(known, 0.0, _LEAST_HAIR)))
    smooth = gaussian_filter1d(filled, _SMOOTH, mode="wrap")
    return np.where(known, reach, np.maximum(smooth, least))


def _in_one_piece(grown: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The grown mask without what does not hang together with the head that is seen."""
    _, pieces = cv2.connectedComponents((grown > 127).astype(np.uint8))
    kept = np.unique(pieces[mask > 127])
    return np.where(np.isin(pieces, kept) | (mask > 0), grown, 0).astype(np.uint8)


def _grown(missing: np.ndarray, size: int) -> Bool[np.ndarray, "R R"]:
    """What is missing with the rim of the photo, where the mask fades."""
    reach = max(1, round(_FADES * size))
    return cv2.dilate(missing.astype(np.uint8), np.ones((2 * reach + 1,) * 2, np.uint8)) > 0


def _coloured(
    pixels: np.ndarray,
    grown: np.ndarray,
    missing: np.ndarray,
    head: np.ndarray,
    *,
    mirrored: np.ndarray,
    told: np.ndarray,
) -> UInt8[np.ndarray, "R R 3"]:
    """The picture with the head's colours where it is missing."""
    out = pixels.copy()
    sure = head & ~missing
    if not sure.any():
        return out
    rows, columns = np.asarray(distance_transform_edt(~sure, return_distances=False, return_indices=True))
    beyond = pixels[rows, columns][missing]
    other = _read(pixels, mirrored)
    usable = told & (_read(sure, mirrored) > 0.5)
    beyond[usable] = np.rint(other[usable]).clip(0, 255).astype(np.uint8)
    out[missing] = beyond
    blurred = cv2.GaussianBlur(out, (0, 0), max(1.0, _FADES * len(out) / 2))
    return np.where((missing & (grown > 127))[..., None], blurred, pixels).astype(np.uint8)
