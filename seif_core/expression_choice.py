"""Which expression sets a head is built and written with, and how their keys are spelled.

A head file holds the ARKit keys and the model's components alone; what follows from them is computed where the head is
built or written (`expressions.named_keys`), so that no file grows with the number of sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .errors import SettingsError

SETS: Final = ("arkit", "combinations", "visemes", "vrm", "emotions", "jaw", "flame")
"""Expression sets in the order in which their keys stand."""

SPELLINGS: Final = ("apple", "livelink", "short")
"""Spellings of the ARKit keys: ``mouthSmileLeft``, ``MouthSmileLeft``, ``mouthSmile_L``."""

NO_SET: Final = "none"
ALL_COMPONENTS: Final = 1000
"""More components than any known head model has: ``flame`` without a number stands for all of them."""


@dataclass(frozen=True)
class ExpressionChoice:
    """Which keys a head gets, and their spelling.

    Attributes:
        sets: names in `SETS`, in that order.
        components: how many of the model's signed expression components there are in the set ``flame``, at most.
        spelling: how ARKit's names are spelled, one of `SPELLINGS`.
    """

    sets: tuple[str, ...] = ("arkit",)
    components: int = 0
    spelling: str = "apple"


def parse_choice(sets: str, spelling: str = "apple") -> ExpressionChoice:
    """Read a choice as the command line has it, for example ``arkit,visemes,flame:50``.

    Args:
        sets: names of `SETS` with commas, ``flame`` with or without a number, or ``none``.
        spelling: one of `SPELLINGS`.

    Raises:
        SettingsError: an unknown set or spelling, or no number where one belongs.
    """
    if spelling not in SPELLINGS:
        raise SettingsError(f"There is no spelling '{spelling}'; choose one of: {', '.join(SPELLINGS)}.")
    found: dict[str, int] = {}
    for word in (part.strip().lower() for part in sets.split(",")):
        name, colon, number = word.partition(":")
        if name not in (*SETS, NO_SET) or (colon and name != "flame"):
            choices = f"{', '.join(SETS)} (or flame:50 for its first 50 components), {NO_SET}"
            raise SettingsError(f"There is no expression set '{word}'; choose from: {choices}.")
        found[name] = _count(number) if colon else ALL_COMPONENTS
    if NO_SET in found and len(found) > 1:
        raise SettingsError(f"'{sets}' asks for no expression set and for some; leave out '{NO_SET}' or the others.")
    chosen = tuple(name for name in SETS if name in found)
    return ExpressionChoice(chosen, found.get("flame", 0), spelling)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:9]) <= ALL_COMPONENTS:
        raise SettingsError(
            f"'flame:{text}' names no number of components from 1 to {ALL_COMPONENTS}; write for example flame:50."
        )
    return int(text)
