"""Which part of the face a key belongs to, whatever the spelling, and which key mirrors it. Needs no Blender."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from .. import core

REGIONS: Final[dict[str, str]] = {
    "brows": "Brows",
    "eyes": "Eyes",
    "cheeks": "Cheeks",
    "nose": "Nose",
    "mouth": "Mouth",
    "jaw": "Jaw",
    "tongue": "Tongue",
    "visemes": "Visemes",
    "vrm": "VRM",
    "components": "Components",
    "other": "Other",
}
"""Region -> its title, in the order of the panel."""

_BEGINNINGS: Final = {
    "viseme_": "visemes",
    "vrm_": "vrm",
    "expr_": "components",
    "brow": "brows",
    "eye": "eyes",
    "cheek": "cheeks",
    "nose": "nose",
    "mouth": "mouth",
    "jaw": "jaw",
    "tongue": "tongue",
}
"""What a key's canonical name begins with -> its region."""

_TURNS: Final = {"jaw_turn_left": "jaw_turn_right", "jaw_turn_right": "jaw_turn_left"}
_LOOKS: Final = ("vrm_lookLeft", "vrm_lookRight")


def region_of(name: str) -> str:
    """The region of `REGIONS` that a key of this name belongs to."""
    own = core.canonical(name)
    return next((region for start, region in _BEGINNINGS.items() if own.startswith(start)), "other")


def found_by(name: str, search: str) -> bool:
    """Whether every word of a search is in the key's name, as spelled or as Apple spells it; capitals are no matter."""
    told = f"{name} {core.canonical(name)}".lower()
    return all(word in told for word in search.lower().split())


def mirrored_keys(names: Iterable[str]) -> dict[str, str]:
    """Name -> name of the key that mirrors it, for those that have another one among the names."""
    own = {core.canonical(name): name for name in names}
    other = {name: _TURNS.get(name) or core.mirrored_name(name) for name in own}
    return {own[name]: own[twin] for name, twin in other.items() if twin != name and twin in own}


def is_direction(name: str) -> bool:
    """Whether a key says where something moves, not on which side it is: copied from side to side it would cancel."""
    own = core.canonical(name)
    return own in core.DIRECTIONS or own in _LOOKS or own in _TURNS


def is_left(name: str) -> bool:
    """Whether a key is one of the subject's left side."""
    return core.canonical(name).endswith("Left")
