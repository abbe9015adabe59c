"""A picture that lies in a flat surrounding: what is beyond its edge is no part of the photo.

A portrait on a white page, in the dark field of a video call, in a screenshot or turned askew in a black frame has
straight edges close to the head. Networks that look beyond them see paper where the photo itself ends, and answer
otherwise than for the photo alone: the paper was skin, or covered a cheek. Here such edges are found, and the picture
within them, laid straight, is taken for the photo.

A surrounding counts where it is of one colour and what it leaves around the face is a convex figure of few straight
sides. The outline of a head and shoulders before a white wall is neither.

Convention: pixels, origin top left, centres at +0.5, x right, y down. Worked number: of a picture pasted at (150, 200)
the corner (150, 200) of the page is the picture's (0, 0).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt

from ..shapes import Bool, Float, Float32, Float64, Int32, UInt8
from .landmarks import Landmarks, turned

_REACH: Final = 1.5
"""Sizes of the face, to each side of its middle, that the crops of a head may reach to."""
_LOOKED: Final = 256
"""Pixels a side, at most, of the first look, which most photos do not pass."""
_ALIKE: Final = 4
"""Steps of 8 bits by which a flat surrounding may vary: JPEG's noise on paper."""
_TOLERANCES: Final = (_ALIKE, 16, 32)
"""Steps by which pixels at a picture's edge may differ from the surrounding and still belong to it, tried in turn: in a
JPEG of quality 75 they waver by 20 beside a photo. Chosen on one page, not measured."""
_BLOCK: Final = 8
"""Pixels beyond the flat surrounding that may waver: JPEG's block."""
_LEAST: Final = 0.02
"""Share of the region that is worth looking at."""
_CONVEX: Final = 0.97
"""Least share of its hull that a picture fills; where it is as dark as a dark field its edge has notches."""
_SIDES: Final = 8
"""Sides that a picture may have, its corners cut off by the region, ..."""
_STRAIGHT_SHARE: Final = 0.8
"""... and the least share of its outline that they make up, with rounded corners between them."""
_BLENDED: Final = 2
"""Pixels of a picture's edge that may be mixed with the surrounding, where it was turned or scaled."""
_MIXED: Final = 0.8
_UNMIXED: Final = 8
"""They are where they differ from the surrounding by less than this share of what the pixels farther in do, and by as
many steps of 8 bits less. Chosen, not measured: pixels that need not be replaced move a tightly cut face by 0.3 mm."""
_STRAIGHT: Final = 2.0
"""Pixels by which a side may be bent."""
_WITHIN: Final = 0.35
"""Pixels by which the outermost pixels of a turned picture lie within its side, in the mean. Chosen, not measured."""
_CORNER: Final = 0.05
"""Share of a side at each of its ends that says nothing of its place: rounded corners. Chosen, not measured."""
_SHORT: Final = 0.25
"""Sides shorter than this share of the longest are corners that are cut off. Chosen, not measured."""
_TURNED: Final = math.radians(0.2)
"""Radians from which a picture is turned straight: a third of a pixel over a hundred. Chosen, not measured."""


class Picture(NamedTuple):
    """The picture around a face, cut out of what surrounds it and laid straight.

    Attributes:
        pixels: (h, w, 3) uint8, its rectangle; what shows the surrounding (rounded corners) repeats its last pixels.
        matrix: (2, 3) float64 from pixels of the photo (x, y, 1) to pixels of the picture.
        angle: radians by which the picture lies turned in the photo, clockwise as seen; at most an eighth of a turn.
    """

    pixels: UInt8[np.ndarray, "h w 3"]
    matrix: Float64[np.ndarray, "2 3"]
    angle: float

    def places(self, points: Float[np.ndarray, "N 2"]) -> Float[np.ndarray, "N 2"]:
        """Points of the photo in the picture."""
        return (points @ self.matrix[:, :2].T + self.matrix[:, 2]).astype(points.dtype)

    def moved(self, face: Landmarks) -> Landmarks:
        """A face of the photo in the picture."""
        points = np.column_stack([self.places(face.points[:, :2]), face.points[:, 2]])
        return replace(face, points=points, roll=math.remainder(face.roll - self.angle, math.tau))

    def centred(self) -> Float64[np.ndarray, "2 3"]:
        """The matrix for OpenCV, whose pixel centres are at whole numbers."""
        half = self.matrix[:, :2] @ [0.5, 0.5] - 0.5
        return self.matrix + np.column_stack([np.zeros((2, 2)), half])

    def back(self, pixels: UInt8[np.ndarray, "H W 3"]) -> Picture:
        """The way back: the photo, whose pixels are given, as a picture in this one."""
        inverse = np.linalg.inv(np.vstack([self.matrix, [0, 0, 1]]))[:2]
        return Picture(pixels, inverse, -self.angle)


