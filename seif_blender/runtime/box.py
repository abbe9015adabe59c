"""The runtime's box: in the preferences, and in the panel as long as nothing can be reconstructed without it."""

from __future__ import annotations

import bpy

from .. import core
from ..addon import preferences, user_folder
from ..ui import draw_sentence
from . import installation
from .accelerator import TITLES, detected, gigabytes
from .location import disk_use, installed_runtime, runtime_record, worker_command

_ROCM = (
    "AMD GPU: there are no pinned libraries for ROCm, so the runtime uses the processor. A Python that has torch for "
    "ROCm may be named in the preferences"
)


def runtime_missing(context: bpy.types.Context) -> bool:
    """Whether there is nothing to reconstruct with: no runtime, and no Python of the artist's."""
    return not preferences(context).python and installed_runtime(user_folder("runtime")) is None


def runtime_state(context: bpy.types.Context) -> tuple[str, str]:
    """Sentence and icon that say what the worker runs with."""
    folder, own = user_folder("runtime"), preferences(context)
    if own.python:
        try:
            worker_command(bpy.path.abspath(own.python), folder)
        except core.errors.DependencyError as error:
            return str(error), "ERROR"
        return "Reconstructions run with the Python below.", "CHECKMARK"
    found = installed_runtime(folder)
    if found is None:
        return "The reconstruction's libraries are not installed yet.", "ERROR"
    record = runtime_record(found)
    kind = f" for {TITLES[record.accelerator]}" if record.accelerator in TITLES else ""
    if record.bundled:
        return f"The runtime came with the add-on{kind}.", "CHECKMARK"
    used = disk_use(folder)
    return f"The runtime is installed{kind}" + (f"; it takes {gigabytes(used)}." if used else "."), "CHECKMARK"


def draw_runtime(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """What there is; what would be installed, how large and where; the buttons; progress; what went wrong."""
    own, running = preferences(context), installation.current()
    text, icon = runtime_state(context)
    draw_sentence(layout, context, text, icon)
    if running is not None and not running.done:
        row = layout.row(align=True)
        row.progress(text=f"Installing: {running.detail}", factor=running.fraction)
        row.operator("seif.cancel_install", text="", icon="X")
        return
    if core.runtime.has_rocm_gpu():
        draw_sentence(layout, context, _ROCM, "INFO")
    missing = runtime_missing(context)
    kind = detected() if own.accelerator == "auto" else own.accelerator
    layout.prop(own, "accelerator", text="For")
    if own.accelerator == "auto":
        layout.label(text=f"Detected: {TITLES.get(kind, 'looking')}", icon="BLANK1")
    if missing and kind:
        size = gigabytes(core.runtime.DISK_BYTES[kind])
        draw_sentence(layout, context, f"About {size} in {user_folder('runtime')}; nothing else is changed.", "INFO")
    row = layout.row(align=True)
    if missing:
        row.operator("seif.install_runtime", icon="IMPORT")
    else:
        row.operator("seif.install_runtime", text="Repair", icon="FILE_REFRESH")
        row.operator("seif.remove_runtime", icon="TRASH")
    if not bpy.app.online_access and not own.wheels:
        draw_sentence(layout, context, "Blender itself may not go online: see Preferences > System.", "INFO")
    if running is not None and running.error:
        draw_sentence(layout, context, running.error, "ERROR")
