"""The shape keys' plan: the chosen expression sets, the photo's expression, pose correctives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from ...core import LESS, Head, combination_name, named_keys, parse_choice, spelled
from ..blueprint import KeyPlan, ProductPlan, SliderPlan
from ..names import EMOTION_PREFIX, PHOTO_EXPRESSION_KEY, PHOTO_EXPRESSION_PROPERTY
from ..settings import BuildSettings
from .arrays import floats
from .axes import to_blender
from .correctives import BAKED_ANGLE, PoseCorrective, plan_correctives

if TYPE_CHECKING:
    from ...core import ExpressionChoice

COMBINATIONS: Final = "combinations"
"""The expression set of the pairs of keys."""


def plan_keys(head: Head, settings: BuildSettings) -> tuple[KeyPlan, ...]:
    """All keys but the basis.

    Raises:
        SettingsError: unknown expression sets, or ones that need keys that the head lacks.
    """
    return tuple(_keys(head, settings))


def _keys(head: Head, settings: BuildSettings) -> Iterator[KeyPlan]:
    rest = to_blender(head.vertices)

    def points(delta: np.ndarray) -> np.ndarray:
        return rest + to_blender(delta)

    for key in named_keys(head, _choice(settings)):
        yield KeyPlan(key.name, floats(points(key.delta)), key.low, key.high)
    yield KeyPlan(PHOTO_EXPRESSION_KEY, floats(points(head.photo_delta)))
    for corrective in plan_correctives(head, settings.correctives):
        yield KeyPlan(corrective.key_name, floats(points(corrective.delta)), *corrective.limits)


def plan_products(head: Head, settings: BuildSettings) -> tuple[ProductPlan, ...]:
    """The pairs of keys whose sum is corrected, driven by the two; none where the head's own keys are not built.

    What a key has more than `jawOpen` is what it has more than the jaw is open, be it by the key or by the bone.
    """
    choice = _choice(settings)
    if head.combinations is None or not {"arkit", COMBINATIONS} <= set(choice.sets):
        return ()
    return tuple(_product(pair, choice.spelling) for pair in head.combinations.pairs)


def _product(pair: tuple[str, str], spelling: str) -> ProductPlan:
    def spell(name: str) -> str:
        return spelled(name, spelling)

    first, second = (spell(name.removeprefix(LESS)) for name in pair)
    if not pair[1].startswith(LESS):
        return ProductPlan(combination_name(pair, spell), first, second)
    turned = f"({PoseCorrective('jaw', 2, 1, 0).expression})/{np.sin(BAKED_ANGLE):.6f}"
    return ProductPlan(combination_name(pair, spell), first, second, f"max(a-b-max({turned},0),0)", "jaw")


def _choice(settings: BuildSettings) -> ExpressionChoice:
    """The chosen sets; ARKit's keys come with their pairs, unless no correctives are wanted."""
    choice = parse_choice(settings.expressions, settings.spelling)
    if "arkit" not in choice.sets or COMBINATIONS in choice.sets or settings.correctives == "none":
        return choice
    return replace(choice, sets=("arkit", COMBINATIONS, *choice.sets[1:]))


def plan_sliders(keys: tuple[KeyPlan, ...]) -> tuple[SliderPlan, ...]:
    """The keys that follow a custom property of the rig, so that pose assets can set them: photo and emotions."""
    sentence = "How much of the photo's expression the head wears: 0 is neutral, 1 the photo"
    plans = [SliderPlan(PHOTO_EXPRESSION_KEY, PHOTO_EXPRESSION_PROPERTY, sentence)]
    for key in keys:
        if key.name.startswith(EMOTION_PREFIX):
            emotion = key.name.removeprefix(EMOTION_PREFIX)
            plans.append(SliderPlan(key.name, key.name, f"How much {emotion} the face shows, on top of the other keys"))
    return tuple(plans)
