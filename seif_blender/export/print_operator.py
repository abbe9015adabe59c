"""Print Head: the active head as it looks now, one watertight solid in millimetres."""

# No `from __future__ import annotations`: Blender reads properties from evaluated annotations.
# pyright: reportInvalidTypeForm=false

from pathlib import Path

import bpy
from bpy_extras.io_utils import ExportHelper

from ..animate.lookup import needs_head, require_head
from ..build.provenance import read_provenance
from ..ui import redraw
from ..waiting import TaskOperator
from ..worker import registry
from ..worker.task import Task

_FORMATS = [(".3mf", "3MF", "Millimetres, with licence and source"), (".stl", "STL", "Triangles without a unit")]
_BASES = [
    ("flat", "Flat", "The shoulders go straight down to a flat cut"),
    ("bust", "Bust", "A turned foot below the shoulders"),
]


class SEIF_OT_print_head(TaskOperator, bpy.types.Operator, ExportHelper):
    """Make one watertight solid of the active head as it looks now, for a 3D printer."""

    bl_idname = "seif.print_head"
    bl_label = "Print Head"
    bl_description = (
        "Make one watertight solid of skin, eyes, teeth and hair, with the pose and expression that they have now, "
        "and write it in millimetres for a 3D printer"
    )

    filename_ext = ".3mf"
    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_glob: bpy.props.StringProperty(default="*.3mf;*.stl", options={"HIDDEN"})
    form: bpy.props.EnumProperty(name="Format", description="Of the file", items=_FORMATS)
    height: bpy.props.FloatProperty(
        name="Height", description="Of the whole print in millimetres", default=120.0, min=20.0, max=600.0
    )
    base: bpy.props.EnumProperty(name="Base", description="What the print stands on", items=_BASES)
    wall: bpy.props.FloatProperty(
        name="Wall", description="Millimetres of a hollow print's wall; 0 is massive", default=0.0, min=0.0, max=20.0
    )
    drain: bpy.props.FloatProperty(
        name="Drain Hole", description="Its diameter in a hollow print's base", default=4.0, min=0.0, max=30.0
    )
    hair: bpy.props.BoolProperty(name="Hair", description="With the shell of the hair", default=True)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """With a head active, while no job runs."""
        if not needs_head(cls, context):
            return False
        if registry.current_job() is not None:
            cls.poll_message_set("A job is running; wait for it or cancel it")
            return False
        return True

    def check(self, _context: bpy.types.Context) -> bool:
        """Let the file's suffix follow the format."""
        before, path = self.filepath, Path(self.filepath)
        known = path.suffix.lower() in {name for name, _, _ in _FORMATS}
        if path.name:
            self.filepath = str(path.with_suffix("") if known else path) + self.form
        return self.filepath != before

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for a file, named after the head."""
        self.filepath = self.filepath or f"{require_head(context).mesh.name}{self.form}"
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def draw(self, _context: bpy.types.Context) -> None:
        """The file browser's options."""
        for name in ("form", "height", "base", "wall", "drain", "hair"):
            if name != "drain" or self.wall:
                self.layout.prop(self, name)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Hand the meshes to the worker."""
        from .print_meshes import write_meshes

        suffix = Path(self.filepath).suffix.lower()
        if not self.properties.is_property_set("form") and suffix in {name for name, _, _ in _FORMATS}:
            self.form = suffix  # a script names the file alone
        self.check(context)
        head, target = require_head(context), Path(bpy.path.abspath(self.filepath))
        origin = read_provenance(head.rig)
        settings = {"height_mm": self.height, "base": self.base, "wall_mm": self.wall, "drain_mm": self.drain}
        told = {} if origin is None else {"licence": origin.licence, "attribution": origin.attribution}
        task = Task(target, kind="print", fields={"target": str(target), "settings": settings, **told})
        meshes = task.folder / "meshes.npz"
        write_meshes(head, meshes, hair=self.hair)
        task.fields |= {"meshes": str(meshes), "title": head.mesh.name}
        return self.begin(context, task)

    def answered(self, context: bpy.types.Context, task: Task) -> str:
        """Say what was made."""
        redraw(context)
        for note in task.report.get("notes") or ():
            self.report({"WARNING"}, note)
        size = " x ".join(f"{n:.0f}" for n in task.report.get("size", ()))
        return f"{task.photo.name}: {size} mm, {task.report.get('volume', 0) / 1000:.0f} cm³ of material"


CLASSES = (SEIF_OT_print_head,)
