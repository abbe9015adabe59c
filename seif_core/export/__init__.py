"""GLB and OBJ without Blender. Its names are loaded when first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .engine import write_for_engine, write_sidecar
    from .glb import GlbSettings, write_glb
    from .losses import losses_of
    from .obj import write_obj
    from .obj_keys import write_obj_keys
    from .presets import PRESETS, preset_named

_HOME: Final = {
    "GlbSettings": "glb",
    "write_glb": "glb",
    "write_obj": "obj",
    "write_obj_keys": "obj_keys",
    "PRESETS": "presets",
    "losses_of": "losses",
    "preset_named": "presets",
    "write_for_engine": "engine",
    "write_sidecar": "engine",
}

__all__ = [
    "PRESETS",
    "GlbSettings",
    "losses_of",
    "preset_named",
    "write_for_engine",
    "write_glb",
    "write_obj",
    "write_obj_keys",
    "write_sidecar",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
