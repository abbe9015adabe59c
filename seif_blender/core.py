"""The one bridge to `seif_core`: a subpackage inside the installed extension, a neighbour in the repository.

Names are looked up on first use, so that enabling the add-on loads no numpy.
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from seif_core import __version__, errors
    from seif_core.capture.live_link import read_live_link
    from seif_core.capture.performance import Performance
    from seif_core.capture.playback import HEAD_BONES, Playback
    from seif_core.capture.rotations import continuous, quaternions
    from seif_core.capture.settings import USUAL_RATE
    from seif_core.capture.speech import read_speech
    from seif_core.combination_shapes import LESS, combination_name
    from seif_core.decimation.arrange import carrying_poses, mirror_image
    from seif_core.decimation.decimate import Decimated, DecimationMesh, decimate
    from seif_core.decimation.levels import HAIR_SHARE, LOD_TRIANGLES, checked_counts, importance, levels_of
    from seif_core.export.presets import PRESETS, EnginePreset, preset_named
    from seif_core.export.vrm import VrmMeta
    from seif_core.export.vrm_file import add_vrm_to_file, add_zeros_to_file
    from seif_core.expression_choice import ExpressionChoice, parse_choice
    from seif_core.expressions.arkit import mirrored_name
    from seif_core.expressions.emotions import EMOTIONS
    from seif_core.expressions.named_keys import named_keys
    from seif_core.expressions.spelling import DIRECTIONS, canonical, spelled
    from seif_core.geometry.camera import Camera
    from seif_core.geometry.colour import from_srgb
    from seif_core.hair_layer import HairGuides, HairLayer, HairMesh
    from seif_core.head import FORMAT_VERSION, Head
    from seif_core.headmodel.skinning import joint_transforms, rotation_matrices
    from seif_core.headmodel.topology import JOINT_NAMES, JOINT_PARENTS, PART_NAMES
    from seif_core.worker import runtime

__all__ = [
    "DIRECTIONS",
    "EMOTIONS",
    "FORMAT_VERSION",
    "HAIR_SHARE",
    "HEAD_BONES",
    "JOINT_NAMES",
    "JOINT_PARENTS",
    "LESS",
    "LOD_TRIANGLES",
    "PART_NAMES",
    "PRESETS",
    "ROOT",
    "USUAL_RATE",
    "Camera",
    "Decimated",
    "DecimationMesh",
    "EnginePreset",
    "ExpressionChoice",
    "HairGuides",
    "HairLayer",
    "HairMesh",
    "Head",
    "Performance",
    "Playback",
    "VrmMeta",
    "__version__",
    "add_vrm_to_file",
    "add_zeros_to_file",
    "canonical",
    "carrying_poses",
    "checked_counts",
    "combination_name",
    "continuous",
    "decimate",
    "errors",
    "from_srgb",
    "importance",
    "joint_transforms",
    "levels_of",
    "mirror_image",
    "mirrored_name",
    "named_keys",
    "parse_choice",
    "preset_named",
    "quaternions",
    "read_live_link",
    "read_speech",
    "rotation_matrices",
    "runtime",
    "spelled",
]

_STAGED: Final = bool(__package__) and importlib.util.find_spec(f"{__package__}.seif_core") is not None
_PREFIX: Final = f"{__package__}.seif_core" if _STAGED else "seif_core"

ROOT: Final = Path(__file__).resolve().parent if _STAGED else Path(__file__).resolve().parent.parent
"""Folder that holds the package `seif_core`; the worker gets it on its path."""

_HOMES: Final = {
    "read_live_link": ".capture.live_link",
    "Performance": ".capture.performance",
    "HEAD_BONES": ".capture.playback",
    "Playback": ".capture.playback",
    "continuous": ".capture.rotations",
    "quaternions": ".capture.rotations",
    "USUAL_RATE": ".capture.settings",
    "read_speech": ".capture.speech",
    "__version__": "",
    "errors": "",
    "Camera": ".geometry.camera",
    "from_srgb": ".geometry.colour",
    "HairGuides": ".hair_layer",
    "HairLayer": ".hair_layer",
    "HairMesh": ".hair_layer",
    "Head": ".head",
    "FORMAT_VERSION": ".head",
    "joint_transforms": ".headmodel.skinning",
    "rotation_matrices": ".headmodel.skinning",
    "LESS": ".combination_shapes",
    "combination_name": ".combination_shapes",
    "carrying_poses": ".decimation.arrange",
    "mirror_image": ".decimation.arrange",
    "Decimated": ".decimation.decimate",
    "DecimationMesh": ".decimation.decimate",
    "decimate": ".decimation.decimate",
    "HAIR_SHARE": ".decimation.levels",
    "LOD_TRIANGLES": ".decimation.levels",
    "checked_counts": ".decimation.levels",
    "importance": ".decimation.levels",
    "levels_of": ".decimation.levels",
    "PRESETS": ".export.presets",
    "EnginePreset": ".export.presets",
    "preset_named": ".export.presets",
    "VrmMeta": ".export.vrm",
    "add_vrm_to_file": ".export.vrm_file",
    "add_zeros_to_file": ".export.vrm_file",
    "ExpressionChoice": ".expression_choice",
    "parse_choice": ".expression_choice",
    "named_keys": ".expressions.named_keys",
    "canonical": ".expressions.spelling",
    "spelled": ".expressions.spelling",
    "DIRECTIONS": ".expressions.spelling",
    "EMOTIONS": ".expressions.emotions",
    "mirrored_name": ".expressions.arkit",
    "JOINT_NAMES": ".headmodel.topology",
    "JOINT_PARENTS": ".headmodel.topology",
    "PART_NAMES": ".headmodel.topology",
    "runtime": ".worker",
}
"""Name -> module of `seif_core` that defines it, or holds it as a submodule."""


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the library defines under that name
    if name not in _HOMES:
        raise AttributeError(f"the bridge to the library has no {name}")
    if name in ("errors", "runtime"):
        return importlib.import_module(f"{_PREFIX}{_HOMES[name]}.{name}")
    value = getattr(importlib.import_module(_PREFIX + _HOMES[name]), name)
    globals()[name] = value
    return value
