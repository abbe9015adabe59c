"""GLB and OBJ without Blender. Its names are loaded when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..later import later

if TYPE_CHECKING:
    from .engine import write_for_engine, write_sidecar
    from .glb import GlbSettings, write_glb
    from .losses import losses_of
    from .obj import write_obj
    from .obj_keys import write_obj_keys
    from .presets import PRESETS, preset_named

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

__getattr__ = later(
    __name__,
    engine="write_for_engine write_sidecar",
    glb="GlbSettings write_glb",
    losses="losses_of",
    obj="write_obj",
    obj_keys="write_obj_keys",
    presets="PRESETS preset_named",
)
