"""Where a photo's bytes come from: a file, or a pipe (``<(...)``, ``/dev/stdin``, a FIFO), which is copied first."""

from __future__ import annotations

import os
import select
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from .errors import PhotoNotFoundError, PhotoUnreadableError
from .filenames import as_text

_LARGEST: Final = 512 << 20
"""Bytes that are taken from a pipe: twice what the largest camera files have. Chosen by hand."""

_PATIENCE: Final = 10.0
"""Seconds that a pipe which nobody has opened for writing is waited for. Chosen by hand."""

_PIECE: Final = 1 << 20
_PAUSE_MS: Final = 200
"""Bytes read of a pipe at a time, and milliseconds between two looks at one that is silent: a wish to cancel waits no
longer. Chosen by hand."""


@contextmanager
def photo_file(photo: Path) -> Iterator[Path]:
    """A photo as a file that can be read more than once: itself, or a copy of what comes out of a pipe.

    Raises:
        PhotoNotFoundError: no such file, or a path that the system does not take.
        PhotoUnreadableError: a device, or a pipe that gives nothing or does not end.
    """
    name = as_text(photo.name or str(photo))
    mode = _mode(photo, name)
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        yield photo
        return
    if not stat.S_ISFIFO(mode):
        raise PhotoUnreadableError(f"{name} is a device, not a photo; choose a picture file.")
    with tempfile.TemporaryDirectory(prefix="seif-", ignore_cleanup_errors=True) as scratch:
        copy = Path(scratch) / (photo.name or "photo")
        _copy(photo, copy, name)
        yield copy


def _mode(photo: Path, name: str) -> int:
    try:
        return photo.stat().st_mode
    except PermissionError as error:
        raise PhotoUnreadableError(f"{name} cannot be opened ({error.strerror}); check its permissions.") from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise PhotoNotFoundError(f"There is no file {as_text(str(photo))}; choose an existing photo.") from error
    except (OSError, ValueError) as error:  # too long, a loop of links, a zero byte
        reason = getattr(error, "strerror", None) or error
        shown = name if len(name) < 80 else f"{name[:80]}..."
        raise PhotoNotFoundError(f"There is no file {shown} ({reason}); choose an existing photo.") from error


def _copy(pipe: Path, copy: Path, name: str) -> None:
    """Copy what comes out of a pipe; every wait ends soon, so that Ctrl-C is heard."""
    try:
        source = os.open(pipe, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise PhotoUnreadableError(f"{name} cannot be opened ({error.strerror}); check its permissions.") from error
    try:
        with copy.open("wb") as target:
            for piece in _pieces(source, name):
                target.write(piece)
                if target.tell() > _LARGEST:
                    raise PhotoUnreadableError(f"{name} gives more than {_LARGEST >> 20} MB; choose a picture file.")
            if target.tell() == 0:
                raise PhotoUnreadableError(f"{name} is empty (0 bytes); copy or download the photo again.")
    finally:
        os.close(source)


def _pieces(source: int, name: str) -> Iterator[bytes]:
    poll = select.poll()
    poll.register(source, select.POLLIN)
    begun, end = False, time.monotonic() + _PATIENCE
    while True:
        poll.poll(_PAUSE_MS)
        try:
            piece = os.read(source, _PIECE)
        except BlockingIOError:  # somebody holds the other end and has not written yet
            begun = True
            continue
        if piece:
            begun = True
            yield piece
        elif begun:
            return
        elif time.monotonic() > end:
            raise PhotoUnreadableError(f"Nobody wrote into the pipe {name} for {_PATIENCE:.0f} s; give a photo.")
        else:
            time.sleep(_PAUSE_MS / 1000)
