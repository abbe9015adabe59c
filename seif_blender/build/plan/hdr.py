"""A Radiance picture of an array: numbers above 1 in a file that Blender reads with its own means.

Source: Ward, Real pixels, Graphics Gems II, 1991; the format's description in Radiance's manual (ray/doc, picture.1).
"""

from __future__ import annotations

import numpy as np

_LONGEST_RUN = 128
"""Bytes that one literal run of a packed row may hold."""


def encode_hdr(pixels: np.ndarray) -> bytes:
    """Encode (H, W, 3) linear values of 0 or more, row 0 at the top, width 8 to 32767, as RGBE: 0.4 % exact."""
    height, width, _ = pixels.shape
    largest = pixels.max(axis=2).astype(np.float64)
    exponent = np.frexp(np.maximum(largest, 1e-32))[1]
    scale = np.ldexp(256.0, -exponent)
    rgbe = np.empty((height, width, 4), np.uint8)
    rgbe[..., :3] = np.clip(pixels * scale[..., None], 0, 255)
    rgbe[..., 3] = np.clip(exponent + 128, 0, 255)
    rgbe[largest < 1e-32] = 0
    head = f"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y {height} +X {width}\n".encode()
    start = bytes([2, 2, width >> 8, width & 255])
    return head + b"".join(start + b"".join(_runs(row[:, c].tobytes()) for c in range(4)) for row in rgbe)


def _runs(values: bytes) -> bytes:
    parts = (values[i : i + _LONGEST_RUN] for i in range(0, len(values), _LONGEST_RUN))
    return b"".join(bytes([len(part)]) + part for part in parts)
