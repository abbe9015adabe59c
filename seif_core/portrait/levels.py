"""Pixels of more than 8 bits, and pictures that use a small part of their range, to 8 bits that fill it."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..shapes import UInt8

_CONTAINERS: Final = (255, 1023, 4095, 16383, 65535)
"""White of 8, 10, 12, 14 and 16 bits: cameras and scanners store the ones in between in 16 bits unchanged."""
_SPECKS: Final = 1e-3
"""Share of the pixels that may be brighter than white: hot pixels and sparkles do not decide it."""
_LONG_WHITE: Final = 4294967295.0
_DARK: Final = 64
"""A picture whose brightest pixels stay below a quarter of the range is brightened."""
_BRIGHT: Final = 240.0
"""What they become."""


def to_8_bits(values: np.ndarray) -> UInt8[np.ndarray, "..."]:
    """Grey or colour of any number type to 8 bits.

    Whole numbers: white is that of the smallest usual number of bits (8, 10, 12, 14, 16) that holds nearly all of them.
    Fractions: 0 to 1, with highlights above clipped, unless they are whole numbers' ranges stored as fractions.

    Args:
        values: any shape, any real number type.
    """
    whole = values.dtype.kind in "iu"
    values = np.nan_to_num(values.astype(np.float32, copy=False), nan=0.0, posinf=np.inf, neginf=0.0)
    flat = values.reshape(-1)
    top = float(np.partition(flat, k := max(0, int(len(flat) * (1 - _SPECKS)) - 1))[k]) if len(flat) else 0.0
    highest = float(min(np.max(flat, initial=0.0), 3.4e38))
    if whole:
        white = next((float(w) for w in _CONTAINERS if highest <= w), _LONG_WHITE)
        if highest <= 1:
            white = 1.0
    elif top <= 8.0:  # light up to three stops brighter than white
        white = 1.0
    else:
        white = next((float(w) for w in _CONTAINERS if top <= w), top)
    return np.clip(values * (255.0 / white) + 0.5, 0, 255).astype(np.uint8)


def brightened(pixels: UInt8[np.ndarray, "H W 3"]) -> UInt8[np.ndarray, "H W 3"] | None:
    """A picture that is dark as a whole (a short exposure, few bits in many), made bright; None for any other."""
    counts = np.bincount(pixels.max(axis=2).reshape(-1), minlength=256)
    top = int(np.searchsorted(np.cumsum(counts), (1 - _SPECKS) * counts.sum()))
    if not 0 < top < _DARK:
        return None
    table = np.clip(np.arange(256) * (_BRIGHT / top) + 0.5, 0, 255).astype(np.uint8)
    return table[pixels]
