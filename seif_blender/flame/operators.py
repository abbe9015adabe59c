"""Import FLAME Parameters: what DECA, EMOCA, SMIRK, MICA, VHAP or FLAME_PyTorch's users saved, onto the active head."""

# No `from __future__ import annotations`: Blender reads properties from evaluated annotations.
# pyright: reportInvalidTypeForm=false

from pathlib import Path

import bpy
from bpy_extras.io_utils import ImportHelper

from ..addon import preferences
from ..animate.lookup import find_head, require_head
from ..build.provenance import read_provenance
from ..core import errors
from ..waiting import TaskOperator
from ..worker import registry
from ..worker.task import Task
from .apply import apply_motion, arkit_keys, read_motion

SUFFIXES = (".npz", ".npy", ".json", ".pkl", ".pickle", ".pt", ".pth", ".frame")
"""Files of FLAME parameters that the library reads."""


class SEIF_OT_import_flame(TaskOperator, bpy.types.Operator, ImportHelper):
    """Apply FLAME parameters that DECA, EMOCA, SMIRK, MICA, VHAP or FLAME_PyTorch saved to the active head."""

    bl_idname = "seif.import_flame"
    bl_label = "FLAME Parameters (SeIF)"
    bl_description = (
        "Apply FLAME parameters that DECA, EMOCA, SMIRK, MICA, VHAP or FLAME_PyTorch saved to the active head; "
        "sequences, or several files of one frame each, become keyframes from the current frame on"
    )
    bl_options = {"UNDO"}

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})
    directory: bpy.props.StringProperty(subtype="DIR_PATH", options={"SKIP_SAVE", "HIDDEN"})
    files: bpy.props.CollectionProperty(type=bpy.types.OperatorFileListElement, options={"SKIP_SAVE", "HIDDEN"})
    filter_glob: bpy.props.StringProperty(default=";".join(f"*{s}" for s in SUFFIXES), options={"HIDDEN"})
    head_turn: bpy.props.BoolProperty(
        name="Turn the Head",
        description="Let the root bone turn as the file says, in its camera's space",
        default=False,
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With a head active and while no job runs."""
        if find_head(context) is None:
            cls.poll_message_set("Select a head that was made from a photo")
            return False
        if registry.current_job() is not None:
            cls.poll_message_set("A job is running; wait for it or cancel it")
            return False
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """A file that was handed over is taken at once, else the file browser opens."""
        return self.execute(context) if self.filepath else ImportHelper.invoke(self, context, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Let the worker read the files."""
        head, own = require_head(context), preferences(context)
        paths = self._paths()
        fields = {
            "paths": paths,
            "key_names": list(arkit_keys(head)),
            "head_model": _model_name(context),
            "flame": bpy.path.abspath(own.flame_file) if own.flame_file else "",
        }
        return self.begin(context, Task(Path(paths[0]), kind="flame_motion", fields=fields, output="motion.json"))

    def answered(self, context: bpy.types.Context, task: Task) -> str:
        """Key what the worker computed."""
        head, file = find_head(context), task.result_file
        if head is None or file is None:
            raise errors.SettingsError("The head is gone; select one and try again.")
        is_flame = _model_name(context).startswith("flame")
        frame = context.scene.frame_current
        sentence = apply_motion(head, read_motion(file), frame, head_turn=self.head_turn, is_flame=is_flame)
        context.scene.frame_end = max(context.scene.frame_end, frame + int(task.report.get("frames", 1)) - 1)
        unused = task.report.get("left_out") or []
        return sentence + (f"; not used: {', '.join(unused)}" if unused else "")

    def _paths(self) -> list[str]:
        names = sorted(entry.name for entry in self.files if entry.name)
        if len(names) > 1:
            return [str(Path(bpy.path.abspath(self.directory)) / name) for name in names]
        return [bpy.path.abspath(self.filepath)]


def _model_name(context: bpy.types.Context) -> str:
    """A guess at the short name of the active head's model, from its title: ``flame2023open``, ``open``, ``gnm``."""
    origin = read_provenance(require_head(context).rig)
    return "" if origin is None else origin.model.lower().replace(" ", "")


def draw_import_menu(menu: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """Entry in File > Import."""
    menu.layout.operator(SEIF_OT_import_flame.bl_idname, text=SEIF_OT_import_flame.bl_label)


class SEIF_PT_flame(bpy.types.Panel):
    """FLAME parameters of other programs."""

    bl_idname = "SEIF_PT_flame"
    bl_label = "FLAME"
    bl_parent_id = "SEIF_PT_head"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "SeIF"
    bl_order = 6
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, _context: bpy.types.Context) -> None:
        """The button; what went wrong last stands in the panel above."""
        self.layout.operator("seif.import_flame", text="Import FLAME Parameters", icon="IMPORT")


CLASSES = (SEIF_OT_import_flame, SEIF_PT_flame)
