"""Registering everything with Blender, and taking it back."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import bpy
from bpy.app.handlers import persistent

from . import preferences
from .addon import user_folder
from .animate import controls, emotions, gaze, mirror, sliders, transfer_keys
from .animate import operators as animate_operators
from .animate import panels as animate_panels
from .animate import properties as animate_properties
from .assets import operators as asset_operators
from .capture import operators as capture_operators
from .capture import panels as capture_panels
from .capture import properties as capture_properties
from .export import operators as export_operators
from .export import panels as export_panels
from .export import print_operator
from .flame import operators as flame_operators
from .hair import operators as hair_operators
from .hair import panels as hair_panels
from .lods import operators as lod_operators
from .lods import properties as lod_properties
from .models import operators as model_operators
from .reconstruct import faces, landmark_operator, photo_operators, queue_operators, rerun, thumbnails
from .reconstruct import operators as reconstruct_operators
from .reconstruct import panels as reconstruct_panels
from .reconstruct import properties as reconstruct_properties
from .reconstruct.photo_queue import QUEUE
from .runtime import installation
from .runtime import operators as runtime_operators
from .worker import registry

_MODULES: Final = (
    preferences,
    runtime_operators,
    reconstruct_properties,
    reconstruct_operators,
    queue_operators,
    faces,
    landmark_operator,
    photo_operators,
    rerun,
    reconstruct_panels,
    animate_properties,
    animate_operators,
    mirror,
    emotions,
    gaze,
    transfer_keys,
    animate_panels,
    sliders,
    flame_operators,
    model_operators,
    capture_properties,
    capture_operators,
    capture_panels,
    hair_operators,
    hair_panels,
    asset_operators,
    lod_properties,
    lod_operators,
    export_operators,
    print_operator,
    export_panels,
)


@persistent
def _cancel_jobs(*_arguments: object) -> None:
    """Another file is about to be loaded: its modal operators vanish, so a running job ends here."""
    registry.settle()
    registry.forget_last()
    QUEUE.clear()
    faces.forget()
    queue_operators.SEIF_OT_run_queue.active = False


def register() -> None:
    """Register classes, properties, menus and handlers."""
    for module in _MODULES:
        for cls in module.CLASSES:
            bpy.utils.register_class(cls)
    bpy.types.Scene.seif = bpy.props.PointerProperty(type=reconstruct_properties.SeifSceneProperties)
    bpy.types.WindowManager.seif_animation = bpy.props.PointerProperty(type=animate_properties.SeifAnimationProperties)
    controls.register_sliders()
    bpy.types.Scene.seif_capture = bpy.props.PointerProperty(type=capture_properties.SeifCaptureProperties)
    bpy.types.Scene.seif_lods = bpy.props.PointerProperty(type=lod_properties.SeifLodProperties)
    bpy.types.TOPBAR_MT_file_import.append(photo_operators.draw_import_menu)
    bpy.types.TOPBAR_MT_file_import.append(flame_operators.draw_import_menu)
    bpy.types.TOPBAR_MT_file_export.append(export_panels.draw_export_menu)
    bpy.app.handlers.load_pre.append(_cancel_jobs)
    with suppress(OSError, ValueError):  # no folder for it: the time left is then told from the job alone
        registry.keep_paces_in(user_folder("runtime") / "pace.json")


def unregister() -> None:
    """Take everything back and end the worker."""
    registry.shutdown()
    QUEUE.clear()
    faces.forget()
    installation.shutdown()
    thumbnails.clear()
    if _cancel_jobs in bpy.app.handlers.load_pre:
        bpy.app.handlers.load_pre.remove(_cancel_jobs)
    bpy.types.TOPBAR_MT_file_import.remove(photo_operators.draw_import_menu)
    bpy.types.TOPBAR_MT_file_export.remove(export_panels.draw_export_menu)
    controls.unregister_sliders()
    del bpy.types.WindowManager.seif_animation
    bpy.types.TOPBAR_MT_file_import.remove(flame_operators.draw_import_menu)
    del bpy.types.Scene.seif_lods
    del bpy.types.Scene.seif_capture
    del bpy.types.Scene.seif
    for module in reversed(_MODULES):
        for cls in reversed(module.CLASSES):
            bpy.utils.unregister_class(cls)
