"""Hair that the photo shows beyond the head's surface: outlines that are given a depth and a thickness.

A lock that hangs farther down or stands farther off than the surface goes has an outline in the parsing alone. It is
laid at the depth of the surface's nearest rim and is as thick as it is narrow: a drawn outline inflated (Igarashi,
Matsuoka and Tanaka, Teddy, SIGGRAPH 1999), before what of the bald head lies there.

Convention: depth in metres along -z of the camera. Worked number: 10 mm from the edge of a wide lock it is 2 x 8 mm
thick.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np
from scipy import ndimage

from ..geometry.sampling import sample
from ..implicit.head_surface import HeadSurface
from ..shapes import Float, Float32
from .seen import View, at_pixels, look_at, shares_at
from .space import HairSpace

_SIDE: Final = 256
_ROUNDNESS: Final = 0.8
"""Half the thickness for a distance to the outline's edge. Chosen, as are those below, by eye on sample portraits."""
_THICKEST: Final = 0.028
"""Metres, half the thickness of a lock at most."""
_SMOOTHED: Final = 4.0
"""Pixels, standard deviation by which depths are smoothed."""
_AROUND: Final = 6
"""Pixels of the surface's rim on which an outline begins, so that the two grow together."""
_LEAST: Final = 0.0005
"""Share of the picture that must be missing for it to be worth while."""


class Extension(NamedTuple):
    """Outlines with depth; maps of h by w pixels.

    Attributes:
        view: the picture that the maps belong to.
        depth: (h, w) float32 metres along -z of the middle of the hair.
        half: (h, w) float32 metres, half its thickness; negative, minus the distance, beside it.
        points: (N, 3) rest pose, points of the hair, for the grid's bounds.
    """

    view: View
    depth: Float32[np.ndarray, "h w"]
    half: Float32[np.ndarray, "h w"]
    points: Float[np.ndarray, "N 3"]

    def distances(self, space: HairSpace, points: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, " N"]:
        """About the signed distance of points (N, 3), rest pose, to the hair; metres, negative inside."""
        placed = space.to_camera(points)
        at = (self.view.pixels(space.camera.project(placed)) - 0.5).astype(np.float32)
        height, width = self.depth.shape
        x, y = np.clip(at[:, 0], 0, width - 1), np.clip(at[:, 1], 0, height - 1)
        middle, half = (sample(layer, x, y) for layer in (self.depth, self.half))
        beside = np.hypot(at[:, 0] - x, at[:, 1] - y) > 0
        return np.where(beside, np.inf, np.abs(-placed[:, 2] - middle) - half)


def find_extension(space: HairSpace, surface: HeadSurface) -> Extension | None:
    """Hair of the parsing that the surface does not cover; None where it covers all of it.

    Args:
        space: the bald head's.
        surface: the head's, with hair.
    """
    vertices = space.to_rest(surface.vertices)
    view = look_at(space, vertices, surface.triangles, side=_SIDE, around=_around(space, vertices))
    height, width = view.depth.shape
    rows, columns = np.mgrid[:height, :width]
    pixels = np.stack([columns + 0.5, rows + 0.5], -1).reshape(-1, 2) / view.scale + view.origin
    shares = shares_at(space, pixels)
    hair = ((shares.wanted > 0.5) & (shares.background < 0.5) & (shares.known > 0)).reshape(height, width)
    covered = np.isfinite(view.depth)
    missing = np.asarray(ndimage.binary_opening(hair & ~covered, np.ones((2, 2))), bool)
    if missing.sum() < _LEAST * missing.size or not covered.any():
        return None
    metres = float(np.median(view.depth[covered])) / (space.camera.focal * view.scale)
    near = np.asarray(ndimage.binary_dilation(missing, iterations=_AROUND), bool)
    inner, outer = (cv2.distanceTransform(m.astype(np.uint8), cv2.DIST_L2, 5) for m in (hair | covered, ~(hair & near)))
    half = np.where(hair & near, np.minimum(_ROUNDNESS * inner * metres, _THICKEST), -outer * metres)
    half = cv2.GaussianBlur(half.astype(np.float32), (0, 0), 1.0)
    depth = _depths(space, view, covered, half)
    at = np.flatnonzero(missing.ravel())
    z = depth.ravel()[at].astype(np.float64)
    camera = space.camera
    x, y = (pixels[at, 0] - camera.cx) / camera.focal * z, (camera.cy - pixels[at, 1]) / camera.focal * z
    middle, along = space.to_rest(np.stack([x, y, -z], axis=1)), space.rotation[2] * half.ravel()[at, None]
    return Extension(view, depth, half, np.concatenate([middle, middle + along, middle - along]))


def _around(space: HairSpace, vertices: np.ndarray) -> np.ndarray:
    """Points that the picture must show: the surface, and the parsing's hair at its depth."""
    parsing = space.parsing
    rows, columns = np.nonzero(parsing.share(*space.names) > 0.5)
    pixels = parsing.crop.to_photo(np.stack([columns + 0.5, rows + 0.5], axis=1) / parsing.shares.shape[1])
    camera, depth = space.camera, float(-space.to_camera(vertices)[:, 2].mean())
    x, y = (pixels[:, 0] - camera.cx) / camera.focal * depth, (camera.cy - pixels[:, 1]) / camera.focal * depth
    return np.concatenate([vertices, space.to_rest(np.stack([x, y, np.full(len(x), -depth)], axis=1))])


def _depths(space: HairSpace, view: View, covered: np.ndarray, half: np.ndarray) -> Float32[np.ndarray, "h w"]:
    """The middle's depth at each pixel: that of the surface's nearest rim, but before the bald head."""
    rim = covered & ~np.asarray(ndimage.binary_erosion(covered, iterations=2), bool)
    index = np.asarray(ndimage.distance_transform_edt(~rim, return_distances=False, return_indices=True))
    depth = cv2.GaussianBlur(np.asarray(view.depth[tuple(index)], np.float32), (0, 0), _SMOOTHED)
    bald = look_at(space, space.skin, space.triangles, side=_SIDE)
    height, width = depth.shape
    rows, columns = np.mgrid[:height, :width]
    pixels = np.stack([columns + 0.5, rows + 0.5], -1).reshape(-1, 2) / view.scale + view.origin
    front = bald.nearest(pixels).reshape(height, width)
    before = np.minimum(depth, front - np.maximum(half, 0)).astype(np.float32)
    return cv2.GaussianBlur(before, (0, 0), _SMOOTHED / 2).astype(np.float32)


def outline(space: HairSpace, points: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, " N"]:
    """How far points, rest pose, lie outside the parsing's outline against the background; metres, negative inside.

    Off the crop and off the photo nothing is known, and the answer is minus infinity.
    """
    parsing = space.parsing
    side = parsing.shares.shape[1]
    free = (parsing.share("background") > 0.5).astype(np.uint8)
    off = cv2.distanceTransform(free, cv2.DIST_L2, 5) - cv2.distanceTransform(1 - free, cv2.DIST_L2, 5)
    placed = space.to_camera(points)
    pixels = space.camera.project(placed)
    away = at_pixels(space, off.astype(np.float32), pixels)
    metres = parsing.crop.size / side * -placed[:, 2] / space.camera.focal
    known = shares_at(space, pixels)
    return np.where(known.known + known.background > 0, away * metres, -np.inf)
