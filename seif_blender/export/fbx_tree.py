"""Binary FBX as a tree of records, read and written back; only what has to be changed is unpacked.

Source: Blender Foundation, "FBX binary file format specification", 2013
(https://code.blender.org/2013/08/fbx-binary-file-format-specification/), for versions before 7500, whose offsets have
32 bits; Blender writes 7400.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

_MAGIC: Final = b"Kaydara FBX Binary  \x00\x1a\x00"
_HEAD: Final = len(_MAGIC) + 4
_RECORD: Final = struct.Struct("<IIIB")
_END: Final = b"\0" * _RECORD.size
_ARRAYS: Final = {b"d": np.dtype("<f8"), b"f": np.dtype("<f4"), b"i": np.dtype("<i4"), b"l": np.dtype("<i8")}
_SCALARS: Final = {b"Y": "<h", b"C": "<b", b"I": "<i", b"F": "<f", b"D": "<d", b"L": "<q"}
_FOOT: Final = 16
_WIDE_OFFSETS: Final = 7500
"""Bytes of the mark that ends the file's records, and the first version (7.5) whose offsets have 64 bits, as in
Blender's own FBX reader."""


@dataclass
class Record:
    """A node of the tree.

    Attributes:
        name: of the record.
        count: number of its properties.
        data: the properties as they stand in the file.
        children: records inside.
        ended: whether an empty record ends the children.
    """

    name: bytes
    count: int
    data: bytes
    children: list[Record] = field(default_factory=list)
    ended: bool = False

    def child(self, name: bytes) -> Record | None:
        """The first record of that name inside."""
        return next((record for record in self.children if record.name == name), None)

    def values(self) -> list[object]:
        """The properties: numbers, bytes, arrays."""
        return list(_properties(self.data, self.count))

    def set_array(self, values: np.ndarray) -> None:
        """Make an array of float64 the one property."""
        packed = zlib.compress(np.ascontiguousarray(values, "<f8").tobytes(), 1)
        self.count, self.data = 1, b"d" + struct.pack("<III", values.size, 1, len(packed)) + packed


@dataclass
class FbxFile:
    """A file.

    Attributes:
        version: of the format.
        records: the tree's top.
        foot: what ends the file: its first and last 16 bytes.
    """

    version: int
    records: list[Record]
    foot: tuple[bytes, bytes]

    def top(self, name: bytes) -> Record:
        """A record at the top; an empty one where there is none."""
        return next((record for record in self.records if record.name == name), Record(name, 0, b""))


def read_fbx(path: Path) -> FbxFile:
    """Read a binary FBX file.

    Raises:
        ValueError: it is none, or of a version with 64-bit offsets.
        OSError: it cannot be read.
    """
    data = path.read_bytes()
    if not data.startswith(_MAGIC):
        raise ValueError("no binary FBX")
    (version,) = struct.unpack_from("<I", data, len(_MAGIC))
    if version >= _WIDE_OFFSETS:
        raise ValueError(f"FBX {version}")
    records, place = [], _HEAD
    while True:
        record, place = _read(data, place)
        if record is None:
            break
        records.append(record)
    return FbxFile(version, records, (data[place : place + _FOOT], data[-_FOOT:]))


def write_fbx_file(file: FbxFile, path: Path) -> None:
    """Write it.

    Raises:
        OSError: it cannot be written.
    """
    out = bytearray(_MAGIC + struct.pack("<I", file.version))
    for record in file.records:
        _write(out, record)
    out += _END + file.foot[0] + b"\0" * 4
    out += b"\0" * (16 - len(out) % 16)
    out += struct.pack("<I", file.version) + b"\0" * 120 + file.foot[1]
    path.write_bytes(bytes(out))


def _read(data: bytes, place: int) -> tuple[Record | None, int]:
    end, count, length, name_length = _RECORD.unpack_from(data, place)
    place += _RECORD.size
    if end == 0:
        return None, place
    name = data[place : place + name_length]
    place += name_length
    record = Record(name, count, data[place : place + length])
    place += length
    while place < end:
        inner, place = _read(data, place)
        if inner is None:
            record.ended = True
            break
        record.children.append(inner)
    return record, end


def _write(out: bytearray, record: Record) -> None:
    start = len(out)
    out += _RECORD.pack(0, record.count, len(record.data), len(record.name)) + record.name + record.data
    for child in record.children:
        _write(out, child)
    if record.ended:
        out += _END
    struct.pack_into("<I", out, start, len(out))


def _properties(data: bytes, count: int) -> Iterator[object]:
    place = 0
    for _ in range(count):
        kind, place = data[place : place + 1], place + 1
        if kind in _SCALARS:
            yield struct.unpack_from(_SCALARS[kind], data, place)[0]
            place += struct.calcsize(_SCALARS[kind])
        elif kind in (b"S", b"R"):
            (length,) = struct.unpack_from("<I", data, place)
            yield data[place + 4 : place + 4 + length]
            place += 4 + length
        else:
            size, packed, length = struct.unpack_from("<III", data, place)
            place += 12
            if kind not in _ARRAYS:
                yield None
                place += length
                continue
            length = length if packed else size * _ARRAYS[kind].itemsize
            raw = data[place : place + length]
            yield np.frombuffer(zlib.decompress(raw) if packed else raw, _ARRAYS[kind])
            place += length
