"""sRGB and linear light."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..shapes import Float, Float32, UInt8

LUMINANCE: Final = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Rec. 709 luminance of linear RGB (ITU-R BT.709-6)."""


def to_srgb(linear: Float[np.ndarray, "*S"]) -> Float[np.ndarray, "*S"]:
    """Linear light to sRGB, both 0..1 (IEC 61966-2-1); values outside are clipped."""
    x = np.clip(linear, 0.0, 1.0)
    return np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.power(np.maximum(x, 1e-8), 1 / 2.4) - 0.055).astype(x.dtype)


def from_srgb(srgb: Float[np.ndarray, "*S"]) -> Float[np.ndarray, "*S"]:
    """Inverse of `to_srgb` for values in 0..1."""
    return np.where(srgb <= 0.04045, srgb / 12.92, np.power((srgb + 0.055) / 1.055, 2.4)).astype(srgb.dtype)


_TABLE: Final = from_srgb(np.arange(256, dtype=np.float32) / 255)


def decode(pixels: UInt8[np.ndarray, "*S"]) -> Float32[np.ndarray, "*S"]:
    """uint8 sRGB to linear light in 0..1."""
    return np.take(_TABLE, pixels)


def is_grey(pixels: UInt8[np.ndarray, "H W 3"]) -> bool:
    """Whether a picture has no colour worth the name (99.5 % of its pixels within 8 of 255 between channels)."""
    thinned = pixels[::4, ::4].astype(np.int16) if min(pixels.shape[:2]) >= 64 else pixels.astype(np.int16)
    spread = thinned.max(2) - thinned.min(2)
    return bool(np.quantile(spread, 0.995) <= 8)
