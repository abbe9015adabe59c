"""The head cut out of the photo upright, as a camera sees it that is turned about its optical axis.

Networks, hull and registration know up from down: trained on heads that stand, they make another head of one that lies.
So they are given a square of the photo that is turned with the head, and what they find is turned back.

Convention: angles in radians, positive clockwise as seen in the picture; camera space as in `geometry.camera`, pixels
of the square from its own top left corner. Worked number: a head whose crown points to the picture's right has the
angle pi / 2; a point of it 0.1 m right of the optical axis lies 0.1 m above the axis in the square's camera space.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from ..fitting.fit import Fit
from ..fitting.roll import roll_of, rolled_fit, turn_about_axis
from ..geometry.camera import Camera
from ..implicit.outpainting import outpaint
from ..implicit.view import LARGEST, HeadView, head_proper
from ..portrait.crop import Crop, Pyramid
from ..portrait.landmarks import turned
from ..portrait.portrait import Portrait
from ..shapes import Bool

if TYPE_CHECKING:
    from ..implicit.head_surface import HeadSurface
    from .uniform_fit import UniformFit

_SIDE: Final = 1.1 * LARGEST
"""Side of the square in lengths of the head: the largest view, and a rim for the filters."""
_MOST: Final = 1024
"""Most pixels a side: the networks look at 512 at most, of which the view is at least two thirds."""
_FINER: Final = 2.0
"""Pixels of the square per pixel of a small photo, so that turning it blurs little."""


@dataclass(frozen=True, eq=False)
class UprightHead:
    """A head cut out upright, and the way back.

    Attributes:
        portrait: the square: (R, R) pixels, mask and landmarks; what lies beyond the photo's frame is completed.
        fit: the fit as the turned camera sees it; `fit.camera` sees the square.
        crop: the square in the photo; its angle is how far the head leans.
        original: the fit in the photo.
        shown: (R, R) bool, the pixels that the photo shows.
    """

    portrait: Portrait
    fit: Fit
    crop: Crop
    original: Fit
    shown: Bool[np.ndarray, "R R"]

    def surface_in_photo(self, surface: HeadSurface) -> HeadSurface:
        """A surface that was made of the square, in the photo's camera space."""
        vertices = turn_about_axis(surface.vertices, self.crop.angle)
        return replace(surface, vertices=vertices, view=self._view_in_photo(surface.view))

    def uniform_in_photo(self, uniform: UniformFit) -> UniformFit:
        """A fit that was shaped in the square, in the photo's camera space."""
        angle, first, mesh = self.crop.angle, self.original, uniform.mesh
        mesh = replace(mesh, vertices=turn_about_axis(mesh.vertices, angle), fitted=turn_about_axis(mesh.fitted, angle))
        posed = mesh.vertices.astype(np.float32)
        placed = replace(uniform.fit, pose=first.pose, translation=first.translation, camera=first.camera, posed=posed)
        return replace(uniform, fit=placed, mesh=mesh)

    def _view_in_photo(self, view: HeadView) -> HeadView:
        size = self.portrait.pixels.shape[0]
        middle = np.array([[view.left, view.top]]) + view.side / 2
        x, y = self.crop.to_photo(middle / size)[0]
        side = view.side * self.crop.size / size
        camera = self.original.camera
        return HeadView(camera, float(x - side / 2), float(y - side / 2), side, view.depth, roll=self.crop.angle)


def upright_head(portrait: Portrait, fit: Fit) -> UprightHead:
    """Cut a fitted head out of its photo, upright."""
    angle = roll_of(fit)
    level = rolled_fit(fit, -angle)
    crop = _square(level, angle)
    size = min(_MOST, max(16, round(_FINER * crop.size)))
    step = size / crop.size
    camera = fit.camera
    (cx, cy), *_ = crop.from_photo(np.array([[camera.cx, camera.cy]])) * size
    level = replace(level, camera=Camera(camera.focal * step, float(cx), float(cy), size, size))
    mask, shown = (_sampled(layer, crop, size) for layer in (portrait.mask, np.full_like(portrait.mask, 255)))
    shown = shown > 127
    pixels, mask = outpaint(
        Pyramid(portrait.pixels).sample(crop, size, replicate=True),
        np.where(shown, mask, 0).astype(np.uint8),
        shown,
        level,
    )
    marks = portrait.landmarks.copy()
    marks[:, :2] = crop.from_photo(marks[:, :2].astype(np.float64)) * size
    marks[:, 2] *= step
    cut = replace(
        portrait,
        pixels=pixels,
        mask=mask,
        landmarks=marks,
        box=np.concatenate([marks[:, :2].min(0), marks[:, :2].max(0)]).astype(np.float32),
        roll=portrait.roll - angle,
        focal_px=None if portrait.focal_px is None else portrait.focal_px * step,
        whole_frame=False,
    )
    return UprightHead(cut, level, crop, fit, shown)


def _square(level: Fit, angle: float) -> Crop:
    """The square around the head of a level fit, in the photo where it leans by `angle`."""
    proper = level.posed[: len(level.model.template)][head_proper(level.model)].astype(np.float64)
    pixels = level.camera.project(proper)
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    axis = np.array([level.camera.cx, level.camera.cy])
    x, y = (turned(((low + high) / 2 - axis)[None], angle) + axis)[0]
    return Crop(float(x), float(y), float((high - low).max()) * _SIDE, angle)


def _sampled(layer: np.ndarray, crop: Crop, size: int) -> np.ndarray:
    return Pyramid(np.repeat(layer[..., None], 3, axis=2)).sample(crop, size)[..., 0]
