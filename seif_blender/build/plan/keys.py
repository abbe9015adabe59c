"""The shape keys' plan: named expression keys, the photo's expression, pose correctives, expression components."""

from __future__ import annotations

from typing import Final

import numpy as np

from ...core import Head
from ..blueprint import KeyPlan
from ..names import PHOTO_EXPRESSION_KEY
from ..settings import BuildSettings
from .arrays import floats
from .axes import to_blender
from .correctives import pose_correctives

_COMPONENT_RANGE: Final = 3.0
_ENTRY_RANGE: Final = 2.0
"""Entries of ``R - I`` lie in -2..1; Blender clamps driven values to the slider's range."""


def plan_keys(head: Head, settings: BuildSettings) -> tuple[KeyPlan, ...]:
    """All keys but the basis."""
    rest = to_blender(head.vertices)

    def key(name: str, delta: np.ndarray, limit: float | None = None) -> KeyPlan:
        low, high = (0.0, 1.0) if limit is None else (-limit, limit)
        return KeyPlan(name, floats(rest + to_blender(delta)), low, high)

    return (
        *(key(name, delta) for name, delta in zip(head.key_names, head.key_deltas, strict=True)),
        key(PHOTO_EXPRESSION_KEY, head.photo_delta),
        *(key(c.key_name, head.pose_deltas[c.index], _ENTRY_RANGE) for c in pose_correctives(head)),
        *(
            key(f"expr_{i + 1:03d}", delta, _COMPONENT_RANGE)
            for i, delta in enumerate(head.expression_deltas[: settings.expression_components])
        ),
    )
