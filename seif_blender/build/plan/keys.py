"""The shape keys' plan: the chosen expression sets, the photo's expression, pose correctives."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...core import Head, named_keys, parse_choice
from ..blueprint import KeyPlan, SliderPlan
from ..names import EMOTION_PREFIX, PHOTO_EXPRESSION_KEY, PHOTO_EXPRESSION_PROPERTY
from ..settings import BuildSettings
from .arrays import floats
from .axes import to_blender
from .correctives import plan_correctives


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

    for key in named_keys(head, parse_choice(settings.expressions, settings.spelling)):
        yield KeyPlan(key.name, floats(points(key.delta)), key.low, key.high)
    yield KeyPlan(PHOTO_EXPRESSION_KEY, floats(points(head.photo_delta)))
    for corrective in plan_correctives(head, settings.correctives):
        yield KeyPlan(corrective.key_name, floats(points(corrective.delta)), *corrective.limits)


def plan_sliders(keys: tuple[KeyPlan, ...]) -> tuple[SliderPlan, ...]:
    """The keys that follow a custom property of the rig, so that pose assets can set them: photo and emotions."""
    sentence = "How much of the photo's expression the head wears: 0 is neutral, 1 the photo"
    plans = [SliderPlan(PHOTO_EXPRESSION_KEY, PHOTO_EXPRESSION_PROPERTY, sentence)]
    for key in keys:
        if key.name.startswith(EMOTION_PREFIX):
            emotion = key.name.removeprefix(EMOTION_PREFIX)
            plans.append(SliderPlan(key.name, key.name, f"How much {emotion} the face shows, on top of the other keys"))
    return tuple(plans)
