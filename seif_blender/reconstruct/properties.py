"""What the artist chooses before a reconstruction; stored in the scene."""

# No `from __future__ import annotations`: Blender reads properties from evaluated annotations.
# pyright: reportInvalidTypeForm=false

import json
from collections.abc import Mapping
from pathlib import Path

import bpy

from ..addon import preferences
from ..models.listing import added_flame, added_models
from .pasted_photo import is_temporary, keep_in_file, written_out

FLAME = "flame"
ADDED = "added"
HEAD_MODELS = (
    ("open", "Open Head", "Embedded head model, free for any use"),
    (FLAME, "FLAME", "FLAME from the file that you downloaded; its own licence applies to the head"),
    (ADDED, "Added Model", "A model of the list in the preferences, for example GNM Head"),
)
"""Head models: short names of the library, and FLAME, which stands for the file named in the preferences."""

TEXTURE_SIZES = (
    ("0", "None", "Plain colours instead of a texture; the fastest"),
    ("1024", "1024 px", "For heads seen from afar"),
    ("2048", "2048 px", "For most photos"),
    ("4096", "4096 px", "For large, sharp photos"),
)
"""Side of the square texture in pixels."""


QUALITIES = (
    ("full", "Full", "Hair and fine shape as the photo shows them"),
    ("fast", "Fast", "The fitted head model alone, in a fraction of the time"),
)
HAIR = (
    ("layer", "Separate", "A bald head, and its hair as an object of its own: shell, strands or cards"),
    ("merged", "Part of Head", "The head's own mesh takes the outline of its hair"),
    ("none", "None", "A bald head, ready for hair of your own"),
)
DETAILS = (
    ("0", "Standard", "The head model's own mesh"),
    ("1", "Fine", "Four times as many faces, with finer shape"),
)
"""Subdivisions of the mesh."""

RESOLUTIONS = (
    ("128", "128", "For most photos"),
    ("256", "256", "For subdivided heads; the surface takes four times as long"),
    ("512", "512", "For the finest shape; takes sixteen times as long"),
)
"""Cells per axis of the surface."""


EXPRESSION_SETS = (
    ("arkit", "ARKit", "The 52 shapes of Apple's face capture"),
    ("visemes", "Visemes", "The 15 mouth shapes of speech, of Oculus Lipsync"),
    ("vrm", "VRM", "The 18 expression presets of VRM 1.0"),
    ("emotions", "Emotions", "The seven basic emotions, each with a slider of its own"),
    ("jaw", "Jaw", "The jaw's turns as shapes, for programs without bones"),
)
"""Expression sets of the library; its signed components have a number of their own in the panel."""

SPELLINGS = (
    ("apple", "Apple", "mouthSmileLeft"),
    ("livelink", "Live Link", "MouthSmileLeft, as Unreal has it"),
    ("short", "_L and _R", "mouthSmile_L"),
)
CORRECTIVES = (
    ("live", "Live", "Shapes that follow every turn of jaw, neck and eyes"),
    ("baked", "Baked", "One shape that follows the jaw's opening"),
    ("none", "None", "Bones without correctives"),
)
"""How the model's pose correctives come into Blender."""


def _names_of_added(_own: object, context: bpy.types.Context, _typed: str) -> list[str]:
    return [model.name for model in added_models(context)]


