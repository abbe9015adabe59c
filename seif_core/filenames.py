"""File names: shown as text, and turned into the names of the folders that results go to."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Final

_NO_TEXT: Final = re.compile("[\ud800-\udfff\x00-\x1f\x7f-\x9f]")
"""Bytes of a name that are not UTF-8 (Python hands them on as surrogates, PEP 383), and control characters."""

_NO_NAME_ON_WINDOWS: Final = re.compile(r'[<>:"/\\|?*]')
_DEVICES_OF_WINDOWS: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
"""Source of both: Microsoft, Naming Files, Paths, and Namespaces."""

_LONGEST: Final = 200
"""Bytes of a folder's name in UTF-8: file systems take 255, and a number may be added."""

_NAMELESS: Final = "head"
"""Folder of a photo whose name says nothing, such as ``...jpg``, or has no letter that is text."""


def as_text(name: str) -> str:
    """A file's name as text that can be encoded and shown: what is no text becomes U+FFFD, as Unicode advises."""
    return _NO_TEXT.sub("\ufffd", name)


def called(path: Path) -> str:
    """What a sentence calls a file or folder: the last part of its path, or all of it where that has none (``.``)."""
    return as_text(path.name or str(path))


def is_file(path: Path) -> bool:
    """Whether there is such a file; there is none of a name that the system does not take, such as one too long."""
    return os.path.isfile(path)  # noqa: PTH113 - `Path.is_file` raises OSError then


def is_folder(path: Path) -> bool:
    """Whether there is such a folder; as `is_file`."""
    return os.path.isdir(path)  # noqa: PTH112 - as above


def places(path: Path) -> tuple[str, str]:
    """Where a path leads, its own last link not followed and followed."""
    return os.path.join(os.path.realpath(path.parent), path.name), os.path.realpath(path)  # noqa: PTH118 - for the text


def same_place(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file or folder, also where letters' case or composition do not count."""
    return not {same_name(place) for place in places(one)}.isdisjoint(map(same_name, places(other)))


def about(name: str, sentence: str) -> str:
    """The sentence with the file that it is about before it, unless it names that file itself.

    A name without a suffix (of a pipe, or plainly ``photo``) may be any word of the sentence, and is told in any case.
    """
    named = "." in name and re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", sentence)
    return sentence if named else f"{name}: {sentence}"


def folder_name(photo: Path) -> str:
    """The name of a photo's result folder: its own without the suffix, made into one that leads nowhere else.

    Leading dots are dropped, so that ``...jpg`` does not name the parent folder and nothing is hidden.
    """
    name = _NO_TEXT.sub("_", photo.stem)
    if os.name == "nt":
        name = _NO_NAME_ON_WINDOWS.sub("_", name)
    name = name.strip(" .").encode()[:_LONGEST].decode(errors="ignore").strip(" .")
    if os.name == "nt" and _DEVICES_OF_WINDOWS.fullmatch(name):
        name = f"_{name}"
    told = bool(name.strip("_")) or not _NO_TEXT.search(photo.stem)  # else every letter was none
    return name if name and told else _NAMELESS


def same_name(name: str) -> str:
    """What two names have in common that mean one file where letters' case or composition do not count."""
    return unicodedata.normalize("NFC", name).casefold()


def result_folders(photos: Sequence[Path], out: Path, usable: Callable[[Path], bool] = lambda _: True) -> list[Path]:
    """One folder inside `out` for each photo, no two the same: the photo's name, or that with -2, -3, ...

    Args:
        photos: the photos of a run.
        out: the folder that holds the results.
        usable: whether results may go to a folder.
    """
    names = [folder_name(photo) for photo in photos]
    plain = {same_name(name) for name in names}
    taken: set[str] = set()
    found = []
    for name in names:
        for number, choice in _choices(name):
            if number > 1 and same_name(choice) in plain:  # the own name of another photo of this run
                continue
            target = out / choice
            place = same_name(os.path.realpath(target))
            if place not in taken and usable(target):
                taken.add(place)
                found.append(target)
                break
    return found


def _choices(name: str) -> Iterator[tuple[int, str]]:
    return ((number, name if number == 1 else f"{name}-{number}") for number in count(1))
