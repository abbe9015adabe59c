"""Lines are told to run the way they run, and where none are no way is told."""

from __future__ import annotations

import numpy as np
import pytest

from seif_core.geometry.structure_tensor import orientation

SIDE = 64


def lines(degrees: float) -> np.ndarray:
    """A picture of waves whose crests run that way, from x (right) to y (down)."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    a = np.radians(degrees)
    return np.sin((np.cos(a) * y - np.sin(a) * x) / 2).astype(np.float32)


@pytest.mark.parametrize("degrees", [0.0, 30.0, 90.0, 135.0])
def test_lines_are_told_to_run_the_way_they_run(degrees: float) -> None:
    cosine, sine = (part[20:-20, 20:-20] for part in orientation(lines(degrees), 6.0, 1e-9))
    a = 2 * np.radians(degrees)
    assert np.abs(cosine - np.cos(a)).max() < 0.03
    assert np.abs(sine - np.sin(a)).max() < 0.03


def test_noise_has_little_coherence_and_a_flat_picture_none() -> None:
    noise = np.random.default_rng(1).standard_normal((SIDE, SIDE)).astype(np.float32)
    assert np.hypot(*orientation(noise, 8.0, 1e-9))[20:-20, 20:-20].max() < 0.3
    assert np.hypot(*orientation(np.full((SIDE, SIDE), 0.5, np.float32), 8.0, 1e-9)).max() == 0


def test_what_has_no_weight_turns_no_line() -> None:
    picture, weight = lines(0.0), np.ones((SIDE, SIDE), np.float32)
    picture[:, 40:], weight[:, 36:] = lines(90.0)[:, 40:], 0
    cosine, _ = orientation(picture, 6.0, 1e-9, weight=weight)
    assert cosine[20:-20, 20:34].min() > 0.95
