"""What the boxes of a HEIC or AVIF file say of its main picture: orientation, colour encoding, EXIF.

Pillow's AVIF reader drops most of a file's EXIF and refuses a file whose EXIF is damaged, and tells nothing of the
colour encoding. Source: ISO/IEC 14496-12 (boxes), ISO/IEC 23008-12 (HEIF: items, properties, `irot`, `imir`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

BRANDS: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"mif2", b"msf1", b"avif",
     b"avis"}
)  # fmt: skip
"""Major brands of still pictures (ISO/IEC 23008-12, AV1 Image File Format 1.1)."""
_NESTED: Final = {b"meta": 4, b"iprp": 0, b"ipco": 0}
_MOST_BOXES: Final = 20_000
"""Boxes looked at in one file: phones write about 200, one per tile of the picture."""


@dataclass(frozen=True, eq=False)
class Still:
    """The main picture of a HEIC or AVIF file.

    Attributes:
        turned: whether the file itself says how to turn or mirror the picture (`irot`, `imir`).
        encoding: colour primaries and transfer characteristics (ITU-T H.273), None where the file does not tell.
        exif: the EXIF as a TIFF, empty if there is none.
        names: where in the file the EXIF's item types stand.
    """

    turned: bool
    encoding: tuple[int, int] | None
    exif: bytes
    names: tuple[int, ...]


@dataclass
class _Items:
    primary: int = 0
    kinds: dict[int, bytes] = field(default_factory=dict)
    places: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    names: dict[int, int] = field(default_factory=dict)
    properties: list[tuple[bytes, int, int]] = field(default_factory=list)
    owned: dict[int, list[int]] = field(default_factory=dict)
    data: int = 0


def is_still(data: bytes) -> bool:
    """Whether the bytes begin like a HEIC or AVIF file."""
    return data[4:8] == b"ftyp" and data[8:12] in BRANDS


def read_still(data: bytes) -> Still | None:
    """Read the boxes; None where they are damaged, so that the decoder may say what it thinks of them."""
    items = _Items()
    try:
        for kind, start, end in _boxes(data, 0, len(data)):
            _READERS.get(kind, _skip)(data, start, end, items)
        return _still(data, items)
    except (struct.error, IndexError, ValueError, KeyError):
        return None


def without_exif(data: bytes, still: Still) -> bytes:
    """The file with its EXIF renamed to what no decoder looks at; of the same length, so that no offset moves."""
    changed = bytearray(data)
    for place in still.names:
        changed[place : place + 4] = b"free"
    return bytes(changed)


def _still(data: bytes, items: _Items) -> Still:
    own = [items.properties[k - 1] for k in items.owned.get(items.primary, []) if 0 < k <= len(items.properties)]
    encoding = None
    for kind, start, _ in own:
        if kind == b"colr" and data[start : start + 4] == b"nclx":
            primaries, transfer = struct.unpack_from(">HH", data, start + 4)
            encoding = (int(primaries), int(transfer))
    exif = [k for k, kind in items.kinds.items() if kind == b"Exif"]
    blocks = [b"".join(data[a : a + n] for a, n in items.places.get(k, [])) for k in exif]
    names = tuple(items.names[k] for k in exif)
    return Still(any(kind in {b"irot", b"imir"} for kind, _, _ in own), encoding, _tiff(blocks), names)


def _tiff(blocks: list[bytes]) -> bytes:
    """The first EXIF block from its TIFF header on: before it stand a 4-byte offset and, often, `Exif`."""
    for block in blocks:
        starts = [at for at in (block.find(b"II*\0"), block.find(b"MM\0*")) if 0 <= at <= 64]
        if starts:
            return block[min(starts) :]
    return b""


def _boxes(data: bytes, start: int, end: int, depth: int = 0) -> Iterator[tuple[bytes, int, int]]:
    """Type, first and last byte of the contents of each box, containers before what they hold."""
    count = 0
    while start + 8 <= end and count < _MOST_BOXES:
        size, kind = struct.unpack_from(">I4s", data, start)
        header = 8
        if size == 1:
            size, header = struct.unpack_from(">Q", data, start + 8)[0], 16
        stop = min(end, start + size) if size else end
        if stop < start + header:
            return
        yield kind, start + header, stop
        if kind in _NESTED and depth < 4:
            yield from _boxes(data, start + header + _NESTED[kind], stop, depth + 1)
        start, count = stop, count + 1


def _skip(_data: bytes, _start: int, _end: int, _items: _Items) -> None:
    pass


def _primary(data: bytes, start: int, _end: int, items: _Items) -> None:
    items.primary = struct.unpack_from(">I" if data[start] else ">H", data, start + 4)[0]


def _infos(data: bytes, start: int, end: int, items: _Items) -> None:
    for kind, at, _ in _boxes(data, start + (8 if data[start] else 6), end):
        if kind == b"infe" and data[at] >= 2:
            wide = data[at] >= 3
            number = struct.unpack_from(">I" if wide else ">H", data, at + 4)[0]
            place = at + (10 if wide else 8)
            items.kinds[number], items.names[number] = data[place : place + 4], place


def _locations(data: bytes, start: int, end: int, items: _Items) -> None:
    version, sizes = data[start], data[start + 4 : start + 6]
    offset_size, length_size, base_size = sizes[0] >> 4, sizes[0] & 15, sizes[1] >> 4
    index_size = sizes[1] & 15 if version in {1, 2} else 0
    at = start + 6

    def number(size: int) -> int:
        nonlocal at
        if at + size > end:
            raise ValueError
        at += size
        return int.from_bytes(data[at - size : at], "big")

    for _ in range(min(number(4 if version == 2 else 2), _MOST_BOXES)):
        item = number(4 if version == 2 else 2)
        method = number(2) & 15 if version in {1, 2} else 0
        number(2)
        base = number(base_size)
        places = []
        for _ in range(min(number(2), _MOST_BOXES)):
            number(index_size)
            offset = number(offset_size)
            places.append((base + offset, number(length_size)))
        if method == 0:
            items.places[item] = places


def _property(data: bytes, start: int, end: int, items: _Items) -> None:
    """The properties stand in a row and are counted from 1."""
    items.properties.extend(_boxes(data, start, end, depth=4))


def _associations(data: bytes, start: int, end: int, items: _Items) -> None:
    version, wide = data[start], data[start + 3] & 1
    count, at = struct.unpack_from(">I", data, start + 4)[0], start + 8
    for _ in range(min(count, _MOST_BOXES)):
        if at >= end:
            return
        item = struct.unpack_from(">I" if version else ">H", data, at)[0]
        at += 4 if version else 2
        owned = data[at]
        at += 1
        for _ in range(owned):
            value = struct.unpack_from(">H", data, at)[0] & 0x7FFF if wide else data[at] & 0x7F
            items.owned.setdefault(item, []).append(value)
            at += 2 if wide else 1


_READERS: Final = {
    b"pitm": _primary, b"iinf": _infos, b"iloc": _locations, b"ipco": _property, b"ipma": _associations,
}  # fmt: skip
