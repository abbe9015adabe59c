"""A photo that is no file of the artist's: a packed image of the .blend file, written out when it is needed.

What lies among Blender's temporary files is gone when Blender ends, so no path to it may be saved.
"""

from __future__ import annotations

import hashlib
import string
import tempfile
from pathlib import Path, PureWindowsPath
from typing import Final

import bpy

from ..build.materials import packed_image

_NAME: Final = "seif_file"
"""Custom property of the image: the name of its file; the image's own may be cut and counted."""
_SUM: Final = "seif_sha256"
"""Custom property of the image: the sha256 of its bytes, after which its temporary folder is called."""


def is_temporary(path: Path) -> bool:
    """Whether a file lies among Blender's temporary ones, which go when Blender ends."""
    return bool(bpy.app.tempdir) and path.resolve().is_relative_to(Path(bpy.app.tempdir).resolve())


def keep_in_file(path: Path) -> bpy.types.Image:
    """A packed image with a file's bytes.

    Raises:
        OSError: the file cannot be read.
    """
    data = path.read_bytes()
    image = packed_image(path.name, data)
    image[_NAME] = path.name
    image[_SUM] = hashlib.sha256(data).hexdigest()
    return image


def written_out(image: bpy.types.Image) -> Path:
    """The file of a kept photo, written where it is not there yet; where it cannot be, the path all the same."""
    sha256 = "".join(letter for letter in str(image.get(_SUM, "")) if letter in string.hexdigits)
    folder = Path(bpy.app.tempdir or tempfile.gettempdir()) / f"photo-{sha256[:16]}"
    # a .blend file of somebody else's may say anything: no name of it leads out of the folder
    file = folder / (PureWindowsPath(str(image.get(_NAME, image.name))).name.strip(".") or "photo")
    try:
        if image.packed_file is not None and not file.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            file.write_bytes(image.packed_file.data)
    except OSError:
        return file  # the worker says that there is no such photo
    return file
