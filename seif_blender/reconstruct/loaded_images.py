"""An image that Blender has loaded, or that the clipboard holds, as a picture file for the worker."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Final

import bpy

from .. import core
from ..compat import paste_clipboard_image, save_copy_of_image

_SUFFIXES: Final = {"JPEG": ".jpg", "PNG": ".png", "TIFF": ".tif", "BMP": ".bmp", "WEBP": ".webp"}
"""Blender's `Image.file_format` -> suffix, for formats that the library reads; others are saved as PNG."""
_UNSAFE: Final = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
"""Letters that Windows does not take in file names, and those that no system does."""


def usable_images() -> list[bpy.types.Image]:
    """Images of this file that may show a face: files, packed ones, and generated ones, whose type is UV_TEST."""
    return [
        image
        for image in bpy.data.images
        if image.type in {"IMAGE", "UV_TEST"}
        and image.source in {"FILE", "GENERATED"}
        and (image.source == "GENERATED" or image.filepath or image.packed_file)
    ]


def file_of_image(image: bpy.types.Image, stem: str = "") -> Path:
    """A picture file with the image's pixels as they are now.

    Its own file where that holds them; else a temporary file, which ends with Blender. Packed files keep their bytes,
    and with them the camera's EXIF.

    Args:
        image: an image.
        stem: what a temporary file is called, by default as the image.

    Raises:
        OutputError: the file cannot be written.
    """
    if image.packed_file is None and not image.is_dirty and image.source == "FILE":
        own = Path(bpy.path.abspath(image.filepath, library=image.library))
        if own.is_file():
            return own
    format_before = image.file_format
    suffix = _SUFFIXES.get(format_before, ".png")
    target = temporary_photo(stem or Path(image.name).stem, suffix)
    try:
        if image.packed_file is not None and not image.is_dirty:
            target.write_bytes(image.packed_file.data)
            return target
        if suffix == ".png":
            image.file_format = "PNG"
        save_copy_of_image(image, target)
    except (OSError, RuntimeError) as error:
        raise core.errors.OutputError(
            f"The image {image.name} could not be saved as a photo ({str(error).strip()}); "
            "save it as a file and choose that."
        ) from error
    finally:
        if image.file_format != format_before:
            image.file_format = format_before
    if not target.is_file():
        raise core.errors.OutputError(f"The image {image.name} has no pixels; choose another.")
    return target


def temporary_photo(stem: str, suffix: str) -> Path:
    """Path of a file in a new folder among Blender's temporary files, which Blender removes when it ends."""
    name = _UNSAFE.sub("_", stem).strip(" .") or "image"
    return Path(tempfile.mkdtemp(prefix="photo-", dir=bpy.app.tempdir or None)) / f"{name}{suffix}"


def file_of_clipboard(context: bpy.types.Context) -> Path | None:
    """The picture on the clipboard as a temporary file, None where there is none.

    Raises:
        OutputError: it cannot be written.
    """
    image = paste_clipboard_image(context)
    if image is None:
        return None
    try:
        return file_of_image(image)
    finally:
        bpy.data.images.remove(image)
