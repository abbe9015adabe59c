"""Paths of files in the text that the clipboard holds; no `bpy`."""

from __future__ import annotations

import os
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Final

_LONGEST: Final = 100_000
"""Characters of a clipboard's text that are looked at."""
_MARKS: Final = ("copy", "cut", "x-special/nautilus-clipboard")
"""Lines that file managers put before the addresses of copied files."""


def paths_in_text(text: str, suffixes: tuple[str, ...]) -> list[Path]:
    """Files that exist and have one of the suffixes, in order: a path, bare or quoted, or ``file:`` address a line.

    Args:
        text: what the clipboard holds.
        suffixes: wanted ones, in small letters.
    """
    found = []
    for line in text[:_LONGEST].splitlines():
        path = _path_of(line.strip())
        if path is not None and path.suffix.lower() in suffixes and _is_file(path):
            found.append(path)
    return found


def _path_of(line: str) -> Path | None:
    if not line or line in _MARKS:
        return None
    if line.lower().startswith("file:"):
        return Path(urllib.request.url2pathname(urllib.parse.urlsplit(line).path))
    if len(line) > 1 and line[0] == line[-1] and line[0] in "\"'":  # as Windows' "Copy as path" gives it
        line = line[1:-1]
    path = Path(os.path.expanduser(line)) if line.startswith("~") else Path(line)  # noqa: PTH111 - no home is no error
    return path if path.is_absolute() else None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
