"""The keys of a head under the names of the chosen expression sets, computed when asked for.

Convention: displacements in metres, `head`'s axes; a key's weight runs from `low` to `high`. Worked number: the viseme
``aa`` holds ``jawOpen`` at 0.55, so a chin that ``jawOpen`` lowers by 30 mm goes down by 16.5 mm in ``viseme_aa``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..combination_shapes import combination_name
from ..expression_choice import ExpressionChoice
from ..head import Head
from ..shapes import Float32
from .combination import Combination, combine
from .emotions import EMOTIONS
from .jaw_turns import JAW_TURNS, jaw_turn
from .spelling import spelled
from .visemes import VISEMES
from .vrm import VRM_PRESETS

COMBINED: Final[dict[str, tuple[str, dict[str, Combination]]]] = {
    "visemes": ("viseme_", VISEMES),
    "vrm": ("vrm_", VRM_PRESETS),
    "emotions": ("emotion_", EMOTIONS),
}
"""Expression set -> what its keys' names begin with, and its expressions. ``viseme_`` is how Ready Player Me and others
spell Oculus' visemes (https://docs.readyplayer.me/ready-player-me/api-reference/avatars/morph-targets); the two others
keep apart what several sets call alike, such as ``aa``."""

COMPONENT_PREFIX: Final = "expr_"
COMPONENT_RANGE: Final = 3.0
"""Standard deviations: 997 of 1,000 faces lie inside in each component."""


@dataclass(frozen=True, eq=False)
class NamedKey:
    """A key as a program sees it.

    Attributes:
        name: in the chosen spelling.
        delta: (V, 3) float32 metres at weight 1.
        low: least weight.
        high: largest weight.
    """

    name: str
    delta: Float32[np.ndarray, "V 3"]
    low: float = 0.0
    high: float = 1.0


def named_keys(head: Head, choice: ExpressionChoice) -> Iterator[NamedKey]:
    """The head's keys of the chosen sets, one after the other, in the order of `expression_choice.SETS`.

    The set ``flame`` holds the components of the head's own model, as many as it has; those of FLAME on a FLAME head.

    Raises:
        SettingsError: the head lacks an ARKit key that a combined set needs.
    """
    for name in choice.sets:
        yield from _SOURCES[name](head, choice)


def _arkit(head: Head, choice: ExpressionChoice) -> Iterator[NamedKey]:
    for name, delta in zip(head.key_names, head.key_deltas, strict=True):
        yield NamedKey(spelled(name, choice.spelling), delta)


def _combinations(head: Head, choice: ExpressionChoice) -> Iterator[NamedKey]:
    """Pairs of keys as keys of their own, for engines, which weight them as `combination_shapes.pair_amount` says."""
    pairs = head.combinations
    if pairs is None:
        return
    for pair, delta in zip(pairs.pairs, pairs.deltas, strict=True):
        yield NamedKey(combination_name(pair, lambda name: spelled(name, choice.spelling)), delta)


def _combined(set_name: str) -> Callable[[Head, ExpressionChoice], Iterator[NamedKey]]:
    prefix, table = COMBINED[set_name]

    def keys(head: Head, _choice: ExpressionChoice) -> Iterator[NamedKey]:
        for name, combination in table.items():
            yield NamedKey(prefix + name, combine(combination, head.key_names, head.key_deltas, head.combinations))

    return keys


def _jaw(head: Head, _choice: ExpressionChoice) -> Iterator[NamedKey]:
    for name in JAW_TURNS:
        yield NamedKey(name, jaw_turn(head, name))


def _components(head: Head, choice: ExpressionChoice) -> Iterator[NamedKey]:
    for i, delta in enumerate(head.expression_deltas[: choice.components]):
        yield NamedKey(f"{COMPONENT_PREFIX}{i + 1:03d}", delta, -COMPONENT_RANGE, COMPONENT_RANGE)


_SOURCES: Final[dict[str, Callable[[Head, ExpressionChoice], Iterator[NamedKey]]]] = {
    "arkit": _arkit,
    "combinations": _combinations,
    **{name: _combined(name) for name in COMBINED},
    "jaw": _jaw,
    "flame": _components,
}
