"""Files that are written beside their place and moved there, so that a failure leaves nothing half-written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import OutputError


def unfinished_of(path: Path) -> Path:
    """The file beside `path` in which this process writes it first."""
    return path.with_name(f".{path.name}.{os.getpid()}.part")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """The path of a file that becomes `path` when the block succeeds and vanishes when it fails.

    Raises:
        OSError: it cannot be moved there.
    """
    unfinished = unfinished_of(path)
    try:
        yield unfinished
        unfinished.replace(path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise


@contextmanager
def whole_output(path: Path) -> Iterator[Path]:
    """`whole_file` for one that the user named with ``--out``.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        with whole_file(path) as unfinished:
            yield unfinished
    except OSError as error:
        raise OutputError(f"{path} could not be written ({error}); name another file with --out.") from error


def write_whole(path: Path, content: bytes) -> None:
    """Write these bytes as `whole_output` does."""
    with whole_output(path) as unfinished:
        unfinished.write_bytes(content)
