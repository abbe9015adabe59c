"""A lock on a folder of results, so that two runs never write into one at the same time."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from .errors import BusyError
from .filenames import as_text, same_name

_LOG: Final = logging.getLogger(__name__)
PREFIX: Final = ".seif-"
"""How the names of everything unfinished start."""

_HELD: Final = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
_NO_LOCKS_HERE: Final = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
"""What file systems without locks answer (some network drives): there a run goes on without."""


def scratch_of(target: Path) -> Path:
    """The folder beside `target` where its results are made; one name for all names that mean one folder."""
    digest = hashlib.sha256(same_name(target.name).encode("utf-8", "surrogatepass")).hexdigest()
    return target.with_name(PREFIX + digest[:16])


@contextmanager
def folder_lock(target: Path) -> Iterator[None]:
    """Keep other runs out of `target` until the block ends. The system lets go when the process ends in any other way.

    Raises:
        BusyError: another run writes there.
        OSError: the folder that holds `target` is missing or cannot be written.
    """
    with _locked(_lock_file(scratch_of(target))) as free:
        if not free:
            raise BusyError(
                f"Another run is writing to {as_text(str(target))}; wait for it or choose another folder with --out."
            )
        yield


@contextmanager
def abandoned(scratch: Path) -> Iterator[bool]:
    """Whether the run that made `scratch` has ended without clearing it away; no other begins inside the block."""
    with _locked(_lock_file(scratch)) as free:
        yield free


def _lock_file(scratch: Path) -> Path:
    return scratch.with_name(scratch.name + ".lock")


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
    number = _acquire(path)
    if number is None:
        yield False
        return
    try:
        yield True
    finally:
        if os.name == "nt":  # an open file cannot be removed there
            os.close(number)
        with suppress(OSError):
            path.unlink()
        if os.name != "nt":
            os.close(number)


def _acquire(path: Path) -> int | None:
    """Descriptor of the locked file, None where another process holds it."""
    while True:
        number = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(number)
        except OSError as error:
            if error.errno in _HELD:
                os.close(number)
                return None
            if error.errno not in _NO_LOCKS_HERE:
                os.close(number)
                raise
            _LOG.warning("%s cannot be locked; do not let two runs write there at once.", path.parent)
        if _is_still(path, number):
            return number
        os.close(number)  # its last owner removed it between the two calls: take the next


def _is_still(path: Path, number: int) -> bool:
    try:
        there, ours = path.stat(), os.fstat(number)
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)


def _lock(number: int) -> None:
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(number, msvcrt.LK_NBLCK, 1)  # pyright: ignore[reportAttributeAccessIssue]
    else:
        import fcntl

        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
