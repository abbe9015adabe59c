"""The stages of the main job, light enough for the worker to know them before anything heavy is imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

STAGES: Final = {
    "Prepare": 0.05,
    "Portrait": 0.08,
    "Fit": 0.1,
    "Evidence": 0.02,
    "Surface": 0.25,
    "Mesh": 0.33,
    "Hair": 0.04,
    "Texture": 0.11,
    "Head": 0.02,
}
"""Stages of `pipeline.reconstruct` in order, with their usual share of the time."""


CAPTURE_STAGES: Final = {
    "image": {"Prepare": 0.1, "Portrait": 0.5, "Fit": 0.4},
    "video": {"Prepare": 0.05, "Track": 0.6, "Person": 0.08, "Solve": 0.25, "Curves": 0.02},
}
"""Stages of `capture.capture` by the kind of its source, in order, with their usual share of the time."""


def stages_of(settings: Mapping[str, Any]) -> dict[str, float]:
    """The stages that a job with these settings goes through, with their shares of its time, which sum to 1.

    Args:
        settings: names and values of `settings.ReconstructionSettings`, as many as were chosen.
    """
    left_out = set()
    if settings.get("quality") == "fast":
        left_out |= {"Surface", "Mesh", "Hair"}
    if settings.get("hair", "layer") != "layer":
        left_out.add("Hair")
    if settings.get("texture_size") == 0:
        left_out.add("Texture")
    if {"Surface", "Texture"} <= left_out:
        left_out.add("Evidence")
    shares = {name: share for name, share in STAGES.items() if name not in left_out}
    whole = sum(shares.values())
    return {name: share / whole for name, share in shares.items()}
