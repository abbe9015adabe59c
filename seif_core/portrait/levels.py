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
_BRIGHTEST: Final = 8.0
"""Fractions up to this are light, up to three stops brighter than white; larger ones are whole numbers' ranges."""
_SAMPLE: Final = 1_000_000
"""Values, evenly taken, among which the brightest are looked for."""
_ROWS: Final = 256
"""Rows that are converted at a time, to stay small in memory."""
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
    white = _white_of_whole(values) if values.dtype.kind in "iu" else _white_of_fractions(values)
    result = np.empty(values.shape, np.uint8)
    for top in range(0, len(values), _ROWS):
        piece = values[top : top + _ROWS].astype(np.float32)
        piece = np.nan_to_num(piece, copy=False, nan=0.0, posinf=white, neginf=0.0)
        result[top : top + _ROWS] = np.clip(piece * (255.0 / white) + 0.5, 0, 255).astype(np.uint8)
    return result


def _white_of_whole(values: np.ndarray) -> float:
    highest = int(values.max(initial=0))
    if highest <= 1:
        return 1.0
    return next((float(w) for w in _CONTAINERS if highest <= w), _LONG_WHITE)


def _white_of_fractions(values: np.ndarray) -> float:
    flat = values.reshape(-1)
    sample = np.nan_to_num(flat[:: max(1, len(flat) // _SAMPLE)].astype(np.float64), posinf=0.0, neginf=0.0)
    top = float(np.quantile(sample, 1 - _SPECKS)) if len(sample) else 0.0
    if top <= _BRIGHTEST:
        return 1.0
    return next((float(w) for w in _CONTAINERS if top <= w), top)


def brightened(pixels: UInt8[np.ndarray, "H W 3"]) -> UInt8[np.ndarray, "H W 3"] | None:
    """A picture that is dark as a whole (a short exposure, few bits in many), made bright; None for any other."""
    counts = np.bincount(pixels.max(axis=2).reshape(-1), minlength=256)
    top = int(np.searchsorted(np.cumsum(counts), (1 - _SPECKS) * counts.sum()))
    if not 0 < top < _DARK:
        return None
    table = np.clip(np.arange(256) * (_BRIGHT / top) + 0.5, 0, 255).astype(np.uint8)
    return table[pixels]
