"""The fitted 3DMM as the view sees it: how deep its bare skin lies behind each pixel.

One photo tells an implicit function badly how deep a face is, and integrating a normal map adds up what its normals
have in common. The fit knows the coarse shape of a face better than both (`benchmarks/ablation.py`), so on bare skin
a surface takes from them only what is finer than some wavelength (`refinement`). What lies well before the fitted face
is hair, a beard or a hat, and no skin.

Convention: camera space, metres, as in `refinement`; displacements along the viewing rays, positive away from the
viewer. Worked number: a vertex at (0, 0, -0.5) before skin at a depth of 0.51 is 0.01 from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import torch
from scipy.ndimage import map_coordinates
from scipy.spatial import KDTree

from ..fitting.fit import Fit
from ..geometry.normals import vertex_normals
from ..geometry.rasterizer import interpolate, rasterize_view
from ..geometry.robust_weights import tukey
from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of
from ..headmodel.once_per_model import once_per_model
from ..shapes import Float
from .closed_skin import eyeball_triangles
from .view import HeadView

_SIZE: Final = 512
"""Pixels a side at which the fit is looked at: 0.8 mm each on a usual head."""
_FADE: Final = 0.015
"""Metres inside the face's border over which its skin begins to count: a first guess, not tuned."""


@dataclass(frozen=True)
class SkinSettings:
    """Where a surface is the fit's bare skin.

    Attributes:
        before: metres before the fitted skin from which a surface is hair or beard.
        behind: metres behind it from which a surface has nothing to do with it.
        facing: cosine between viewing ray and the fit's normal at which its depth begins to count, and counts fully.
    """

    before: float = 0.008
    behind: float = 0.012
    facing: tuple[float, float] = (0.15, 0.4)


class SkinDepth(NamedTuple):
    """The fit's skin behind each pixel of a view's square.

    Attributes:
        depth: (n, n) metres along -z.
        bare: (n, n) in 0..1, how far it is bare skin; 0 where there is none.
        view: the square.
    """

    depth: Float[np.ndarray, "n n"]
    bare: Float[np.ndarray, "n n"]
    view: HeadView

    def offsets(self, points: Float[np.ndarray, "V 3"]) -> tuple[Float[np.ndarray, " V"], Float[np.ndarray, " V"]]:
        """How far along its ray each point is from the skin behind its pixel, metres (V,), and how bare it is (V,)."""
        where = self.view.crop_camera(len(self.depth)).project(points).T[::-1] - 0.5
        depth, bare = (map_coordinates(p, where, order=1, mode="nearest") for p in (self.depth, self.bare))
        return (depth + points[:, 2]) * np.linalg.norm(points, axis=1) / -points[:, 2], bare


def skin_depth(fit: Fit, view: HeadView, settings: SkinSettings) -> SkinDepth:
    """Look at the fitted head through a view."""
    model = fit.model
    posed = fit.posed.astype(np.float64)
    triangles = np.concatenate([anatomy_of(model).outer_skin_triangles, eyeball_triangles(model)]).astype(np.int64)
    facing = -(vertex_normals(posed, triangles) * posed).sum(axis=1) / np.linalg.norm(posed, axis=1)
    low, high = settings.facing
    bare = bare_places(model) * np.clip((facing - low) / (high - low), 0, 1)
    corners = torch.from_numpy(triangles)
    seen = rasterize_view(torch.from_numpy(posed), corners, view.crop_camera(_SIZE), cull_back=True)
    shown = interpolate(seen, corners, torch.from_numpy(bare[:, None]))[..., 0].numpy()
    depth = seen.depth.double().numpy()
    inside = np.isfinite(depth)
    return SkinDepth(np.where(inside, depth, 0.0), np.where(inside, shown, 0.0), view)


def bare_share(offsets: Float[np.ndarray, " V"], settings: SkinSettings) -> Float[np.ndarray, " V"]:
    """How far what lies so far from the skin may be that skin, (V,) in 0..1 (Tukey's biweight)."""
    reach = np.where(offsets > 0, settings.before, settings.behind)
    return tukey(offsets, reach)


@once_per_model
def bare_places(model: HeadModel) -> Float[np.ndarray, " V"]:
    """(V,) in 0..1: the face with its eyes, fading towards its border, where hair begins."""
    template, none = model.template.astype(np.float64), np.zeros(len(model.template), bool)
    face = model.regions.get("face", none)
    rest = np.unique(anatomy_of(model).outer_skin_triangles[~face[anatomy_of(model).outer_skin_triangles].all(axis=1)])
    rest = rest[~face[rest]]
    inside = (face | model.regions.get("eyeballs", none)).astype(np.float64)
    if not len(rest):
        return inside
    return inside * np.clip(KDTree(template[rest]).query(template)[0] / _FADE, 0, 1)
