"""A picture file without its metadata, for when those are damaged and the picture is not.

Sources: ISO/IEC 10918-1 (JPEG, annex B), PNG (third edition, section 5), RFC 9649 (WebP, section 2).
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

_PNG_KEPT: Final = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS"})
_PNG_HELPFUL: Final = frozenset({b"iCCP", b"cICP", b"gAMA", b"cHRM", b"sRGB"})
"""Kept where their checksums are right: they say what the colours mean."""
_JPEG_KEPT: Final = frozenset({0xE0, 0xE2, 0xEE})
"""APP0 (JFIF), APP2 (colour profile), APP14 (Adobe: how colours are coded)."""
_JPEG_PROFILE: Final = 0xE2
"""Second byte of the JPEG marker APP2, in which an ICC profile stands (ICC.1:2022, annex B)."""
_MPF: Final = b"MPF\0"
_WEBP_PROMISES: Final = {b"ICCP": 0x20, b"EXIF": 0x08, b"XMP ": 0x04}
"""Bits of VP8X's flags that promise a chunk."""


def without_metadata(data: bytes) -> bytes | None:
    """The file's picture and what says what its colours mean; None for a format whose metadata cannot be taken out."""
    return _bare(data, profile=True)


def without_profile(data: bytes) -> bytes | None:
    """The file's picture alone; None for a format whose metadata cannot be taken out."""
    return _bare(data, profile=False)


def _bare(data: bytes, *, profile: bool) -> bytes | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(data, _PNG_HELPFUL if profile else frozenset())
    if data.startswith(b"\xff\xd8"):
        return _jpeg(data, _JPEG_KEPT if profile else _JPEG_KEPT - {_JPEG_PROFILE})
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data, *((b"EXIF", b"XMP ") if profile else (b"EXIF", b"XMP ", b"ICCP")))
    return None


def _png(data: bytes, helpful: frozenset[bytes]) -> bytes:
    parts, at = [data[:8]], 8
    while at + 12 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        chunk = data[at : at + size + 12]
        right = zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")
        if kind in _PNG_KEPT or (kind in helpful and right):
            parts.append(chunk)
        at += size + 12
    parts.append(data[at:])
    return b"".join(parts)


def _jpeg(data: bytes, kept: frozenset[int]) -> bytes:
    parts, at = [data[:2]], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        size = struct.unpack_from(">H", data, at + 2)[0] + 2
        marker, segment = data[at + 1], data[at : at + size]
        other = 0xE0 <= marker <= 0xEF or marker == 0xFE
        if not other or (marker in kept and segment[4:8] != _MPF):
            parts.append(segment)
        at += size
    parts.append(data[at:])
    return b"".join(parts)


def _webp(data: bytes, *left_out: bytes) -> bytes:
    parts, at = [], 12
    while at + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, at)
        step = 8 + size + size % 2
        if kind not in left_out:
            parts.append(data[at : at + step])
        at += step
    body = b"WEBP" + b"".join(parts)
    if body[4:8] == b"VP8X" and len(body) > 12:
        promised = sum(_WEBP_PROMISES[kind] for kind in left_out)
        body = body[:12] + bytes([body[12] & ~promised]) + body[13:]
    return b"RIFF" + struct.pack("<I", len(body)) + body
