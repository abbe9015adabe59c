"""Where results that can be computed again are kept between runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

VARIABLE: Final = "SEIF_CACHE"
"""Environment variable that names the folder; the add-on sets it to its own user folder."""


def cache_folder() -> Path:
    """The cache folder: `VARIABLE`, or the system's usual place for caches. It need not exist yet."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "seif-blender" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "seif-blender"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "seif-blender"
