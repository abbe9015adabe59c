"""What a head that is made anew takes over from the earlier one: how it is shown, its asset mark, levels of detail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..animate.lookup import FoundHead
from ..build.hair_switch import show
from ..build.names import HAIR_PROPERTY, PHOTO_LIGHT_PROPERTY, SMOOTH_PROPERTY, HairForm
from ..hair.lookup import hair_objects
from ..lods.lookup import lod_objects
from ..lods.properties import COUNTS, LEAST

_SWITCHES: Final = (SMOOTH_PROPERTY, PHOTO_LIGHT_PROPERTY)
"""Custom properties of the rig that say how a head is shown, beside its hair."""


@dataclass(frozen=True)
class CarriedOver:
    """What an earlier head had.

    Attributes:
        hair: the form that it showed; None without hair.
        switches: its rig's other switches.
        author: of the asset that it was; None where it was none.
        catalogue: of that asset.
        triangles: of its levels of detail, the finest first.
    """

    hair: HairForm | None
    switches: dict[str, Any]
    author: str | None
    catalogue: str
    triangles: tuple[int, ...]


def carried_over(head: FoundHead) -> CarriedOver:
    """What a head hands on."""
    rig = head.rig
    marked = rig.users_collection[0].asset_data if rig.users_collection else None
    levels = [level.mesh for level in lod_objects(head).values()]
    return CarriedOver(
        HairForm(rig[HAIR_PROPERTY]) if HAIR_PROPERTY in rig else None,
        {name: rig[name] for name in _SWITCHES if name in rig},
        None if marked is None else marked.author,
        "" if marked is None else marked.catalog_id,
        tuple(len(mesh.data.polygons) for mesh in levels if mesh is not None),
    )


def take_over(made: FoundHead, earlier: CarriedOver) -> str:
    """Show a head as the earlier one was shown, and mark it as an asset where that was one.

    Returns:
        A sentence on what did not come along, empty where all did. Levels of detail have `lod_counts`.
    """
    if earlier.hair is not None and (earlier.hair is HairForm.NONE or earlier.hair in hair_objects(made)):
        show(made.rig, earlier.hair)
    for name, value in earlier.switches.items():
        if name in made.rig:
            made.rig[name] = value
    made.rig.update_tag()
    return "" if earlier.author is None else _mark(made, earlier.author, earlier.catalogue)


def _mark(made: FoundHead, author: str, catalogue: str) -> str:
    from ..assets.mark import mark_head

    try:
        told = mark_head(made, author).asset_data
    except (RuntimeError, OSError) as error:
        return f"The head is an asset, but without a new picture ({' '.join(str(error).split())})"
    if told is not None:
        told.catalog_id = catalogue
    return ""


def lod_counts(triangles: Sequence[int]) -> tuple[int, ...]:
    """Counts for Make LODs after a head that had levels of so many triangles; empty where it had none.

    A level is made to its count as far as borders allow, so the next is asked for by what the earlier one has.
    """
    if not triangles:
        return ()
    counts = [max(count, LEAST) for count in triangles]
    if len(counts) != len(COUNTS) or counts != sorted(set(counts), reverse=True):
        return COUNTS
    return tuple(counts)
