"""Where files beside the package are kept: results that can be computed again, and the user's own data."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final, NamedTuple


class _Place(NamedTuple):
    """One kind of folder: the variable that names it, and its usual place on each system below the home folder."""

    variable: str
    windows: tuple[str, str]
    mac: tuple[str, ...]
    elsewhere: tuple[str, tuple[str, ...]]


_CACHE: Final = _Place("SEIF_CACHE", ("LOCALAPPDATA", "Cache"), ("Library", "Caches"), ("XDG_CACHE_HOME", (".cache",)))
_DATA: Final = _Place(
    "SEIF_DATA",
    ("LOCALAPPDATA", "Data"),
    ("Library", "Application Support"),
    ("XDG_DATA_HOME", (".local", "share")),
)
"""Sources: XDG Base Directory Specification 0.8; Apple, File System Programming Guide; Microsoft, KNOWNFOLDERID."""
_NAME: Final = "seif-blender"


def cache_folder() -> Path:
    """Folder of what can be computed again: ``SEIF_CACHE``, or the system's place for caches. It need not exist yet."""
    return _folder(_CACHE)


def data_folder() -> Path:
    """Folder of a user's own data: ``SEIF_DATA``, or the system's place for it. It need not exist yet."""
    return _folder(_DATA)


def weights_folder() -> Path:
    """The folder of imported weights inside `data_folder`."""
    return data_folder() / "weights"


def _folder(place: _Place) -> Path:
    chosen = os.environ.get(place.variable)
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        variable, last = place.windows
        return Path(os.environ.get(variable, Path.home() / "AppData" / "Local")) / _NAME / last
    if sys.platform == "darwin":
        return Path.home().joinpath(*place.mac, _NAME)
    variable, usual = place.elsewhere
    return Path(os.environ.get(variable, Path.home().joinpath(*usual))) / _NAME
