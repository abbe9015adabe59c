"""Custom properties that say where a head comes from and under which licence it may be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import bpy

from .names import FORMAT_PROPERTY

if TYPE_CHECKING:  # the panels read this module, and enabling the add-on shall not load numpy
    from ..core import Head


@dataclass(frozen=True)
class Provenance:
    """What a built head says of itself.

    Attributes:
        photo: file name of the source photo.
        model: head model's name and version.
        licence: licence that applies to this head.
        attribution: sentence that names the model's source.
    """

    photo: str
    model: str
    licence: str
    attribution: str


def write_provenance(block: bpy.types.ID, head: Head) -> None:
    """Store the head's origin on an object."""
    block[FORMAT_PROPERTY] = head.format_version
    block["seif_photo"] = head.photo_name
    block["seif_photo_sha256"] = head.photo_sha256
    block["seif_model"] = head.model_title
    block["seif_licence"] = head.model_licence
    block["seif_attribution"] = head.attribution


def read_provenance(block: bpy.types.ID) -> Provenance | None:
    """What `write_provenance` stored, None for an object that is no head."""
    if FORMAT_PROPERTY not in block:
        return None
    return Provenance(*(str(block.get(f"seif_{name}", "")) for name in ("photo", "model", "licence", "attribution")))
