"""The add-on's preferences: the worker's Python and libraries, device, landmark detector, permission to download."""

# No `from __future__ import annotations`: Blender reads properties from evaluated annotations.
# pyright: reportInvalidTypeForm=false

import bpy

from .addon import NAME, user_folder
from .models.box import draw_models
from .runtime.accelerator import TITLES
from .runtime.box import draw_runtime
from .runtime.location import worker_command
from .ui import draw_sentence
from .worker.environment import WorkerCommand

DEVICES = (
    ("auto", "Automatic", "The GPU if there is one that helps, else the processor"),
    ("cpu", "Processor", "Compute on the processor"),
    ("cuda", "NVIDIA GPU", "Compute on an NVIDIA GPU with CUDA"),
    ("mps", "Apple GPU", "Compute on the GPU of an Apple computer"),
)
"""Devices of the worker protocol."""

ACCELERATORS = (
    ("auto", "Automatic", "What this computer has"),
    *((name, title, f"Libraries for: {title}") for name, title in TITLES.items()),
)
"""What torch is installed for."""

DETECTORS = (
    ("mediapipe", "MediaPipe", "Comes with the add-on and works offline"),
    ("face-alignment", "Face Alignment", "Must be installed beside the worker and downloads its weights"),
)
"""Landmark detectors of the worker protocol."""


WEIGHTS = (
    ("compact", "Embedded", "Come with the add-on"),
    ("original", "Original", "The published networks of SeIF, imported with: seif weights import"),
)
"""Sets of weights of the worker protocol."""


class SeifPreferences(bpy.types.AddonPreferences):
    """Preferences > Add-ons > SeIF for Blender."""

    bl_idname = NAME

    python: bpy.props.StringProperty(
        name="Python",
        description="Python program of an environment that has the libraries; leave empty for the installed runtime",
        subtype="FILE_PATH",
    )
    wheels: bpy.props.StringProperty(
        name="Wheels",
        description="Folder of wheel files to install the runtime from without a network; leave empty to download",
        subtype="DIR_PATH",
    )
    accelerator: bpy.props.EnumProperty(
        name="Libraries For", description="What the installed libraries compute with", items=ACCELERATORS
    )
    device: bpy.props.EnumProperty(name="Device", description="Where the worker computes", items=DEVICES)
    detector: bpy.props.EnumProperty(
        name="Landmark Detector", description="Which detector finds the face's landmarks", items=DETECTORS
    )
    flame_file: bpy.props.StringProperty(
        name="FLAME File",
        description="FLAME's model file as downloaded from flame.is.tue.mpg.de (.pkl), for the head model FLAME",
        subtype="FILE_PATH",
    )
    added_models: bpy.props.StringProperty(
        name="Added Models",
        description="The added head models as the worker last told them",
        default="[]",
        options={"HIDDEN"},
    )
    weights: bpy.props.EnumProperty(
        name="Networks", description="Which networks find the head's surface", items=WEIGHTS
    )
    normal_model: bpy.props.StringProperty(
        name="Normal Model",
        description="ONNX file of a normal estimator to use instead of the embedded network; needs onnxruntime beside "
        "the worker",
        subtype="FILE_PATH",
    )
    allow_download: bpy.props.BoolProperty(
        name="Allow Downloading Weights",
        description="Let the worker download weights that do not come with the add-on; also needs Blender's permission "
        "to go online",
        default=False,
    )

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the preferences."""
        layout = self.layout
        layout.use_property_split = True
        self._draw_runtime(layout.box(), context)
        draw_models(layout.box(), context)
        column = layout.column()
        column.prop(self, "device")
        column.prop(self, "flame_file")
        column.prop(self, "weights")
        column.prop(self, "normal_model")
        column.prop(self, "detector")
        row = column.row()
        row.active = self.detector == "face-alignment"
        row.prop(self, "allow_download")
        if row.active and self.allow_download and not bpy.app.online_access:
            draw_sentence(column, context, "Blender itself is not allowed to go online, see System.", "INFO")

    def _draw_runtime(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        draw_runtime(layout, context)
        row = layout.row(align=True)
        row.prop(self, "python")
        row.operator("seif.check_runtime", icon="VIEWZOOM")
        layout.prop(self, "wheels")

    def command(self) -> WorkerCommand:
        """How to start the worker; raises `DependencyError` when it cannot be."""
        return worker_command(bpy.path.abspath(self.python) if self.python else "", user_folder("runtime"))


CLASSES = (SeifPreferences,)