def picture_around(pixels: UInt8[np.ndarray, "H W 3"], face: Landmarks) -> Picture | None:
    """The picture that a face lies in, where a flat surrounding is left of the photo; None where there is none.

    Sides of the picture that lie far from the face are not looked for; there it goes on to the photo's own.

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
    outline = _outline(region, face.points[:, :2] - np.array([left, top], np.float32))
    sides = [] if outline is None else _sides(outline, region.shape[1], region.shape[0])
    if outline is None or not sides:
        return None
    angle = _angle(sides)
    inside = np.zeros(region.shape[:2], np.uint8)
    cv2.drawContours(inside, [outline], -1, (1,), cv2.FILLED)
    if not 0 < inside.mean() < 1 - _LEAST:
        return None
    filled = pixels.copy()
    filled[top:bottom, left:right] = _filled(region, inside > 0)
    corner = np.array([left, top])
    found = [side + corner for side in sides]
    bounds = _bounds(found, outline[:, 0].mean(0) + corner, angle, (width, height))
    return _laid_straight(filled, angle, bounds)


def _filled(region: UInt8[np.ndarray, "h w 3"], inside: Bool[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w 3"]:
    """The region with the picture's last pixels that are not mixed with the surrounding repeated beyond them."""
    reach = np.ones((2 * _BLENDED + 1,) * 2, np.uint8)
    core = cv2.erode(inside.astype(np.uint8), reach, borderType=cv2.BORDER_REPLICATE) > 0
    around, within = region[_nearest(~inside)].astype(np.int16), region[_nearest(core)]
    own, usual = np.abs(region - around).max(2), np.abs(within - around).max(2)
    return region[_nearest(inside & (core | (own >= _MIXED * usual - _UNMIXED)))]


def _nearest(chosen: Bool[np.ndarray, "h w"]) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of the nearest chosen pixel of each."""
    rows, columns = np.asarray(distance_transform_edt(~chosen, return_distances=False, return_indices=True))
    return rows, columns


def _laid_straight(
    pixels: UInt8[np.ndarray, "H W 3"], angle: float, bounds: tuple[float, float, float, float]
) -> Picture:
    """The rectangle whose left, top, right and bottom are given in the axes turned by `angle` about the origin."""
    left, top, right, bottom = bounds
    if angle == 0:
        x0, y0, x1, y1 = (round(v) for v in bounds)
        matrix = np.array([[1.0, 0, -x0], [0, 1, -y0]])
        return Picture(np.ascontiguousarray(pixels[y0:y1, x0:x1]), matrix, 0.0)
    cos, sin = math.cos(angle), math.sin(angle)
    matrix = np.array([[cos, sin, -left], [-sin, cos, -top]])
    size = (max(1, round(right - left)), max(1, round(bottom - top)))
    way = Picture(pixels, matrix, angle)
    straight = cv2.warpAffine(pixels, way.centred(), size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return way._replace(pixels=np.asarray(straight, np.uint8))


def _flat(region: UInt8[np.ndarray, "h w 3"]) -> Bool[np.ndarray, "h w"]:
    """Pixels whose neighbours all have their colour."""
    kernel = np.ones((3, 3), np.uint8)
    return (cv2.dilate(region, kernel).astype(np.int16) - cv2.erode(region, kernel)).max(2) <= _ALIKE


def _outline(
    region: UInt8[np.ndarray, "h w 3"], marks: Float32[np.ndarray, "L 2"]
) -> Int32[np.ndarray, "P 1 2"] | None:
    """Outline of the picture that the face lies in, if a flat surrounding with straight edges is left of the region."""
    x, y = np.clip(marks.mean(0), 0, [region.shape[1] - 1, region.shape[0] - 1]).astype(int)
    parts = list(_flat_parts(region))
    for tolerance in _TOLERANCES if parts else ():
        surrounding = np.zeros(region.shape[:2], bool)
        for part, colour in parts:
            reach = np.ones((3 if tolerance == _ALIKE else 2 * _BLOCK + 1,) * 2, np.uint8)
            grown = cv2.dilate(part.astype(np.uint8), reach) > 0
            surrounding |= part | (grown & (np.abs(region - colour).max(2) <= tolerance))
        _, labels = cv2.connectedComponents((~surrounding).astype(np.uint8), connectivity=4)
        if labels[y, x] == 0:
            return None
        own = (labels == labels[y, x]).astype(np.uint8)
        outline = max(cv2.findContours(own, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0], key=cv2.contourArea)
        hull = cv2.convexHull(outline)
        steps = cv2.arcLength(hull, closed=True) / 2  # a slanted side goes through its pixels' middles
        if _straight(hull) and cv2.contourArea(outline) + steps >= _CONVEX * cv2.contourArea(hull):
            return np.asarray(outline, np.int32)
    return None


def _straight(hull: Int32[np.ndarray, "P 1 2"]) -> bool:
    corners = cv2.approxPolyDP(hull, _STRAIGHT, closed=True)[:, 0].astype(np.float64)
    lengths = np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1)
    sides = lengths[lengths > _SHORT * lengths.max()]
    return len(sides) <= _SIDES and bool(sides.sum() > _STRAIGHT_SHARE * lengths.sum())


def _flat_parts(
    region: UInt8[np.ndarray, "h w 3"],
) -> Iterator[tuple[Bool[np.ndarray, "h w"], Float64[np.ndarray, "3"]]]:
    """Large parts of one colour, and their colours."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(_flat(region).astype(np.uint8), connectivity=4)
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] < _LEAST * labels.size:
            continue
        part = labels == label
        colours = region[part]
        if (np.percentile(colours, 99, axis=0) - np.percentile(colours, 1, axis=0)).max() <= _ALIKE:
            yield part, np.median(colours, axis=0)


