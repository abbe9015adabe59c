"""From a fitted head and a surface to the fit of the surface: the model's topology with the surface's shape.

What comes out is a `Fit` like the one that went in, only that its head has the surface's shape, so that texture, rig
and all after them need not know. Hair drawn out of the skull would pull along joints that are regressed from it, so
the new fit brings its joints: those of the fitted head, the eyes' moved along with the eyeballs.

Convention: as in `fitting.fit.Fit`. Worked number: with pose 0 and translation (0, 0, -0.6), a surface point at
z = -0.5 becomes a neutral vertex at z = 0.1, and a posed one at z = -0.5 again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..evidence.ear_occlusion import EarOcclusion
from ..fitting.fit import Fit
from ..headmodel.subdivision import refinement_of
from ..progress import Progress
from ..shapes import Float
from .ears import hair_beside_ears
from .settings import UniformizeSettings
from .target import TargetSurface
from .uniform_mesh import UniformMesh, register
from .unposing import unpose


@dataclass(frozen=True, eq=False)
class UniformFit:
    """A fit that has the shape of a surface.

    Attributes:
        fit: as `fitting.fit_portrait` returns it; `fit.model` is the model given, or that subdivided once, and
            `fit.joints` are set.
        mesh: the registered mesh, in camera space, with its figures; `fit.posed` are its vertices.
        hair: (V,) in 0..1, what of the mesh is hair beyond the scalp: that which covers an ear and hangs beside it.
    """

    fit: Fit
    mesh: UniformMesh
    hair: Float[np.ndarray, " V"]


def uniform_fit(
    fit: Fit,
    surface: TargetSurface,
    settings: UniformizeSettings | None = None,
    progress: Progress | None = None,
    *,
    occlusion: EarOcclusion | None = None,
) -> UniformFit:
    """Give a fitted head the shape of a surface.

    Args:
        fit: the fitted model.
        surface: the closed surface, metres, camera space.
        settings: see `UniformizeSettings`.
        progress: told the fraction done; may cancel.
        occlusion: how far hair covers the ears in the photo (`evidence.look_at_photo`); not at all where left out.

    Raises:
        RegistrationError: the surface would fold the mesh.
        CancelledError: the user cancelled.
    """
    settings = settings or UniformizeSettings()
    mesh = register(fit.model, fit.posed, surface, settings, progress, occlusion=occlusion)
    neutral, expressed = fit.neutral.astype(np.float64), fit.expressed.astype(np.float64)
    if settings.subdivisions:
        step = refinement_of(fit.model)
        neutral, expressed = step.apply(neutral), step.apply(expressed)
    rest = unpose(
        mesh.model,
        mesh.vertices,
        neutral=neutral,
        expressed=expressed,
        pose=fit.pose,
        translation=fit.translation,
        joints=None if fit.joints is None else fit.joints.astype(np.float64),
    )
    shaped = replace(
        fit,
        model=mesh.model,
        neutral=rest.neutral.astype(np.float32),
        expressed=rest.expressed.astype(np.float32),
        posed=mesh.vertices.astype(np.float32),
        joints=rest.joints.astype(np.float32),
    )
    covered = occlusion if settings.hair and occlusion is not None else EarOcclusion()
    return UniformFit(shaped, mesh, hair_beside_ears(mesh.model, mesh.fitted, mesh.vertices, covered))
