"""Where files beside the package are kept: results that can be computed again, and the user's own data."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from contextlib import suppress
from functools import cache
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


def models_folder() -> Path:
    """The folder of added head models inside `data_folder`."""
    return data_folder() / "models"


def _folder(place: _Place) -> Path:
    chosen = os.environ.get(place.variable)
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        variable, last = place.windows
        return (_named(variable) or _home() / "AppData" / "Local") / _NAME / last
    if sys.platform == "darwin":
        return _home().joinpath(*place.mac, _NAME)
    variable, usual = place.elsewhere
    return (_named(variable) or _home().joinpath(*usual)) / _NAME


def _named(variable: str) -> Path | None:
    """The folder that a variable names; an empty or relative one counts as none, as the XDG specification says."""
    folder = Path(os.environ.get(variable, ""))
    return folder if folder.is_absolute() else None


def _home() -> Path:
    """The user's home folder, or a private one among the temporary files for a user who has none (a container's)."""
    try:
        home = Path.home()
    except RuntimeError:  # no HOME, and no entry in the list of users
        return _private_folder()
    return home if home.is_absolute() else _private_folder()


def _private_folder() -> Path:
    """A folder below the temporary files that is this user's alone; the same one each time where that can be.

    Anybody may make a folder of that name first, so one that is not ours, or is open to others, is not used.
    """
    user = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(tempfile.gettempdir()) / f"{_NAME}-{user}"
    with suppress(OSError):
        folder.mkdir(mode=0o700)
    try:
        found = folder.lstat()
    except OSError:
        return folder
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == user and not found.st_mode & 0o077
    return folder if ours or os.name == "nt" else _last_resort()


@cache
def _last_resort() -> Path:
    return Path(tempfile.mkdtemp(prefix=f"{_NAME}-"))
