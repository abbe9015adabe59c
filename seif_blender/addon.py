"""The add-on's own name, and what follows from it: its preferences and its folder for user data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import bpy

if TYPE_CHECKING:
    from .preferences import SeifPreferences

NAME: Final[str] = __package__ or "seif_blender"
"""Module name under which Blender knows the add-on, for example ``bl_ext.user_default.seif_blender``."""


def preferences(context: bpy.types.Context) -> SeifPreferences:
    """The add-on's preferences."""
    return context.preferences.addons[NAME].preferences


def user_folder(name: str) -> Path:
    """A folder for data that survives upgrades; the extension's own folder is cleared at each."""
    return Path(bpy.utils.extension_path_user(NAME, path=name, create=True))