def _photo_changed(own: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    """Another photo: its largest face, and whatever else belongs to the photo alone."""
    from .faces import look_at_new_photo

    own.face = 1
    own.corrected = ""
    if own.photo_image is not None and own.photo != own.photo_image.name:
        own.photo_image = None
    look_at_new_photo(context)


def _face_changed(own: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """Corrected landmarks are those of another face."""
    own.corrected = ""


class SeifSceneProperties(bpy.types.PropertyGroup):
    """The settings of the panel."""

    photo: bpy.props.StringProperty(
        name="Photo",
        description="Picture with the face, for example a portrait in JPEG or PNG",
        subtype="FILE_PATH",
        update=_photo_changed,
    )
    photo_image: bpy.props.PointerProperty(
        name="Pasted Photo", description="The photo, where it is no file: kept in this file", type=bpy.types.Image
    )
    head_model: bpy.props.EnumProperty(
        name="Head Model", description="Head model that is fitted to the photo", items=HEAD_MODELS
    )
    added_model: bpy.props.StringProperty(
        name="Added Model",
        description="Short name of a head model in the preferences' list",
        search=_names_of_added,
    )
    quality: bpy.props.EnumProperty(
        name="Quality", description="How closely the head's shape follows the photo", items=QUALITIES
    )
    hair: bpy.props.EnumProperty(name="Hair", description="What becomes of the hair", items=HAIR)
    detail: bpy.props.EnumProperty(name="Detail", description="How fine the mesh is", items=DETAILS)
    resolution: bpy.props.EnumProperty(
        name="Resolution",
        description="Cells per axis of the surface that the head is drawn onto",
        items=RESOLUTIONS,
        default="128",
    )
    texture_size: bpy.props.EnumProperty(
        name="Texture", description="Size of the texture taken from the photo", items=TEXTURE_SIZES, default="2048"
    )
    face: bpy.props.IntProperty(
        name="Face",
        description="Which face of the photo, counted from the largest",
        default=1,
        min=1,
        soft_max=10,
        update=_face_changed,
    )
    corrected: bpy.props.StringProperty(
        name="Corrected Landmarks", description="Landmarks that were moved by hand", options={"HIDDEN"}
    )
    seed: bpy.props.IntProperty(name="Seed", description="The same photo and seed give the same head", default=0, min=0)
    photo_camera: bpy.props.BoolProperty(
        name="Photo Camera",
        description="Add a camera that sees the head as the photo does, with the photo as its background",
        default=True,
    )
    show_texture: bpy.props.BoolProperty(
        name="Show Texture",
        description="Let the 3D views with solid shading show textures once the head stands there",
        default=True,
    )
    expression_sets: bpy.props.EnumProperty(
        name="Expressions",
        description="Sets of shape keys that the head gets",
        items=EXPRESSION_SETS,
        options={"ENUM_FLAG"},
        default={"arkit"},
    )
    expression_components: bpy.props.IntProperty(
        name="Components",
        description="Add this many of the model's signed components of expression (FLAME's on a FLAME head)",
        default=0,
        min=0,
        soft_max=100,
        max=400,
    )
    spelling: bpy.props.EnumProperty(
        name="Spelling", description="How the names of the ARKit shapes are spelled", items=SPELLINGS
    )
    correctives: bpy.props.EnumProperty(
        name="Correctives", description="Shapes that mend the skin where bones turn it", items=CORRECTIVES
    )

    def expressions(self) -> str:
        """The chosen expression sets in the library's words."""
        sets = [name for name, _, _ in EXPRESSION_SETS if name in self.expression_sets]
        if self.expression_components:
            sets.append(f"flame:{self.expression_components}")
        return ",".join(sets) or "none"

    def corrections(self) -> list[tuple[int, float, float]]:
        """Landmarks that were moved by hand: number, x, y in pixels of the upright photo."""
        try:
            return [(int(n), float(x), float(y)) for n, x, y in json.loads(self.corrected or "[]")]
        except (ValueError, TypeError):
            return []

    def take_photo(self, path: Path) -> None:
        """Make a file the panel's photo; one among Blender's temporary files is kept in the .blend file.

        Raises:
            OSError: such a file cannot be read.
        """
        if not is_temporary(path):
            self.photo = str(path)
            return
        image = keep_in_file(path)
        self.photo_image = image
        self.photo = image.name  # a path of another name forgets the image

    def keep_corrections(self, moved: Mapping[int, tuple[float, float]]) -> None:
        """Remember them for the next head of this face."""
        self.corrected = json.dumps([[n, round(x, 1), round(y, 1)] for n, (x, y) in moved.items()]) if moved else ""

    def photo_path(self) -> Path:
        """The photo's absolute path; of one that is kept in this file, that of a temporary copy."""
        if self.photo_image is not None:
            return written_out(self.photo_image)
        return Path(bpy.path.abspath(self.photo))


def worker_settings(context: bpy.types.Context) -> dict[str, object]:
    """The `settings` of a request of the worker protocol."""
    chosen, own = context.scene.seif, preferences(context)
    return {
        "head_model": _head_model(context),
        "device": own.device,
        "texture_size": int(chosen.texture_size),
        "seed": chosen.seed,
        "face": chosen.face - 1,
        "landmarks": own.detector,
        "online": bool(own.allow_download and bpy.app.online_access),
        "quality": chosen.quality,
        "hair": chosen.hair,
        "weights": own.weights,
        "resolution": int(chosen.resolution),
        "subdivisions": int(chosen.detail),
        "normal_model": bpy.path.abspath(own.normal_model) if own.normal_model else "",
    }


def _head_model(context: bpy.types.Context) -> str:
    """Short name or file of the chosen head model, as the library takes it."""
    chosen, own = context.scene.seif, preferences(context)
    if chosen.head_model == FLAME:
        return bpy.path.abspath(own.flame_file) if own.flame_file else added_flame(context)
    return chosen.added_model if chosen.head_model == ADDED else chosen.head_model


CLASSES = (SeifSceneProperties,)