def _sides(outline: Int32[np.ndarray, "P 1 2"], width: int, height: int) -> list[Float64[np.ndarray, "_ 2"]]:
    """Points of each straight side of a picture, longest first, corners and where the region ends left out."""
    corners = cv2.approxPolyDP(cv2.convexHull(outline), _STRAIGHT, closed=True)[:, 0].astype(np.float64)
    points, last = outline[:, 0].astype(np.float64), np.array([width - 1, height - 1])
    sides = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        ends = np.stack([start, end])
        if ((ends <= 1).all(0) | (ends >= last - 1).all(0)).any():
            continue
        along = (end - start) / max(np.linalg.norm(end - start), 1.0)
        at, off = (points - start) @ along, np.abs((points - start) @ [-along[1], along[0]])
        length = float(np.linalg.norm(end - start))
        side = points[(off <= _STRAIGHT) & (at > _CORNER * length) & (at < (1 - _CORNER) * length)]
        if len(side) > 2:
            sides.append(side)
    sides.sort(key=lambda side: -float(np.linalg.norm(np.ptp(side, axis=0))))
    longest = np.linalg.norm(np.ptp(sides[0], axis=0)) if sides else 0
    return [side for side in sides if np.linalg.norm(np.ptp(side, axis=0)) > _SHORT * longest]


def _angle(sides: list[Float64[np.ndarray, "_ 2"]]) -> float:
    """Radians by which a picture with these sides lies turned, an eighth of a turn at most; 0 where it hardly does."""
    total = 0j
    for side in sides:
        x, y = np.linalg.svd(side - side.mean(0), full_matrices=False)[2][0]
        total += len(side) * np.exp(4j * math.atan2(y, x))
    angle = float(np.angle(total)) / 4
    return angle if abs(angle) > _TURNED else 0.0


def _bounds(
    sides: list[Float64[np.ndarray, "_ 2"]], middle: Float64[np.ndarray, "2"], angle: float, size: tuple[int, int]
) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the picture, in axes turned by `angle`; the photo's own where no side is near."""
    frame = turned(np.array([[x, y] for x in (0.0, size[0]) for y in (0.0, size[1])]), -angle)
    bounds = np.concatenate([frame.min(0), frame.max(0)])
    middle = turned(middle[None], -angle)[0]
    for side in sides:
        places = turned(side + 0.5, -angle)
        axis = int(np.ptp(places, axis=0).argmin())
        at = float(np.median(places[:, axis]))
        first = at < middle[axis]
        grown = (_WITHIN if angle else 0.5) * (-1 if first else 1)
        bounds[axis + (0 if first else 2)] = at + grown
    left, top, right, bottom = bounds.tolist()
    return left, top, right, bottom
