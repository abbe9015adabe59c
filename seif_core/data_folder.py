"""Where a user's own data that cannot be computed again is kept: imported weights."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

VARIABLE: Final = "SEIF_DATA"
"""Environment variable that names the folder."""


def data_folder() -> Path:
    """The data folder: `VARIABLE`, or the system's usual place for a user's data. It need not exist yet."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "seif-blender" / "Data"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "seif-blender"
    return Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share")) / "seif-blender"


def weights_folder() -> Path:
    """The folder of imported weights inside it."""
    return data_folder() / "weights"
