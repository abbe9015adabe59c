"""A PNG of an array, at once: Blender's own packing of generated images takes twice as long.

Source: PNG specification, third edition, https://www.w3.org/TR/png-3/ (filter type 1, Sub).
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

_FASTEST = 1
_COLOUR_TYPES = {3: 2, 4: 6}
"""PNG's colour type of RGB and of RGBA, by the number of channels."""


def encode_png(pixels: np.ndarray) -> bytes:
    """Encode (H, W, 3) or (H, W, 4) uint8 sRGB, row 0 at the top, as an 8-bit RGB or RGBA PNG, without loss."""
    height, width, channels = pixels.shape
    flat = pixels.reshape(height, width * channels)
    rows = np.empty((height, 1 + width * channels), np.uint8)
    rows[:, 0] = 1
    rows[:, 1 : 1 + channels] = flat[:, :channels]
    np.subtract(flat[:, channels:], flat[:, :-channels], out=rows[:, 1 + channels :])
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    packer = zlib.compressobj(_FASTEST, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)
    body = packer.compress(rows.tobytes()) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
