"""The photo that a head was made of, kept in the file with the head, so that it can be made anew from there."""

from __future__ import annotations

from typing import Final

import bpy

KEPT_PHOTO: Final = "seif_photo_image"
"""Custom property of the rig: the image data-block that holds the upright photo's bytes."""


def keep_photo(rig: bpy.types.Object, image: bpy.types.Image) -> None:
    """Let a head know its photo.

    Args:
        rig: the armature object.
        image: a packed image.
    """
    rig[KEPT_PHOTO] = image


def kept_photo(rig: bpy.types.Object) -> bpy.types.Image | None:
    """The packed photo of a head: its own, or, in files of earlier releases, its camera's background; None without."""
    found = [rig.get(KEPT_PHOTO), *backgrounds(rig)]
    return next((image for image in found if isinstance(image, bpy.types.Image) and image.packed_file), None)


def backgrounds(rig: bpy.types.Object) -> list[bpy.types.Image]:
    """Background images of the cameras that hang on a rig."""
    cameras = [ob.data for ob in rig.children if ob.type == "CAMERA"]
    return [shown.image for camera in cameras for shown in camera.background_images if shown.image is not None]


def replace_photo(rig: bpy.types.Object, image: bpy.types.Image) -> None:
    """Let a head keep another image of the same photo, behind its camera too; the former goes if nobody uses it.

    Args:
        rig: the armature object.
        image: a packed image of the same size.
    """
    former = kept_photo(rig)
    if former is None or former == image:
        return
    keep_photo(rig, image)
    for camera in (ob.data for ob in rig.children if ob.type == "CAMERA"):
        for shown in camera.background_images:
            if shown.image == former:
                shown.image = image
    if former.users == 0:
        bpy.data.images.remove(former)
