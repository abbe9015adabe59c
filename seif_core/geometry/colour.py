"""sRGB and linear light."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..shapes import Float, Float32, UInt8

LUMINANCE: Final = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Rec. 709 luminance of linear RGB (ITU-R BT.709-6)."""
_LINEAR: Final = 0.0031308
_CODED: Final = 0.04045
_SLOPE: Final = 12.92
_POWER: Final = 2.4
_OFFSET: Final = 0.055
_SCALE: Final = 1.055
"""sRGB's curve (IEC 61966-2-1): light and code below which it is a line, its slope; power, shift and scale above."""
_ALL_BUT_STRAY: Final = 0.995
_GREY: Final = 8
"""Share of the pixels of a grey picture whose channels lie so close together, in 255ths. Chosen by eye on the sample
portraits."""


def to_srgb(linear: Float[np.ndarray, "*S"]) -> Float[np.ndarray, "*S"]:
    """Linear light to sRGB, both 0..1 (IEC 61966-2-1); values outside are clipped."""
    x = np.clip(linear, 0.0, 1.0)
    curve = _SCALE * np.power(np.maximum(x, 1e-8), 1 / _POWER) - _OFFSET
    return np.where(x <= _LINEAR, _SLOPE * x, curve).astype(x.dtype)


def from_srgb(srgb: Float[np.ndarray, "*S"]) -> Float[np.ndarray, "*S"]:
    """Inverse of `to_srgb` for values in 0..1."""
    return np.where(srgb <= _CODED, srgb / _SLOPE, np.power((srgb + _OFFSET) / _SCALE, _POWER)).astype(srgb.dtype)


_TABLE: Final = from_srgb(np.arange(256, dtype=np.float32) / 255)


def decode(pixels: UInt8[np.ndarray, "*S"]) -> Float32[np.ndarray, "*S"]:
    """uint8 sRGB to linear light in 0..1."""
    return np.take(_TABLE, pixels)


def is_grey(pixels: UInt8[np.ndarray, "H W 3"]) -> bool:
    """Whether a picture has no colour worth the name."""
    thinned = pixels[::4, ::4].astype(np.int16) if min(pixels.shape[:2]) >= 64 else pixels.astype(np.int16)
    spread = thinned.max(2) - thinned.min(2)
    return bool(np.quantile(spread, _ALL_BUT_STRAY) <= _GREY)
