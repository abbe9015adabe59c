"""The stages of the main job, light enough for the worker to know them before anything heavy is imported."""

from __future__ import annotations

from typing import Final

STAGES: Final = {"Prepare": 0.05, "Portrait": 0.25, "Fit": 0.25, "Texture": 0.4, "Head": 0.05}
"""Stages of `pipeline.reconstruct` in order, with their usual share of the time."""
