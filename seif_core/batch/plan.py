"""The photos of a folder and of all folders in it, and a folder of its own for the results of each.

Results lie as the photos do: ``DIR/anna/1.jpg`` gives ``OUT/anna/1``. Two photos of one name in one folder, and a photo
whose name is that of a folder of photos, get ``-2``, ``-3``, ...: no two results ever meet.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from ..errors import PhotoNotFoundError, SettingsError
from ..filenames import as_text, called, is_file, is_folder, result_folders, same_name
from ..results import check_place, spares
from ..settings import ReconstructionSettings
from .job import PhotoJob

_PICTURES: Final = "jpg jpeg jpe jfif mpo png webp avif heic heif hif tif tiff bmp gif jp2 j2k jpx ppm pgm tga qoi"
_CAMERA_RAW: Final = "dng nef cr2 cr3 arw raf orf rw2 pef srw"
PHOTOS: Final = frozenset(f".{suffix}" for kind in (_PICTURES, _CAMERA_RAW) for suffix in kind.split())
"""Suffixes of the files of a folder that are taken for photos: those of the formats of docs/photos.md."""


def plan_batch(
    photos: Path,
    out: Path,
    settings: ReconstructionSettings,
    formats: Sequence[str],
    *,
    debug_images: bool = False,
) -> list[PhotoJob]:
    """What is to be done, ordered by path, the photos of a folder before those of the folders in it.

    Args:
        photos: the folder of photos; folders in it are looked through too, hidden ones and links to folders are not.
        out: the folder of results; where it lies inside `photos` it is left out.
        settings: of every reconstruction.
        formats: names in `results.FORMATS`.
        debug_images: whether the pictures of ``--debug-images`` are wanted too.

    Raises:
        PhotoNotFoundError: there is no such folder, a file instead of one, or no photo in it.
        SettingsError: the results would lie among the photos.
        OutputError: nothing can be written into `out`.
    """
    if is_file(photos):
        raise PhotoNotFoundError(
            f"{called(photos)} is a file; choose the folder that holds it, or seif reconstruct for one photo."
        )
    if not is_folder(photos):
        raise PhotoNotFoundError(f"There is no folder {as_text(str(photos))}; choose a folder of photos.")
    here, there = Path(os.path.realpath(photos)), Path(os.path.realpath(out))
    if here == there or there in here.parents:
        raise SettingsError(
            f"The results would go to {as_text(str(out))}, which holds the photos; choose another folder with --out."
        )
    check_place(out)
    found = _photos_by_folder(here, there)
    if not found:
        raise PhotoNotFoundError(
            f"There is no photo in {as_text(str(photos))}; choose a folder with pictures (JPEG, PNG, HEIC, ...)."
        )
    holding = {same_name(str(out / parent)) for folder in found for parent in (folder, *folder.parents)}
    read = [here / folder / name for folder, names in found.items() for name in names]
    plain = PhotoJob(here, there, "", "", settings, tuple(formats), debug_images)
    jobs = []
    for folder, names in found.items():
        files = [here / folder / name for name in names]
        targets = result_folders(
            files, out / folder, lambda target: same_name(str(target)) not in holding and spares(target, read)
        )
        for name, file, target in zip(names, files, targets, strict=True):
            shown = as_text((folder / name).as_posix()), as_text(target.relative_to(out).as_posix())
            jobs.append(replace(plain, photo=file, target=target, name=shown[0], folder=shown[1]))
    return jobs


def _photos_by_folder(photos: Path, out: Path) -> dict[Path, list[str]]:
    """Names of the photos of each folder that has some; folders as paths from `photos`."""
    found = {}
    for place, folders, files in os.walk(photos):
        here = Path(place)
        folders[:] = sorted(name for name in folders if not name.startswith(".") and here / name != out)
        names = sorted(
            n for n in files if Path(n).suffix.lower() in PHOTOS and not n.startswith(".") and (here / n).is_file()
        )  # no pipe, no device, no link into nowhere: nobody may ever write into them
        if names:
            found[here.relative_to(photos)] = names
    return found
