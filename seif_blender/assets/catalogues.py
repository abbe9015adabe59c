"""The file of an asset library that names its catalogues.

Source: Blender's manual, Asset Catalogs, "Catalog Definition File"
(https://docs.blender.org/manual/en/latest/files/asset_libraries/catalogs.html): lines ``UUID:path:simple name`` after
``VERSION 1``.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Final

FILE: Final = "blender_assets.cats.txt"
HEADS: Final = "SeIF/Heads"
EMOTIONS: Final = "SeIF/Emotions"

_NAMESPACE: Final = uuid.UUID("f2b0c9d6-5c0e-4b6f-9a57-2f6f3b1f6d10")
_HEADER: Final = "# This is an Asset Catalog Definition file for Blender.\n\nVERSION 1\n\n"


def catalogue_id(path: str) -> str:
    """The number of a catalogue: the same in every library, so that assets keep theirs when they are moved."""
    return str(uuid.uuid5(_NAMESPACE, path))


def name_catalogues(folder: Path) -> None:
    """Add our catalogues to a library's file, leaving what stands there.

    Raises:
        OSError: the file cannot be read or written.
    """
    file = folder / FILE
    text = file.read_text(encoding="utf-8") if file.is_file() else _HEADER
    known = {line.split(":", 1)[0].strip() for line in text.splitlines()}
    missing = [path for path in (HEADS, EMOTIONS) if catalogue_id(path) not in known]
    if not missing:
        return
    lines = [f"{catalogue_id(path)}:{path}:{path.replace('/', '-')}" for path in missing]
    joined = text if text.endswith("\n") else f"{text}\n"
    file.write_text(joined + "\n".join(lines) + "\n", encoding="utf-8", newline="\n")
