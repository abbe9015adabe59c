"""A small picture of the chosen photo for the panel, loaded when first drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy.utils.previews


class _Cache:
    collection: Any = None


def icon_of(path: Path) -> int:
    """Icon of the picture file, 0 where there is none or it may not be looked at."""
    try:
        key = f"{path}|{path.stat().st_mtime_ns}" if path.is_file() else ""
    except OSError:
        return 0
    if not key:
        return 0
    if _Cache.collection is None:
        _Cache.collection = bpy.utils.previews.new()
    if key not in _Cache.collection:
        _Cache.collection.load(key, str(path), "IMAGE")
    return _Cache.collection[key].icon_id


def clear() -> None:
    """Forget all pictures."""
    if _Cache.collection is not None:
        bpy.utils.previews.remove(_Cache.collection)
        _Cache.collection = None
