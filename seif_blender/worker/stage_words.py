"""What an artist calls the stages of a reconstruction."""

from __future__ import annotations

from typing import Final

_WORDS: Final = {
    "Prepare": "Loading libraries",
    "Portrait": "Finding the face",
    "Fit": "Fitting the head",
    "Evidence": "Light and skin",
    "Surface": "Shape",
    "Head": "Finishing",
}
"""By the library's own names; the others are plain words."""


def stage_words(stage: str) -> str:
    """What the panel calls a stage, for example ``Light and skin`` for ``Evidence``."""
    return _WORDS.get(stage, stage)
