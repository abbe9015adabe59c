"""A user's text file of a performance, read within bounds."""

from __future__ import annotations

import codecs
import stat
from pathlib import Path
from typing import Final

from ..errors import PerformanceFileError
from ..filenames import called

_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def text_of(path: Path, largest: int, wanted: str) -> str:
    """What a text file holds, UTF-8, or UTF-16 where its first bytes say so; bytes that are none become U+FFFD.

    Args:
        path: the file; a pipe or a device, which may never end, is refused.
        largest: bytes of the largest file that is read.
        wanted: what to choose instead, for the sentence.

    Raises:
        PerformanceFileError: no such file, no regular one, too large a one, or one that may not be read.
    """
    name = called(path)
    try:
        about = path.stat()
        if stat.S_ISDIR(about.st_mode):
            raise PerformanceFileError(f"{name} is a folder; choose {wanted}.")
        if not stat.S_ISREG(about.st_mode):
            raise PerformanceFileError(f"{name} is a pipe or a device, not a file; choose {wanted}.")
        if about.st_size > largest:
            raise PerformanceFileError(f"{name} is larger than {largest >> 20} MB; choose {wanted}.")
        content = path.read_bytes()
        return content.decode("utf-16" if content.startswith(_UTF_16) else "utf-8-sig", errors="replace")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PerformanceFileError(f"{name} cannot be read ({reason}); choose {wanted}.") from error
