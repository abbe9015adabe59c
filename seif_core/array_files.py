"""NumPy's array files (.npy, .npz) read within bounds: what a file declares is checked before anything is allocated.

A file that somebody else made may declare terabytes in a hundred bytes, or hold gigabytes of zeros in a few megabytes
of
deflated data. Here every array's header is read first; the sum of what the arrays take must stay below a limit, and
what
is unpacked must be exactly what was declared. Unpacking goes in small blocks, so that Ctrl-C is heard.

Imports numpy alone, because Blender's Python reads `head` too. Format: numpy.lib.format, versions 1.0 and 2.0.
"""

from __future__ import annotations

import io
import math
import stat
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

import numpy as np

LARGEST: Final = 1 << 29
"""Bytes that the arrays of one file may take together, unpacked: 512 MiB. The largest head (a mesh subdivided once
with a
texture of 8192 pixels a side) takes 300 MB, FLAME with 400 components 60 MB."""

_MOST_ENTRIES: Final = 4096
"""Entries of one .npz; a head has about 40."""

_BLOCK: Final = 1 << 20
"""Bytes unpacked at once, between which an interruption is heard."""

_NUMERIC: Final = "biuf"
_TEXT: Final = "US"
_LAST_CHARACTER: Final = 0x10FFFF
_SURROGATES: Final = (0xD800, 0xDFFF)
"""Unicode's last code point, and those that are no characters: Python cannot hold or cannot write them."""

_HEADERS: Final = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
"""Readers of a header by its version; the third version is for names of fields, which no array here has."""

UNREADABLE: Final = (
    OSError,
    ValueError,
    KeyError,
    EOFError,
    TypeError,
    IndexError,
    OverflowError,
    MemoryError,
    RuntimeError,
    SyntaxError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
)
"""What zipfile, zlib and NumPy's header parser raise on damaged files (RuntimeError: encrypted ones)."""


@runtime_checkable
class _Stream(Protocol):
    """What is read from: a file, or an entry of a zip."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes."""
        ...


class ArrayFileError(ValueError):
    """The file is no readable array file within the limits; its text is a clause, not a sentence."""


def read_arrays(path: Path, names: Collection[str] | None = None, limit: int = LARGEST) -> dict[str, np.ndarray]:
    """Read a .npz, never a pickle: numbers, truth values and text alone.

    Args:
        path: a regular file (no pipe, no device).
        names: arrays that are wanted, where they are there; None for all.
        limit: bytes that the wanted arrays may take together.

    Raises:
        FileNotFoundError: no such file.
        ArrayFileError: no .npz, damaged, objects instead of numbers, or beyond the limit.
    """
    _check_regular(path)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = _entries(archive, names)
            total = sum(info.file_size for info in entries.values())
            if total > limit:
                raise ArrayFileError(f"it declares {total / 1e6:.0f} MB of arrays, more than {limit / 1e6:.0f} MB")  # noqa: TRY301
            return {name: _read_entry(archive, info) for name, info in entries.items()}
    except (FileNotFoundError, ArrayFileError):
        raise
    except UNREADABLE as error:
        raise ArrayFileError(str(error) or type(error).__name__) from error


def read_array(path: Path, limit: int = LARGEST) -> np.ndarray:
    """Read a .npy, never a pickle.

    Raises:
        FileNotFoundError: no such file.
        ArrayFileError: no .npy, damaged, objects instead of numbers, or beyond the limit.
    """
    _check_regular(path)
    try:
        size = path.stat().st_size
        if size > limit:
            raise ArrayFileError(f"it is {size / 1e6:.0f} MB large, more than {limit / 1e6:.0f} MB")  # noqa: TRY301
        with path.open("rb") as stream:
            return _read_stream(stream, size)
    except (FileNotFoundError, ArrayFileError):
        raise
    except UNREADABLE as error:
        raise ArrayFileError(str(error) or type(error).__name__) from error


def _check_regular(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:  # a name too long, or with a zero byte in it
        raise ArrayFileError(str(error)) from error
    if not stat.S_ISREG(mode):
        raise ArrayFileError("it is no regular file")


def _entries(archive: zipfile.ZipFile, names: Collection[str] | None) -> dict[str, zipfile.ZipInfo]:
    """The wanted entries by the arrays' names."""
    found: dict[str, zipfile.ZipInfo] = {}
    infos = archive.infolist()
    if len(infos) > _MOST_ENTRIES:
        raise ArrayFileError(f"it holds {len(infos)} entries, more than {_MOST_ENTRIES}")
    for info in infos:
        name = info.filename.removesuffix(".npy")
        if names is not None and name not in names:
            continue
        if name in found:
            raise ArrayFileError(f"it holds '{name}' twice")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ArrayFileError(f"'{name}' is packed in a way that NumPy does not write")
        found[name] = info
    return found


def _read_entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(info) as stream:
        return _read_stream(stream, info.file_size)


def _read_stream(stream: _Stream, size: int) -> np.ndarray:
    """One .npy of `size` bytes, header and content, which must be exactly what the header declares."""
    head = stream.read(min(size, 1 << 16))
    header = io.BytesIO(head)
    version = np.lib.format.read_magic(header)
    if version not in _HEADERS:
        raise ArrayFileError("its arrays are not of the format's versions 1 or 2")
    shape, fortran, dtype = _HEADERS[version](header)
    if dtype.hasobject or dtype.kind not in _NUMERIC + _TEXT:
        raise ArrayFileError(f"it holds values of type {dtype} instead of numbers or text")
    content = dtype.itemsize * math.prod(shape)
    empty_words = dtype.itemsize == 0 and math.prod(shape) > _MOST_ENTRIES  # which NumPy stores in four bytes each
    if any(n < 0 for n in shape) or content != size - header.tell() or empty_words:
        raise ArrayFileError(f"an array of shape {shape} is declared in {size - header.tell()} bytes")
    data = bytearray(content)
    filled = min(content, len(head) - header.tell())
    data[:filled] = head[header.tell() :][:filled]
    while filled < content:
        block = stream.read(min(_BLOCK, content - filled))
        if not block:
            raise ArrayFileError("an array ends before its end")
        data[filled : filled + len(block)] = block
        filled += len(block)
    if stream.read(1):  # reads on to the end, where a zip's checksum is compared
        raise ArrayFileError("an array goes on behind its end")
    if content == 0:
        return np.zeros(shape, dtype)
    array = np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")
    if dtype.kind == "U":
        codes = np.frombuffer(data, np.dtype("u4").newbyteorder(dtype.byteorder))
        if (codes > _LAST_CHARACTER).any() or ((codes >= _SURROGATES[0]) & (codes <= _SURROGATES[1])).any():
            raise ArrayFileError("it holds text of characters that do not exist")
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
