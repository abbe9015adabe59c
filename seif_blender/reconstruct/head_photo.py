"""Which photo, and which face of it, a head of the scene was made of: what Re-run with Changes makes it anew from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import bpy

from .. import core
from ..build.kept_photo import kept_photo
from ..build.provenance import read_provenance
from ..worker.job import Job
from .loaded_images import file_of_image

_FACE: Final = "seif_face"
"""Custom property of the rig: the face of the photo, counted from the largest, 0. Missing on heads of files: 0."""
_CORRECTIONS: Final = "seif_corrections"
"""Custom property of the rig: what was corrected by hand, as the request told it, in JSON."""


@dataclass(frozen=True)
class HeadPhoto:
    """The photo of a head.

    Attributes:
        name: of its file.
        face: counted from the largest, 0.
        corrections: landmarks that were moved by hand, as `Job.corrections`.
        file: the panel's file where that is this photo, byte for byte; else None.
        image: the copy that is kept with the head, or None.
    """

    name: str
    face: int
    corrections: list[tuple[int, float, float]]
    file: Path | None
    image: bpy.types.Image | None


def remember_job(rig: bpy.types.Object, job: Job) -> None:
    """Let a new head know what it was made with, beside its photo."""
    rig[_FACE] = int(job.settings.get("face", 0))
    rig[_CORRECTIONS] = json.dumps(job.corrections)


def photo_of_head(context: bpy.types.Context, rig: bpy.types.Object) -> HeadPhoto | None:
    """The photo of a head, None where it cannot be had any more.

    The panel's photo is taken where it is the same file, for it has all that the camera told; then the corrections of
    the panel count too if the face is the same. Else the copy that is kept with the head, with the head's corrections.
    """
    origin = read_provenance(rig)
    if origin is None:
        return None
    face, image = int(rig.get(_FACE, 0)), kept_photo(rig)
    chosen = context.scene.seif
    path = chosen.photo_path() if chosen.photo else None
    if path is not None and path.is_absolute() and _sha256(path) == origin.photo_sha256:
        own = chosen.face - 1 == face
        return HeadPhoto(origin.photo, face, chosen.corrections() if own else _corrections(rig), path, image)
    if image is None:
        return None
    return HeadPhoto(origin.photo, face, _corrections(rig), None, image)


def file_of_copy(photo: HeadPhoto) -> Path:
    """The kept copy as a temporary file named as the photo was.

    Raises:
        OutputError: it cannot be written.
    """
    if photo.image is None:
        raise core.errors.OutputError(f"There is no copy of the photo {photo.name}; choose the photo in the panel.")
    return file_of_image(photo.image, Path(photo.name).stem)


def _corrections(rig: bpy.types.Object) -> list[tuple[int, float, float]]:
    try:
        return [(int(n), float(x), float(y)) for n, x, y in json.loads(str(rig.get(_CORRECTIONS, "[]")))]
    except (ValueError, TypeError):
        return []


_HASHES: dict[tuple[str, int, int], str] = {}
"""Path, time of change and size of a file -> sha256: panels ask at every redraw."""


def _sha256(path: Path) -> str:
    try:
        told = path.stat()
        key = (str(path), told.st_mtime_ns, told.st_size)
        if key not in _HASHES:
            _HASHES.clear()
            _HASHES[key] = hashlib.sha256(path.read_bytes()).hexdigest()
    except (OSError, ValueError):
        return ""
    return _HASHES[key]
