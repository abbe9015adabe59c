"""The main job: one photo becomes one head.

    photo -> Portrait -> Fit -> Shape (surface, uniform fit) -> texture -> Head

Each arrow is one public function: `read_portrait`, `fit_portrait`, `shape_head`, `bake_texture`, `assemble_head`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .assembly import assemble_head
from .device import choose_device, memory_in_words, repeatable
from .errors import DependencyError
from .fitting.fit import Fit
from .head import Head
from .headmodel import HeadModel, load_head_model
from .portrait.portrait import Portrait
from .progress import Progress
from .settings import ReconstructionSettings
from .shapes import Float, UInt8
from .shaping import Shape, find_networks, shape_head
from .stages import STAGES

if TYPE_CHECKING:
    from .implicit.head_surface import HeadSurface, NormalEstimator
    from .uniformize.uniform_fit import UniformFit

__all__ = ["Reconstruction", "ReconstructionSettings", "reconstruct"]

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """Everything the main job found out.

    Attributes:
        portrait: the photo.
        fit: the fitted head model alone, without the surface's shape.
        shape: the surface, and the fit that has its shape.
        head: the result.
        settings: what was asked for.
        device: where it was computed.
        seconds: time of each stage.
        warnings: sentences about what a user should know of this result.
    """

    portrait: Portrait
    fit: Fit
    shape: Shape
    head: Head
    settings: ReconstructionSettings
    device: str
    seconds: dict[str, float]
    warnings: tuple[str, ...]

    @property
    def surface(self) -> HeadSurface | None:
        """The implicit function's surface; None in fast quality or where the photo gives none."""
        return self.shape.surface

    @property
    def uniform(self) -> UniformFit | None:
        """The fit that has the surface's shape; None without one."""
        return self.shape.uniform


def reconstruct(photo: Path, settings: ReconstructionSettings, progress: Progress | None = None) -> Reconstruction:
    """Make a head from a photo. Nothing is written.

    Args:
        photo: the picture file.
        settings: see `ReconstructionSettings`.
        progress: told the stages of `STAGES`; may cancel.

    Raises:
        PhotoError: the photo is missing, unreadable or unsuitable (see its subclasses).
        ModelError: the head model or a network's weights are missing or damaged.
        DeviceError: the device does not exist or ran out of memory.
        DependencyError: a library is not installed.
        CancelledError: the user cancelled.
    """
    progress = progress or Progress()
    before = dict(progress.seconds)  # of earlier photos, where one progress serves several
    try:
        with progress.stage("Prepare"):
            prepared = _prepare(settings)
        with memory_in_words(), repeatable(settings.seed):
            done = _reconstruct(photo, prepared, settings, progress)
    except ModuleNotFoundError as error:
        raise DependencyError(f"The library {error.name} is not installed; install the runtime first.") from error
    return replace(done, seconds={k: v - before.get(k, 0.0) for k, v in progress.seconds.items() if k in STAGES})


@dataclass(frozen=True, eq=False)
class _Prepared:
    """What every photo needs: the device, the head model, the user's normal estimator if one was named."""

    device: str
    model: HeadModel
    normals: NormalEstimator | None


def _prepare(settings: ReconstructionSettings) -> _Prepared:
    """Import what is slow to import, choose the device, load the head model."""
    from .fitting import fit_portrait
    from .portrait import read_portrait

    _LOG.debug("%s and %s are here", fit_portrait, read_portrait)
    device, normals = choose_device(settings.device), None
    if settings.quality != "fast":
        from .implicit import head_surface
        from .uniformize import uniform_fit

        find_networks(settings, device)
        _LOG.debug("%s and %s are here", head_surface, uniform_fit)
        if settings.normal_model:
            from .implicit.onnx_normals import load_normal_model

            normals = load_normal_model(settings.normal_model, device=device)
    return _Prepared(device, load_head_model(settings.head_model), normals)


def _reconstruct(
    photo: Path, prepared: _Prepared, settings: ReconstructionSettings, progress: Progress
) -> Reconstruction:
    from .fitting import fit_portrait
    from .portrait import PortraitSettings, read_portrait

    device = prepared.device
    with progress.stage("Portrait"):
        wanted = PortraitSettings(backend=settings.landmarks, allow_download=settings.online)
        portrait = read_portrait(photo, face=settings.face, settings=wanted, progress=progress)
    with progress.stage("Fit"):
        fit = fit_portrait(portrait, prepared.model, device=device, seed=settings.seed, progress=progress)
    shape = shape_head(portrait, fit, settings, device=device, normals=prepared.normals, progress=progress)
    shaped = fit if shape.uniform is None else shape.uniform.fit
    texture = None
    if settings.texture_size:
        with progress.stage("Texture"):
            texture = _bake(portrait, shaped, settings, shape.hair, device=device, progress=progress)
    with progress.stage("Head"):
        head = assemble_head(portrait, shaped, texture)
    warnings = (*_warnings(portrait, fit), *shape.warnings)
    return Reconstruction(portrait, fit, shape, head, settings, device, {}, warnings)


def _bake(
    portrait: Portrait,
    fit: Fit,
    settings: ReconstructionSettings,
    hair: Float[np.ndarray, " V"] | None,
    *,
    device: str,
    progress: Progress,
) -> UInt8[np.ndarray, "H W 3"]:
    from .appearance import TextureSettings, bake_texture

    place = "cpu" if device == "mps" else device  # the rasterizer counts in double precision
    wanted = TextureSettings(size=settings.texture_size)
    return bake_texture(portrait, fit, settings=wanted, hair=hair, device=place, progress=progress)


def _warnings(portrait: Portrait, fit: Fit) -> tuple[str, ...]:
    found = list(portrait.warnings)
    if portrait.face_count > 1:
        others = portrait.face_count - 1
        found.append(
            f"The photo shows {others} more face{'s' if others > 1 else ''}; face {portrait.face_index} was taken."
        )
    if fit.landmark_error > 5.0:
        found.append(f"The landmarks fit loosely ({fit.landmark_error:.1f} %); a sharper, more frontal photo helps.")
    if fit.turn > 45.0:
        found.append(f"The head is turned by {fit.turn:.0f} degrees; its far side is guessed from the near one.")
    if portrait.confidence < 0.7:
        found.append("The detector is not sure that this is a face; look at the result with care.")
    from .portrait.occlusion import occlusion_warnings

    return (*found, *occlusion_warnings(portrait))
