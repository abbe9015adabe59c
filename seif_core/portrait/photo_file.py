"""A photo file's bytes, read once: only regular files, only so many bytes."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..errors import PhotoNotFoundError, PhotoUnreadableError, PhotoUnsuitableError

LARGEST_FILE: Final = 700_000_000
"""Bytes of the largest photo file that is read: the 100 million pixels that are decoded at most, as 16-bit RGB without
compression (600 MB), and some more for metadata."""
_CHUNK: Final = 1 << 20
"""Bytes read at a time: 1 MiB."""


@dataclass(frozen=True, eq=False)
class PhotoFile:
    """What a photo file holds.

    Attributes:
        name: file name without folder; what is no UTF-8 in it is replaced, so that it can be printed and stored.
        data: its bytes.
        sha256: of these bytes.
    """

    name: str
    data: bytes
    sha256: str


def read_photo_file(path: Path, limit: int = LARGEST_FILE) -> PhotoFile:
    """Read a photo file.

    Args:
        path: the file. A pipe or a device is refused without being opened: it may never end.
        limit: bytes of the largest file that is read.

    Raises:
        PhotoNotFoundError: no such file, a directory, or no possible file name.
        PhotoUnreadableError: it may not be read, is empty, or is no regular file.
        PhotoUnsuitableError: it is larger than `limit`.
    """
    name = printable(path.name or str(path))
    try:
        data = _read(path, name, limit)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise PhotoNotFoundError(f"There is no file {printable(str(path))}; choose an existing photo.") from error
    except OSError as error:
        raise PhotoUnreadableError(f"{name} cannot be opened ({error.strerror}); check its permissions.") from error
    except ValueError as error:  # a zero byte, or a character that no file name can hold
        raise PhotoNotFoundError(f"{name!r} is no possible file name ({error}); choose an existing photo.") from error
    if not data:
        raise PhotoUnreadableError(f"{name} is empty (0 bytes); copy or download the photo again.")
    return PhotoFile(name, data, hashlib.sha256(data).hexdigest())


def printable(text: str) -> str:
    """The text with everything that is no UTF-8 (file names can hold any bytes) as the replacement character."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _read(path: Path, name: str, limit: int) -> bytes:
    kind = os.stat(path)  # noqa: PTH116  (Path.stat would hide a zero byte's ValueError in some versions)
    if stat.S_ISDIR(kind.st_mode):
        raise PhotoNotFoundError(f"{name} is a folder; choose a photo in it, or run seif batch for all.")
    if not stat.S_ISREG(kind.st_mode):
        raise PhotoUnreadableError(
            f"{name} is a pipe or a device, not a file, and may never end; save the photo to a file first."
        )
    parts, total = [], 0
    with path.open("rb") as stream:
        while part := stream.read(_CHUNK):
            total += len(part)
            if max(total, kind.st_size) > limit:
                raise PhotoUnsuitableError(
                    f"{name} has more than {limit / 1e6:.0f} MB; save the photo as a smaller file, for example as JPEG."
                )
            parts.append(part)
    return b"".join(parts)
