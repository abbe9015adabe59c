"""The main job: one photo becomes one head.

    photo -> Portrait -> Fit -> texture -> Head

Each arrow is one public function: `read_portrait`, `fit_portrait`, `bake_texture`, `assemble_head`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from .assembly import assemble_head
from .device import DEVICES, choose_device, memory_in_words, repeatable
from .errors import DependencyError, SettingsError
from .fitting.fit import Fit
from .head import Head
from .headmodel import HeadModel, load_head_model
from .portrait.portrait import Portrait
from .progress import Progress
from .shapes import UInt8
from .stages import STAGES

_LOG: Final = logging.getLogger(__name__)
LANDMARKS: Final = ("mediapipe", "face-alignment")
MAXIMUM_TEXTURE: Final = 8192


@dataclass(frozen=True)
class ReconstructionSettings:
    """What a user may choose about a reconstruction.

    Attributes:
        head_model: short name of the head model.
        device: where to compute, one of `device.DEVICES`.
        texture_size: side of the square texture in pixels, 0 for no texture.
        seed: number that every random choice derives from.
        face: which face of the photo, counted from the largest (0).
        landmarks: landmark detector, ``mediapipe`` (embedded) or ``face-alignment``.
        online: whether weights that do not ship may be downloaded.
    """

    head_model: str = "open"
    device: str = "auto"
    texture_size: int = 2048
    seed: int = 0
    face: int = 0
    landmarks: str = "mediapipe"
    online: bool = False

    def __post_init__(self) -> None:
        """Refuse values that make no sense.

        Raises:
            SettingsError: a value lies outside its range.
        """
        if self.device not in DEVICES:
            raise SettingsError(f"There is no device '{self.device}'; choose one of: {', '.join(DEVICES)}.")
        if self.landmarks not in LANDMARKS:
            raise SettingsError(
                f"There is no landmark detector '{self.landmarks}'; choose one of: {', '.join(LANDMARKS)}."
            )
        if self.texture_size != 0 and not 16 <= self.texture_size <= MAXIMUM_TEXTURE:
            raise SettingsError(
                f"A texture of {self.texture_size} pixels was asked for; choose 0 (none) or 16 to {MAXIMUM_TEXTURE}."
            )
        if not 0 <= self.seed < 2**63:
            raise SettingsError(f"The seed is {self.seed}; choose a whole number from 0 up.")
        if self.face < 0:
            raise SettingsError(f"Face number {self.face} was asked for; faces are counted from 0, the largest.")

    @staticmethod
    def from_mapping(values: dict[str, Any]) -> ReconstructionSettings:
        """Settings from names and values, for example out of a message.

        Raises:
            SettingsError: an unknown name, or a value that makes no sense.
        """
        known = {field.name: type(field.default) for field in fields(ReconstructionSettings)}
        if unknown := sorted(set(values) - set(known)):
            raise SettingsError(f"There is no setting '{unknown[0]}'; the settings are: {', '.join(sorted(known))}.")
        for name, value in values.items():
            if type(value) is not known[name]:
                raise SettingsError(f"The setting {name} is {value!r}; it must be of the type {known[name].__name__}.")
        return ReconstructionSettings(**values)


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """Everything the main job found out.

    Attributes:
        portrait: the photo.
        fit: the fitted head model.
        head: the result.
        settings: what was asked for.
        device: where it was computed.
        seconds: time of each stage.
        warnings: sentences about what a user should know of this result.
    """

    portrait: Portrait
    fit: Fit
    head: Head
    settings: ReconstructionSettings
    device: str
    seconds: dict[str, float]
    warnings: tuple[str, ...]


def reconstruct(photo: Path, settings: ReconstructionSettings, progress: Progress | None = None) -> Reconstruction:
    """Make a head from a photo. Nothing is written.

    Args:
        photo: the picture file.
        settings: see `ReconstructionSettings`.
        progress: told the stages of `STAGES`; may cancel.

    Raises:
        PhotoError: the photo is missing, unreadable or unsuitable (see its subclasses).
        ModelError: the head model is missing or damaged.
        DeviceError: the device does not exist or ran out of memory.
        DependencyError: a library is not installed.
        CancelledError: the user cancelled.
    """
    progress = progress or Progress()
    before = dict(progress.seconds)  # of earlier photos, where one progress serves several
    try:
        with progress.stage("Prepare"):
            device, model = _prepare(settings)
        with memory_in_words(), repeatable(settings.seed):
            done = _reconstruct(photo, model, device, settings, progress)
    except ModuleNotFoundError as error:
        raise DependencyError(f"The library {error.name} is not installed; install the runtime first.") from error
    return replace(done, seconds={k: v - before.get(k, 0.0) for k, v in progress.seconds.items() if k in STAGES})


def _prepare(settings: ReconstructionSettings) -> tuple[str, HeadModel]:
    """Import what is slow to import, choose the device, load the head model."""
    from .fitting import fit_portrait
    from .portrait import read_portrait

    _LOG.debug("%s and %s are here", fit_portrait, read_portrait)
    return choose_device(settings.device), load_head_model(settings.head_model)


def _reconstruct(
    photo: Path, model: HeadModel, device: str, settings: ReconstructionSettings, progress: Progress
) -> Reconstruction:
    from .fitting import fit_portrait
    from .portrait import PortraitSettings, read_portrait

    with progress.stage("Portrait"):
        wanted = PortraitSettings(backend=settings.landmarks, allow_download=settings.online)
        portrait = read_portrait(photo, face=settings.face, settings=wanted, progress=progress)
    with progress.stage("Fit"):
        fit = fit_portrait(portrait, model, device=device, seed=settings.seed, progress=progress)
    texture = None
    if settings.texture_size:
        with progress.stage("Texture"):
            texture = _bake(portrait, fit, settings, device, progress)
    with progress.stage("Head"):
        head = assemble_head(portrait, fit, texture)
    return Reconstruction(
        portrait,
        fit,
        head,
        settings,
        device,
        {},
        _warnings(portrait, fit),
    )


def _bake(
    portrait: Portrait, fit: Fit, settings: ReconstructionSettings, device: str, progress: Progress
) -> UInt8[np.ndarray, "H W 3"]:
    from .appearance import TextureSettings, bake_texture

    place = "cpu" if device == "mps" else device  # the rasterizer counts in double precision
    wanted = TextureSettings(size=settings.texture_size)
    return bake_texture(portrait, fit, settings=wanted, device=place, progress=progress)


def _warnings(portrait: Portrait, fit: Fit) -> tuple[str, ...]:
    found = []
    if portrait.face_count > 1:
        others = portrait.face_count - 1
        found.append(
            f"The photo shows {others} more face{'s' if others > 1 else ''}; face {portrait.face_index} was taken."
        )
    if fit.landmark_error > 5.0:
        found.append(f"The landmarks fit loosely ({fit.landmark_error:.1f} %); a sharper, more frontal photo helps.")
    yaw = np.degrees(np.linalg.norm(fit.pose[0]))
    if yaw > 45.0:
        found.append(f"The head is turned by {yaw:.0f} degrees; its far side is guessed from the near one.")
    if portrait.confidence < 0.7:
        found.append("The detector is not sure that this is a face; look at the result with care.")
    return tuple(found)
