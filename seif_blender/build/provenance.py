"""Custom properties that say where a head comes from and under which licence it may be used."""

from __future__ import annotations

from typing import Final

import bpy

from .blueprint import Origin
from .names import FORMAT_PROPERTY

_FIELDS: Final = ("photo", "photo_sha256", "model", "licence", "attribution")


def write_provenance(block: bpy.types.ID, origin: Origin) -> None:
    """Store the head's origin on an object."""
    block[FORMAT_PROPERTY] = origin.format_version
    for name in _FIELDS:
        block[f"seif_{name}"] = getattr(origin, name)


def read_provenance(block: bpy.types.ID) -> Origin | None:
    """What `write_provenance` stored, None for an object that is no head."""
    if FORMAT_PROPERTY not in block:
        return None
    texts = {name: str(block.get(f"seif_{name}", "")) for name in _FIELDS}
    return Origin(**texts, format_version=int(block[FORMAT_PROPERTY]))
