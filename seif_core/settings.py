"""What a user may choose about a reconstruction: one frozen dataclass, the same for command line, worker and code."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from .device import DEVICES
from .errors import SettingsError
from .expression_choice import ExpressionChoice, parse_choice
from .filenames import as_text, is_file

LANDMARKS: Final = ("mediapipe", "face-alignment")
QUALITIES: Final = ("full", "fast")
HAIR: Final = ("layer", "merged", "none")
WEIGHTS: Final = ("compact", "original")
RESOLUTIONS: Final = (128, 256, 512)
SUBDIVISIONS: Final = (0, 1)
MAXIMUM_TEXTURE: Final = 8192
MAXIMUM_SEED: Final = 2**63 - 1
"""The largest that torch's generators take (``torch.Generator.manual_seed``)."""


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
        quality: ``full`` gives the head the shape of the implicit function's surface, ``fast`` stops at the fit.
        hair: ``layer`` makes a bald head with its hair as a layer of its own, ``merged`` takes the hair's silhouette
            into the head's own mesh, ``none`` leaves the bald head alone.
        weights: networks of the implicit function, ``compact`` (embedded) or ``original`` (imported by the user).
        resolution: cells per axis of the implicit function's surface, one of `RESOLUTIONS`.
        subdivisions: how often the head model's mesh is subdivided before its last fine registration, 0 or 1.
        normal_model: path of the user's own ONNX normal estimator, empty for the embedded network.
        expressions: sets of keys that head.blend and head.glb get, for example ``arkit,visemes,vrm,flame:50``, or
            ``none``; head.npz always holds the ARKit keys and all components.
        spelling: how the ARKit keys are spelled there, one of `expression_choice.SPELLINGS`.
    """

    head_model: str = "open"
    device: str = "auto"
    texture_size: int = 2048
    seed: int = 0
    face: int = 0
    landmarks: str = "mediapipe"
    online: bool = False
    quality: str = "full"
    hair: str = "layer"
    weights: str = "compact"
    resolution: int = 128
    subdivisions: int = 0
    normal_model: str = ""
    expressions: str = "arkit"
    spelling: str = "apple"

    def __post_init__(self) -> None:
        """Refuse values that make no sense.

        Raises:
            SettingsError: a value lies outside its range.
        """
        _choose("device", self.device, DEVICES)
        _choose("landmark detector", self.landmarks, LANDMARKS)
        _choose("quality", self.quality, QUALITIES)
        _choose("kind of hair", self.hair, HAIR)
        _choose("set of weights", self.weights, WEIGHTS)
        _choose("surface resolution", self.resolution, RESOLUTIONS)
        _choose("number of subdivisions", self.subdivisions, SUBDIVISIONS)
        parse_choice(self.expressions, self.spelling)
        if self.texture_size != 0 and not 16 <= self.texture_size <= MAXIMUM_TEXTURE:
            raise SettingsError(
                f"A texture of {self.texture_size} pixels was asked for; choose 0 (none) or 16 to {MAXIMUM_TEXTURE}."
            )
        if not 0 <= self.seed <= MAXIMUM_SEED:
            raise SettingsError(f"The seed is {self.seed}; choose a whole number from 0 to {MAXIMUM_SEED}.")
        if self.face < 0:
            raise SettingsError(f"Face number {self.face} was asked for; faces are counted from 0, the largest.")
        if self.normal_model and not is_file(Path(self.normal_model)):
            raise SettingsError(
                f"There is no file {as_text(self.normal_model[:200])}; give the path of an ONNX normal estimator, or "
                "none to use the embedded network."
            )

    @property
    def expression_choice(self) -> ExpressionChoice:
        """The expression sets and their spelling, read from their words."""
        return parse_choice(self.expressions, self.spelling)

    def without_effect(self) -> tuple[str, ...]:
        """Sentences about what was chosen, and changes nothing of the result because of another choice."""
        if self.quality != "fast":
            return ()
        told = tuple(words for name, words in _FULL_ALONE.items() if getattr(self, name) != _default(name))
        return (*told, _PAINTED) if self.hair == "merged" else told

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


_PAINTED: Final = "Fast quality has no shape of hair: merged hair is painted on the texture alone; choose full quality."
_FULL_ALONE: Final = {
    "subdivisions": "Fast quality keeps the head model's own faces; choose full quality for subdivisions.",
    "resolution": "Fast quality makes no surface, so its resolution has no effect; choose full quality for it.",
    "weights": "Fast quality asks no network of the surface, so the set of weights has no effect.",
    "normal_model": "Fast quality asks no normal estimator; choose full quality for yours.",
}
"""Settings that full quality alone heeds, and what is said where they were changed all the same."""


def _default(name: str) -> Any:  # noqa: ANN401 - text or a number
    return next(field.default for field in fields(ReconstructionSettings) if field.name == name)


def _choose(what: str, value: str | int, choices: tuple[str, ...] | tuple[int, ...]) -> None:
    if value not in choices:
        raise SettingsError(f"There is no {what} '{value}'; choose one of: {', '.join(map(str, choices))}.")
