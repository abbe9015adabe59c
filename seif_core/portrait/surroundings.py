"""A picture that lies in a flat surrounding: what is beyond its edge is no part of the photo.

A portrait on a white page, in the dark field of a video call, in a screenshot or turned askew in a black frame has
straight edges close to the head. Networks that look beyond them see paper where the photo itself ends, and answer
otherwise than for the photo alone. Here such an edge is found, and what lies beyond becomes what the crops of a photo
show beyond its own border.

A surrounding counts where it is of one colour and what it leaves around the face is a convex figure of few straight
sides. The outline of a head and shoulders before a white wall is neither.

Convention: pixels, origin top left, x right, y down.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt

from ..shapes import Bool, Float32, UInt8
from .landmarks import Landmarks

_REACH: Final = 1.5
"""Sizes of the face, to each side of its middle, that the crops of a head may reach to."""
_LOOKED: Final = 256
"""Pixels a side, at most, of the first look, which most photos do not pass."""
_ALIKE: Final = 4
"""Steps of 8 bits by which a flat surrounding may vary: JPEG's noise on paper."""
_LEAST: Final = 0.02
"""Share of the region that is worth looking at."""
_CONVEX: Final = 0.985
"""Least share of its hull that a picture fills."""
_SIDES: Final = 8
"""Sides that a picture may have, its corners cut off by the region."""
_BLENDED: Final = 2
"""Pixels of a picture's edge that may be mixed with the surrounding, where it was turned or compressed."""
_STRAIGHT: Final = 2.0
"""Pixels by which a side may be bent."""


class Picture(NamedTuple):
    """The photo as if the picture around a face were all of it.

    Attributes:
        black: (H, W, 3) uint8, beyond the picture black, as the landmarks' crops show what is beyond a photo.
        repeated: (H, W, 3) uint8, beyond it its last pixels, as the dense points' crops do.
    """

    black: UInt8[np.ndarray, "H W 3"]
    repeated: UInt8[np.ndarray, "H W 3"]


def picture_around(pixels: UInt8[np.ndarray, "H W 3"], face: Landmarks) -> Picture | None:
    """The photo without the flat surrounding of the picture that a face lies in; None where there is none.

    Args:
        pixels: (H, W, 3) uint8.
        face: in it.
    """
    height, width = pixels.shape[:2]
    middle, reach = (face.bounds[:2] + face.bounds[2:]) / 2, _REACH * face.size
    left, top = (int(v) for v in np.clip(np.floor(middle - reach), 0, [width - 1, height - 1]))
    right, bottom = (int(v) for v in np.clip(np.ceil(middle + reach), [left + 1, top + 1], [width, height]))
    region = pixels[top:bottom, left:right]
    step = max(1, max(region.shape[:2]) // _LOOKED)
    if _flat(np.ascontiguousarray(region[::step, ::step])).mean() < _LEAST:
        return None
    inside = _inside(region, face.points[:, :2] - np.array([left, top], np.float32))
    if inside is None:
        return None
    nearest = np.asarray(distance_transform_edt(~inside, return_distances=False, return_indices=True))
    black, repeated = pixels.copy(), pixels.copy()
    black[top:bottom, left:right] = region * inside[..., None]
    repeated[top:bottom, left:right] = region[nearest[0], nearest[1]]
    return Picture(black, repeated)


def _flat(region: UInt8[np.ndarray, "h w 3"]) -> Bool[np.ndarray, "h w"]:
    """Pixels whose neighbours all have their colour."""
    kernel = np.ones((3, 3), np.uint8)
    return (cv2.dilate(region, kernel).astype(np.int16) - cv2.erode(region, kernel)).max(2) <= _ALIKE


def _inside(region: UInt8[np.ndarray, "h w 3"], marks: Float32[np.ndarray, "L 2"]) -> Bool[np.ndarray, "h w"] | None:
    """(h, w) the picture that the face lies in, if a flat surrounding with straight edges is left of the region."""
    surrounding = np.zeros(region.shape[:2], bool)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(_flat(region).astype(np.uint8), connectivity=4)
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] < _LEAST * labels.size:
            continue
        part = labels == label
        colours = region[part]
        if (np.percentile(colours, 99, axis=0) - np.percentile(colours, 1, axis=0)).max() <= _ALIKE:
            grown = cv2.dilate(part.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
            surrounding |= grown & (np.abs(region - np.median(colours, axis=0)).max(2) <= _ALIKE)
    if not surrounding.any():
        return None
    _, labels = cv2.connectedComponents((~surrounding).astype(np.uint8), connectivity=4)
    x, y = np.clip(marks.mean(0), 0, [region.shape[1] - 1, region.shape[0] - 1]).astype(int)
    if labels[y, x] == 0:
        return None
    outlines, _ = cv2.findContours((labels == labels[y, x]).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=cv2.contourArea)
    hull = cv2.convexHull(outline)
    straight = len(cv2.approxPolyDP(hull, _STRAIGHT, closed=True)) <= _SIDES
    if not straight or cv2.contourArea(outline) < _CONVEX * cv2.contourArea(hull):
        return None
    found = np.zeros(region.shape[:2], np.uint8)
    cv2.drawContours(found, [outline], -1, (1,), cv2.FILLED)
    found = cv2.erode(found, np.ones((2 * _BLENDED + 1,) * 2, np.uint8), borderType=cv2.BORDER_REPLICATE) > 0
    return found if 0 < found.mean() < 1 - _LEAST else None
