"""Where the photo may come from: a file, a drop into the 3D view, the clipboard, an image that Blender has loaded."""

# No `from __future__ import annotations`: Blender reads properties from evaluated annotations.
# pyright: reportInvalidTypeForm=false

from pathlib import Path

import bpy
from bpy_extras.io_utils import ImportHelper

from .. import core
from ..ui import redraw
from ..worker import registry
from .clipboard_paths import paths_in_text
from .loaded_images import file_of_clipboard, file_of_image, usable_images
from .obstacles import obstacle
from .photo_suffixes import PHOTO_FILTER, PHOTO_SUFFIXES
from .queue_operators import add_to_queue, start_queue


class SEIF_OT_import_photo(bpy.types.Operator, ImportHelper):
    """Make a rigged, textured head from each photo."""

    bl_idname = "seif.import_photo"
    bl_label = "Head from Photo (SeIF)"
    bl_description = "Make a rigged, textured head from each photo"

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})
    directory: bpy.props.StringProperty(subtype="DIR_PATH", options={"SKIP_SAVE", "HIDDEN"})
    files: bpy.props.CollectionProperty(type=bpy.types.OperatorFileListElement, options={"SKIP_SAVE", "HIDDEN"})
    filter_glob: bpy.props.StringProperty(default=PHOTO_FILTER, options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Dropped files are taken at once, else the file browser opens."""
        if self.photos():
            return self.execute(context)
        return ImportHelper.invoke(self, context, event)

    def photos(self) -> list[str]:
        """Paths of the chosen files."""
        several = [str(Path(self.directory) / one.name) for one in self.files if one.name and self.directory]
        return several or ([self.filepath] if self.filepath else [])

    def execute(self, context: bpy.types.Context) -> set[str]:
        """One photo becomes the panel's and starts; several, or one while another runs, go into the queue."""
        photos = self.photos()
        if not photos:
            self.report({"ERROR"}, "No photo was chosen")
            return {"CANCELLED"}
        busy = registry.current_job() is not None
        if len(photos) > 1 or busy:
            add_to_queue(context, [Path(photo) for photo in photos])
            redraw(context)
            return {"FINISHED"} if "CANCELLED" not in start_queue() else {"CANCELLED"}
        context.scene.seif.photo = photos[0]
        lacking = obstacle(context)
        if lacking:
            self.report({"ERROR"}, lacking)
            return {"CANCELLED"}
        mode = "EXEC_DEFAULT" if bpy.app.background else "INVOKE_DEFAULT"
        return {"FINISHED"} if "CANCELLED" not in bpy.ops.seif.reconstruct(mode) else {"CANCELLED"}


class SEIF_OT_paste_photo(bpy.types.Operator):
    """Take the picture that was copied, or the picture files whose paths were copied."""

    bl_idname = "seif.paste_photo"
    bl_label = "Paste Photo"
    bl_description = "Take the picture that was copied in another program, or the picture files whose paths were copied"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """The first becomes the panel's photo, more go into the queue."""
        photos = paths_in_text(context.window_manager.clipboard, PHOTO_SUFFIXES)
        try:
            pasted = None if photos else file_of_clipboard(context)
        except core.errors.SeifError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        photos += [] if pasted is None else [pasted]
        if not photos:
            self.report({"ERROR"}, "The clipboard holds neither a picture nor the path of one; copy one first")
            return {"CANCELLED"}
        try:
            context.scene.seif.take_photo(photos[0])
        except OSError as error:
            self.report({"ERROR"}, f"The picture cannot be read back ({error.strerror or error}); copy it again")
            return {"CANCELLED"}
        if len(photos) > 1:
            self.report({"INFO"}, f"{add_to_queue(context, photos)} photos added to the queue")
        redraw(context)
        return {"FINISHED"}


_ITEMS: list[tuple[str, str, str]] = []
"""Blender keeps no reference to the texts of a dynamic list: they must live here."""


def _image_items(_own: object, _context: bpy.types.Context | None) -> list[tuple[str, str, str]]:
    _ITEMS[:] = [(image.name, image.name, "{} x {} px".format(*image.size)) for image in usable_images()]
    return _ITEMS


class SEIF_OT_photo_from_image(bpy.types.Operator):
    """Take an image that Blender has loaded, as it looks now."""

    bl_idname = "seif.photo_from_image"
    bl_label = "Photo from Image"
    bl_description = "Take an image that Blender has loaded, as it is now: packed, painted on or generated too"
    bl_property = "image"

    image: bpy.props.EnumProperty(name="Image", description="An image of this file", items=_image_items)

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """With an image."""
        if not usable_images():
            cls.poll_message_set("This file has no image; open one in an image editor first")
            return False
        return True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Let the artist search for one."""
        context.window_manager.invoke_search_popup(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Save it if need be, and make it the panel's photo."""
        try:
            context.scene.seif.take_photo(file_of_image(bpy.data.images[self.image]))
        except (core.errors.SeifError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        redraw(context)
        return {"FINISHED"}


class SEIF_FH_photo(bpy.types.FileHandler):
    """Pictures dropped into a 3D view may become heads."""

    bl_idname = "SEIF_FH_photo"
    bl_label = "Head from Photo (SeIF)"
    bl_import_operator = "seif.import_photo"
    bl_file_extensions = ";".join(PHOTO_SUFFIXES)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """Over a 3D view."""
        return context.area is not None and context.area.type == "VIEW_3D"


def draw_import_menu(menu: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """Entry in File > Import."""
    menu.layout.operator(SEIF_OT_import_photo.bl_idname, text=SEIF_OT_import_photo.bl_label)


CLASSES = (SEIF_OT_import_photo, SEIF_OT_paste_photo, SEIF_OT_photo_from_image, SEIF_FH_photo)
