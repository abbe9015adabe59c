"""A head's collection as an asset, in this file or in a library."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..animate.emotions import ASSET_PROPERTY
from ..animate.lookup import FoundHead
from ..build.provenance import read_provenance
from ..core import errors
from .catalogues import EMOTIONS, HEADS, catalogue_id, name_catalogues
from .preview import set_preview


def mark_head(head: FoundHead, author: str = "") -> bpy.types.Collection:
    """Mark the head's collection as an asset with picture, licence and catalogue; emotions that are assets join.

    Args:
        head: a head of this file.
        author: who made it; empty for none.

    Returns:
        The collection.

    Raises:
        RuntimeError: Blender cannot render the picture.
    """
    collection = head.rig.users_collection[0]
    if collection.asset_data is None:
        collection.asset_mark()
    told, origin = collection.asset_data, read_provenance(head.rig)
    assert told is not None  # noqa: S101 - it was just marked; narrows the type
    told.catalog_id = catalogue_id(HEADS)
    told.author = author
    if origin is not None:
        told.description = f"Head from the photo {origin.photo}, animatable. {origin.attribution}"
        told.license, told.copyright = origin.licence, origin.model
    for tag in ("head", "SeIF"):
        told.tags.new(tag, skip_if_exists=True)
    set_preview(collection, head)
    for action in emotion_assets():
        action.asset_data.catalog_id = catalogue_id(EMOTIONS)
    return collection


def emotion_assets() -> list[bpy.types.Action]:
    """The pose assets of emotions in this file."""
    return [a for a in bpy.data.actions if ASSET_PROPERTY in a and a.asset_data is not None and a.library is None]


def write_to_library(collection: bpy.types.Collection, library: Path) -> Path:
    """Write a marked head, and the emotions, as a file of an asset library; returns the file.

    Raises:
        OutputError: it cannot be written, or another head of that name is there.
    """
    file = library / f"{bpy.path.clean_name(collection.name)}.blend"
    if file.exists() and Path(bpy.data.filepath) == file:
        raise errors.OutputError(f"{file.name} is the open file; save it, it is in the library already.")
    try:
        name_catalogues(library)
        partial = file.with_suffix(".partial")
        bpy.data.libraries.write(str(partial), {collection, *emotion_assets()}, path_remap="ABSOLUTE", compress=True)
        partial.replace(file)
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        words = " ".join(reason.split()).rstrip(".")
        raise errors.OutputError(
            f"{file.name} cannot be written to {library} ({words}); choose another library."
        ) from error
    return file
