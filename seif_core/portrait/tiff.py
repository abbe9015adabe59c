"""The directories of a TIFF file: what Pillow hides of camera raw files and of deep pixels.

Source: TIFF 6.0 (Adobe, 1992), section 2; SubIFDs: TIFF Technical Note 1 (Adobe, 1995).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

_TYPES: Final = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 18: "Q"}
_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_MOST_DIRECTORIES: Final = 64
"""Directories read of one file: raw files have up to about ten."""
_MOST_TAGS: Final = 1000
_MOST_VALUES: Final = 100_000
"""Tags of a directory and bytes or values of a tag that are read: far more than a camera's preview needs. Chosen by
hand, against files made to be slow."""
SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
OFFSETS, SAMPLES, COUNTS, PLANAR, SUBIFDS = 273, 277, 279, 284, 330
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS, FORMAT = 322, 323, 324, 325, 339
JPEG_OFFSET, JPEG_LENGTH = 513, 514


@dataclass(frozen=True, eq=False)
class Directory:
    """One image file directory.

    Attributes:
        order: `<` or `>`.
        tags: the whole numbers of each tag that has such; text and other bytes as bytes.
    """

    order: str
    tags: dict[int, tuple[int, ...] | bytes]

    def numbers(self, tag: int) -> tuple[int, ...]:
        """A tag's numbers; empty without the tag."""
        value = self.tags.get(tag, ())
        return tuple(value)

    def number(self, tag: int, default: int = 0) -> int:
        """A tag's first number."""
        return next(iter(self.numbers(tag)), default)


def is_tiff(data: bytes) -> bool:
    """Whether the bytes begin like a TIFF file, or like a camera raw file built as one."""
    return data[:4] in {b"II*\0", b"MM\0*", b"IIRO", b"IIRS", b"MMOR", b"IIU\0"}


def directories(data: bytes) -> list[Directory]:
    """All directories of a file, with those that others point to (SubIFDs); what is damaged is left out."""
    if not is_tiff(data) or len(data) < 8:
        return []
    order = "<" if data[:2] == b"II" else ">"
    waiting, seen, found = [struct.unpack_from(order + "I", data, 4)[0]], set(), []
    while waiting and len(found) < _MOST_DIRECTORIES:
        at = waiting.pop(0)
        if at in seen or not 8 <= at <= len(data) - 2:
            continue
        seen.add(at)
        count = min(struct.unpack_from(order + "H", data, at)[0], _MOST_TAGS)
        directory = Directory(order, dict(_entries(data, at + 2, count, order)))
        found.append(directory)
        end = at + 2 + 12 * count
        waiting += [*directory.numbers(SUBIFDS)[:_MOST_DIRECTORIES]]
        if end + 4 <= len(data):
            waiting.append(struct.unpack_from(order + "I", data, end)[0])
    return found


def single_plane(data: bytes, directory: Directory, plane: int) -> bytes:
    """The file with a directory that shows one colour plane of a planar picture as a picture in grey.

    Args:
        data: the whole file.
        directory: of the planar picture.
        plane: counted from 0.
    """
    order, planes = directory.order, directory.number(SAMPLES, 1)
    tags = dict(directory.tags)
    for tag in (OFFSETS, COUNTS, TILE_OFFSETS, TILE_COUNTS):
        if values := directory.numbers(tag):
            share = len(values) // planes
            tags[tag] = values[plane * share : (plane + 1) * share]
    for tag, value in ((BITS, directory.number(BITS)), (SAMPLES, 1), (PHOTOMETRIC, 1), (PLANAR, 1),
                       (FORMAT, directory.number(FORMAT, 1))):  # fmt: skip
        tags[tag] = (value,)
    kept = {t: tags[t] for t in sorted(_KEPT) if t in tags}
    start = len(data) + len(data) % 2
    entries, extra = b"", b""
    extra_at = start + 2 + 12 * len(kept) + 4
    for tag, values in kept.items():
        body = struct.pack(f"{order}{len(values)}I", *values)
        if len(values) > 1:
            extra, body = extra + body, struct.pack(order + "I", extra_at + len(extra))
        entries += struct.pack(order + "HHI", tag, 4, len(values)) + body
    directory_bytes = struct.pack(order + "H", len(kept)) + entries + bytes(4) + extra
    head = data[:4] + struct.pack(order + "I", start)
    return head + data[8:] + bytes(len(data) % 2) + directory_bytes


_KEPT: Final = (
    WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, OFFSETS, SAMPLES, 278, COUNTS, PLANAR, 317, TILE_WIDTH, TILE_HEIGHT,
    TILE_OFFSETS, TILE_COUNTS, FORMAT,
)  # fmt: skip


def _entries(data: bytes, at: int, count: int, order: str) -> list[tuple[int, tuple[int, ...] | bytes]]:
    found = []
    for k in range(count):
        place = at + 12 * k
        if place + 12 > len(data):
            break
        tag, kind, number = struct.unpack_from(order + "HHI", data, place)
        size = _SIZES.get(kind, 0) * number
        start = place + 8 if size <= 4 else struct.unpack_from(order + "I", data, place + 8)[0]
        if not size or start + size > len(data):
            continue
        if kind in _TYPES and number <= _MOST_VALUES:
            found.append((tag, struct.unpack_from(f"{order}{number}{_TYPES[kind]}", data, start)))
        elif kind in {2, 7}:
            found.append((tag, data[start : start + min(size, _MOST_VALUES)]))
    return found
