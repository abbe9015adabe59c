"""Why no reconstruction can start, in words."""

from __future__ import annotations

import bpy

from ..addon import preferences
from ..models.listing import added_flame
from ..worker import registry
from .properties import ADDED, FLAME


def options_obstacle(context: bpy.types.Context) -> str:
    """What the options lack, empty where nothing."""
    chosen = context.scene.seif
    if chosen.head_model == FLAME and not preferences(context).flame_file and not added_flame(context):
        return "Choose FLAME's file in the options first"
    if chosen.head_model == ADDED and not chosen.added_model:
        return "Choose an added head model in the options first"
    return ""


def busy_obstacle(context: bpy.types.Context) -> str:
    """Why no head can be made now, whatever the photo; empty where one can."""
    if registry.current_job() is not None:
        return "A reconstruction is running; wait for it or cancel it"
    return options_obstacle(context)


def obstacle(context: bpy.types.Context) -> str:
    """Why the panel's photo cannot be reconstructed now, empty where it can."""
    chosen = context.scene.seif
    if registry.current_job() is not None:
        return "A reconstruction is running; wait for it or cancel it"
    if not chosen.photo:
        return "Choose a photo first"
    if not chosen.photo_path().is_absolute():
        return "Save this file first, or choose the photo by its whole path"
    return options_obstacle(context)
