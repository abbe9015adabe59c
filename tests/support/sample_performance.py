"""A performance of a second on the ARKit keys, for tests."""

from __future__ import annotations

import numpy as np

from seif_core.capture.performance import Performance
from seif_core.expressions.arkit import ARKIT_52


def sample_performance(frames=25) -> Performance:
    rng = np.random.default_rng(4)
    time = np.arange(frames) / 25
    weights = 0.5 + 0.5 * np.sin(2 * np.pi * (time[:, None] + rng.uniform(0, 1, 52)))
    turn = 0.2 * np.sin(2 * np.pi * time)[:, None]
    return Performance(
        source="sample.mp4",
        times=time,
        rate=25.0,
        key_names=ARKIT_52,
        weights=weights.astype(np.float32),
        head_rotation=(turn * [0.3, 1.0, 0.1]).astype(np.float32),
        head_translation=np.tile(np.array([0, 0, -1], np.float32), (frames, 1)),
        jaw_rotation=(np.abs(turn) * [1.0, 0.0, 0.0]).astype(np.float32),
        eye_rotations=np.stack([turn * [0.5, 1.0, 0.0]] * 2, 1).astype(np.float32),
    )
