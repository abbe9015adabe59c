"""From the fit to the shape that the photo shows: the implicit function's surface, and the fit that takes its shape.

    Fit -> HeadSurface -> UniformFit

Where a photo gives no surface, or one that the mesh cannot follow, the fit's own shape is kept and a sentence says so.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from .errors import RegistrationError, SettingsError
from .fitting.fit import Fit
from .portrait.portrait import Portrait
from .progress import Progress
from .settings import ReconstructionSettings
from .shapes import Float

if TYPE_CHECKING:
    from .implicit.head_surface import HeadSurface, NormalEstimator
    from .uniformize.uniform_fit import UniformFit

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Shape:
    """What is known of the head's shape beyond the fit.

    Attributes:
        surface: of the implicit function; None in fast quality and where the photo gives none.
        uniform: the fit that has the surface's shape; None without a surface, or where the mesh cannot follow it.
        hair: (V,) in 0..1, what of the mesh is hair beyond the scalp; None without a mesh.
        warnings: sentences about what a user should know.
    """

    surface: HeadSurface | None = None
    uniform: UniformFit | None = None
    hair: Float[np.ndarray, " V"] | None = None
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
    settings: ReconstructionSettings,
    *,
    device: str,
    normals: NormalEstimator | None = None,
    progress: Progress,
) -> Shape:
    """Find the head's surface and draw the head model onto it.

    Args:
        portrait: the photo.
        fit: the fitted head model.
        settings: quality, hair, weights, resolution, subdivisions.
        device: where the networks run.
        normals: estimates the front normals; the embedded network when None.
        progress: told the stages ``Surface`` and ``Uniform``; may cancel.

    Raises:
        ModelError: weights are missing or damaged.
        CancelledError: the user cancelled.
    """
    from .implicit.truncation import truncation_warnings
    from .implicit.upright import upright_head

    upright = upright_head(portrait, fit)
    cut = truncation_warnings(portrait, upright)
    if settings.quality == "fast":
        return Shape(warnings=cut)
    try:
        with progress.stage("Surface"):
            found = _surface(upright.portrait, upright.fit, settings, device=device, normals=normals, progress=progress)
    except (SettingsError, RegistrationError) as error:
        _LOG.info("no surface: %s", error)
        return Shape(warnings=(*cut, f"The head has the shape of the fit alone, without hair and fine shape: {error}",))
    surface = upright.surface_in_photo(found)
    try:
        with progress.stage("Uniform"):
            over = _over_ears(portrait, fit, settings, device)
            uniform = upright.uniform_in_photo(_uniform(upright.fit, found, settings, over, progress))
    except (SettingsError, RegistrationError) as error:
        _LOG.info("no uniform mesh: %s", error)
        return Shape(surface, warnings=(*cut, f"The head has the shape of the fit alone, not the surface's: {error}",))
    return Shape(surface, uniform, _hair(uniform, over), cut)


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

        compact_networks(_place(device))


def _place(device: str) -> str:
    """Where the networks run: they are tried on the CPU and CUDA alone."""
    return "cpu" if device == "mps" else device


def _surface(
    portrait: Portrait,
    fit: Fit,
    settings: ReconstructionSettings,
    *,
    device: str,
    normals: NormalEstimator | None,
    progress: Progress,
) -> HeadSurface:
    from .implicit import head_surface
    from .implicit.surface import SurfaceSettings

    wanted = head_surface.HeadSurfaceSettings(surface=SurfaceSettings(resolution=settings.resolution))
    make = head_surface.reconstruct_surface
    if settings.weights == "original":
        from .implicit.original_portrait import reconstruct_original_surface as make
    return make(portrait, fit, wanted, device=_place(device), normals=normals, progress=progress)


def _components(surface: HeadSurface) -> int:
    """How many pieces the surface's triangles make."""
    from scipy import sparse

    ends = np.concatenate([surface.triangles[:, :2], surface.triangles[:, 1:]])
    graph = sparse.coo_matrix((np.ones(len(ends), bool), (ends[:, 0], ends[:, 1])), (len(surface.vertices),) * 2)
    return int(sparse.csgraph.connected_components(graph, directed=False)[0])


def _face_distance(uniform: UniformFit) -> float:
    """Mean distance of the face's vertices to the surface, in percent of the head's height."""
    from .uniformize.skin import Skin
    from .uniformize.zones import head_height

    model = uniform.mesh.model
    face = model.regions["face"][Skin.of(model).ids]
    return float(uniform.mesh.distance[face].mean() / head_height(model) * 100)


def _over_ears(portrait: Portrait, fit: Fit, settings: ReconstructionSettings, device: str) -> tuple[float, float]:
    """How far hair covers each ear; a bald head's ears are bare."""
    from .appearance.covering import ear_cover

    if settings.hair != "with":
        return 0.0, 0.0
    cover = ear_cover(portrait, fit, _place(device))
    return cover.left, cover.right


def _hair(uniform: UniformFit, over_ears: tuple[float, float]) -> Float[np.ndarray, " V"]:
    from .uniformize.ears import hair_beside_ears
    from .uniformize.zones import head_height

    mesh = uniform.mesh
    return hair_beside_ears(mesh.model, mesh.fitted, mesh.vertices, over_ears, head_height(mesh.model))


def _uniform(
    fit: Fit,
    surface: HeadSurface,
    settings: ReconstructionSettings,
    over_ears: tuple[float, float],
    progress: Progress,
) -> UniformFit:
    from .uniformize import TargetSurface, UniformizeSettings, uniform_fit

    wanted = UniformizeSettings(hair=settings.hair == "with", subdivisions=settings.subdivisions)
    target = TargetSurface(surface.vertices, surface.triangles, surface.codes, over_ears)
    return uniform_fit.uniform_fit(fit, target, wanted, progress)
