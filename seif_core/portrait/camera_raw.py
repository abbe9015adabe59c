"""Camera raw files: the largest picture that the camera (or the converter) developed and put into the file.

Raw data themselves are not developed. Sources: Adobe, "Digital Negative Specification" 1.7 (2023); TIFF/EP (ISO
12234-2); the others by their makers' signatures.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from ..errors import PhotoUnsuitableError
from .tiff import JPEG_OFFSET, OFFSETS, PHOTOMETRIC, Directory, directories, is_tiff

SMALLEST_PREVIEW: Final = 400
"""Pixels of a preview's longer side below which it is a thumbnail (160 to 320 pixels in the formats known), of which no
head is made."""
_RAW_PHOTOMETRIC: Final = frozenset({32803, 34892})
"""TIFF/EP's colour filter array and DNG's linear raw."""
_DNG_VERSION: Final = 50706
"""Tag that every DNG has (DNG 1.7, DNGVersion)."""
_SIGNATURES: Final = (
    (0, b"FUJIFILMCCD-RAW"), (4, b"ftypcrx "), (0, b"IIU\0"), (0, b"IIRO"), (0, b"IIRS"), (0, b"MMOR"), (8, b"CR\2"),
    (0, b"FOVb"), (0, b"\0MRM"),
)  # fmt: skip
"""Fuji RAF, Canon CR3, Panasonic RW2, Olympus ORF (three), Canon CR2, Sigma X3F, Minolta MRW."""
_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})
"""Start of frame of the JPEGs that Pillow reads; raw data are often stored as lossless JPEG (0xC3)."""
_MOST_PICTURES: Final = 4000
_MOST_SEGMENTS: Final = 200
"""Places that look like a JPEG's beginning, and segments before its frame, that are searched: far more than a camera
writes. Chosen by hand, against files made to be slow."""


@dataclass(frozen=True, eq=False)
class Preview:
    """A picture inside a raw file.

    Attributes:
        data: the JPEG.
        size: width and height in pixels.
    """

    data: bytes
    size: tuple[int, int]


def is_camera_raw(data: bytes) -> bool:
    """Whether these are the bytes of a camera raw file."""
    if any(data[at : at + len(mark)] == mark for at, mark in _SIGNATURES):
        return True
    if not is_tiff(data):
        return False
    found = directories(data)
    return any(d.number(PHOTOMETRIC) in _RAW_PHOTOMETRIC or _DNG_VERSION in d.tags for d in found)


def largest_preview(data: bytes, name: str) -> Preview:
    """The largest JPEG in a raw file.

    Args:
        data: the whole file.
        name: the file's name, for the message.

    Raises:
        PhotoUnsuitableError: there is none, or none larger than a thumbnail.
    """
    best: tuple[int, int, tuple[int, int]] | None = None
    for at in _places(data):
        size = _jpeg_size(data, at)
        if size and (best is None or size[0] * size[1] > best[0]):
            best = size[0] * size[1], at, size
    if best is None or max(best[2]) < SMALLEST_PREVIEW:
        inside = "no preview" if best is None else f"no preview larger than {best[2][0]} x {best[2][1]} pixels"
        raise PhotoUnsuitableError(
            f"{name} is a camera raw file that holds {inside}; develop it and save it as JPEG, PNG or TIFF."
        )
    return Preview(data[best[1] :], best[2])


def _places(data: bytes) -> list[int]:
    """Where JPEGs may start: as the directories say, and wherever a JPEG's first marker stands."""
    found = [at for d in directories(data) for at in _named(d)]
    at = data.find(b"\xff\xd8\xff")
    while at >= 0 and len(found) < _MOST_PICTURES:
        found.append(at)
        at = data.find(b"\xff\xd8\xff", at + 3)
    return found


def _named(directory: Directory) -> list[int]:
    return [*directory.numbers(JPEG_OFFSET)[:1], *directory.numbers(OFFSETS)[:1]]


def _jpeg_size(data: bytes, at: int) -> tuple[int, int] | None:
    """Width and height of the JPEG that starts at a place; None if there is none that Pillow reads."""
    if data[at : at + 2] != b"\xff\xd8":
        return None
    at += 2
    for _ in range(_MOST_SEGMENTS):
        if at + 9 > len(data) or data[at] != 0xFF:
            return None
        marker, length = data[at + 1], struct.unpack_from(">H", data, at + 2)[0]
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return (width, height) if data[at + 4] == 8 and width and height else None
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            return None
        at += 2 + length
    return None
