"""From the fit to the shape that the photo shows: the implicit function's surface, and the fit that takes its shape.

    Fit, PhotoEvidence -> HeadSurface -> UniformFit

Where a photo gives no surface, or one that the mesh cannot follow, the fit's own shape is kept and a sentence says so.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .device import return_memory
from .errors import RegistrationError, SettingsError
from .fitting.fit import Fit
from .geometry.connectivity import triangle_pieces
from .headmodel.anatomy import anatomy_of
from .portrait.portrait import Portrait
from .progress import Progress
from .settings import ReconstructionSettings
from .stage_functions import Stages

if TYPE_CHECKING:
    from .evidence.photo_evidence import PhotoEvidence
    from .implicit.head_surface import HeadSurface, HeadSurfaceSettings, NormalEstimator
    from .uniformize.uniform_fit import UniformFit

_LOG: Final = logging.getLogger(__name__)
_ENOUGH_FOR_WORDS: Final = 192
"""Pixels a side of the upright square from which it is told what the frame cuts off, where nothing else needs it: two
thirds of them are the head's, so a hundredth of its length is seen."""


@dataclass(frozen=True, eq=False)
class Shape:
    """What is known of the head's shape beyond the fit.

    Attributes:
        surface: of the implicit function; None in fast quality and where the photo gives none.
        uniform: the fit that has the surface's shape; None without a surface, or where the mesh cannot follow it.
        warnings: sentences about what a user should know.
    """

    surface: HeadSurface | None = None
    uniform: UniformFit | None = None
    warnings: tuple[str, ...] = ()

    def figures(self) -> dict[str, int | float]:
        """What tells how well it went, for the report; empty without a surface."""
        if self.surface is None:
            return {}
        told: dict[str, int | float] = {
            "vertices": len(self.surface.vertices),
            "triangles": len(self.surface.triangles),
            "queries": self.surface.queries,
            "components": _components(self.surface),
        }
        if self.uniform is not None:
            told |= {"crossings": self.uniform.mesh.crossings, "flips": self.uniform.mesh.flips}
            told["face_distance_percent"] = round(_face_distance(self.uniform), 4)
        return told


def shape_head(
    portrait: Portrait,
    fit: Fit,
    evidence: PhotoEvidence | None,
    settings: ReconstructionSettings,
    *,
    stages: Stages,
    device: str,
    normals: NormalEstimator | None = None,
    progress: Progress,
) -> Shape:
    """Find the head's surface and register the head model to it.

    Args:
        portrait: the photo.
        fit: the fitted head model.
        evidence: what the photo shows; None for a head outside the picture.
        settings: quality, hair, weights, resolution, subdivisions.
        stages: the functions that do it.
        device: where the networks run.
        normals: estimates the front normals; the embedded network when None.
        progress: told the stages ``Surface`` and ``Mesh``; may cancel.

    Raises:
        ModelError: weights are missing or damaged.
        CancelledError: the user cancelled.
    """
    from .uniformize.truncation import truncation_warnings
    from .uniformize.upright import upright_head

    if settings.quality == "fast":
        return Shape(warnings=truncation_warnings(portrait, upright_head(portrait, fit, _ENOUGH_FOR_WORDS)))
    upright = upright_head(portrait, fit)
    cut = truncation_warnings(portrait, upright)
    try:
        with progress.stage("Surface"):
            make = stages.make_original_surface if settings.weights == "original" else stages.make_surface
            found = make(
                upright.portrait,
                upright.fit,
                _surface_settings(settings),
                device=tried_on(device),
                normals=normals,
                progress=progress,
            )
    except (SettingsError, RegistrationError) as error:
        _LOG.info("no surface: %s", error)
        told = f"The head has the shape of the fit alone, without hair and fine shape: {error}"
        return Shape(warnings=(*cut, told))
    surface = upright.surface_in_photo(found)
    return_memory()
    try:
        with progress.stage("Mesh"):
            shaped = _uniform(upright.fit, found, evidence, settings, stages=stages, progress=progress)
    except (SettingsError, RegistrationError) as error:
        _LOG.info("no uniform mesh: %s", error)
        return Shape(surface, warnings=(*cut, f"The head has the shape of the fit alone, not the surface's: {error}"))
    return Shape(surface, upright.uniform_in_photo(shaped), cut)


def find_networks(settings: ReconstructionSettings, device: str) -> None:
    """Load the embedded networks, or look for the original's, before a photo is worked on for nothing.

    Raises:
        ModelError: weights are missing or damaged.
    """
    if settings.weights == "original":
        from .implicit.original import find_original

        find_original()
    else:
        from .implicit.compact import compact_networks

        compact_networks(tried_on(device))


def tried_on(device: str) -> str:
    """Where networks and rasterizer run: they are tried on the CPU and CUDA alone, and mps has no double precision."""
    return "cpu" if device == "mps" else device


def _surface_settings(settings: ReconstructionSettings) -> HeadSurfaceSettings:
    from .implicit.head_surface import HeadSurfaceSettings
    from .implicit.surface import SurfaceSettings

    return HeadSurfaceSettings(surface=SurfaceSettings(resolution=settings.resolution))


def _components(surface: HeadSurface) -> int:
    """How many pieces the surface's triangles make."""
    return int(triangle_pieces(surface.triangles, len(surface.vertices)).max()) + 1


def _face_distance(uniform: UniformFit) -> float:
    """Mean distance of the face's vertices to the surface, in percent of the head's height."""
    from .uniformize.skin_mesh import SkinMesh

    model = uniform.mesh.model
    face = model.regions["face"][SkinMesh.of(model).ids]
    return float(uniform.mesh.distance[face].mean() / anatomy_of(model).head_height * 100)


def _uniform(
    fit: Fit,
    surface: HeadSurface,
    evidence: PhotoEvidence | None,
    settings: ReconstructionSettings,
    *,
    stages: Stages,
    progress: Progress,
) -> UniformFit:
    from .uniformize import TargetSurface, UniformizeSettings
    from .uniformize.settings import PHOTO_COARSE_FIT

    wanted = UniformizeSettings(
        hair=settings.hair == "merged", subdivisions=settings.subdivisions, coarse_fit=PHOTO_COARSE_FIT
    )
    target = TargetSurface(surface.vertices, surface.triangles, surface.codes)
    ears = None if evidence is None else evidence.ear_occlusion
    return stages.uniform_fit(fit, target, wanted, progress, occlusion=ears)
