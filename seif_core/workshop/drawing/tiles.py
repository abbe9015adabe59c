"""Small pictures that repeat: cloth, knit, stripes, noise; and smooth noise in one, two and three dimensions."""

from __future__ import annotations

import cv2
import numpy as np

from ...shapes import Float, UInt8

_SIDE = 128


def smooth_noise(shape: tuple[int, int], cells: int, random: np.random.Generator) -> Float[np.ndarray, "H W"]:
    """Noise (H, W) about -1..1 with features of 1 / `cells` of the shorter side."""
    coarse = random.uniform(-1, 1, (max(2, cells * shape[0] // min(shape)), max(2, cells * shape[1] // min(shape))))
    return cv2.resize(coarse.astype(np.float32), shape[::-1], interpolation=cv2.INTER_CUBIC)


def cloth_tile(colour: Float[np.ndarray, "3"], random: np.random.Generator) -> UInt8[np.ndarray, "128 128 3"]:
    """A tile of cloth of about this linear colour: plain, striped, checked, dotted, knitted or with blots."""
    y, x = np.mgrid[:_SIDE, :_SIDE] / _SIDE
    other = np.clip(colour * random.uniform(0.2, 3, 3) + random.uniform(0, 0.1, 3), 0.004, 0.9)
    kind = random.choice(6, p=[0.45, 0.14, 0.12, 0.07, 0.1, 0.12])
    count = int(random.integers(2, 9))
    if kind == 1:
        share = (np.sin(2 * np.pi * (x if random.random() < 0.5 else y) * count) > random.uniform(-0.5, 0.9)) * 1.0
    elif kind == 2:
        share = (np.sin(2 * np.pi * x * count) > 0.3) * 0.5 + (np.sin(2 * np.pi * y * count) > 0.3) * 0.5
    elif kind == 3:
        share = ((x * count % 1 - 0.5) ** 2 + (y * count % 1 - 0.5) ** 2 < random.uniform(0.02, 0.12)) * 1.0
    elif kind == 4:
        share = 0.5 + 0.5 * np.sin(2 * np.pi * (y * count * 3 + 0.25 * np.abs(x * count * 2 % 1 - 0.5)))
        other = colour * random.uniform(0.4, 0.8)
    elif kind == 5:
        share = np.clip(smooth_noise((_SIDE, _SIDE), count * 2, random) * 6, 0, 1)
    else:
        share = np.zeros_like(x)
    grain = 1 + random.uniform(0.02, 0.12) * random.normal(size=(_SIDE, _SIDE, 1))
    linear = (colour + share[..., None] * (other - colour)) * grain
    return to_srgb8(linear)


def to_srgb8(linear: Float[np.ndarray, "*N 3"]) -> UInt8[np.ndarray, "*N 3"]:
    """Linear light in 0..1 to sRGB in 0..255 (IEC 61966-2-1)."""
    x = np.clip(linear, 0, 1)
    coded = np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 1e-8) ** (1 / 2.4) - 0.055)
    return (coded * 255 + 0.5).astype(np.uint8)
