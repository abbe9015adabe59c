"""Head models that were completed from the Open head, kept in the cache, because completing takes some seconds."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ..errors import ModelError
from ..folders import cache_folder
from ..resources import vendor_path
from .model import HeadModel, read_open_head
from .model_file import write_head_model

_LOG: Final = logging.getLogger(__name__)
_LARGEST_FILE: Final = 1 << 29
"""Bytes of a model's file: 512 MiB. FLAME's are 53 to 110 MB, GNM's 53 MB."""


def check_size(path: Path) -> None:
    """Refuse a file that is larger than any head model, before it is read or copied.

    Raises:
        ModelError: it is.
    """
    if path.stat().st_size > _LARGEST_FILE:
        raise ModelError(f"{path.name} is larger than 512 MB, which no head model is; choose the model's file.")


def kept_file(path: Path, kind: str, cache: Path | None = None) -> Path:
    """Where the completed model of a file is kept, by the file's content and the Open head's. It need not exist yet.

    Args:
        path: the model's own file.
        kind: what is made of it, with a version that grows when something else is made.
        cache: folder of the completed models; None for the usual one.
    """
    digest = hashlib.sha256(kind.encode())
    for file in (path, open_head_file()):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return (cache or cache_folder()) / "head_models" / f"{digest.hexdigest()[:32]}.npz"


def kept_or_made(kept: Path, make: Callable[[HeadModel], HeadModel]) -> HeadModel:
    """The model that `kept` holds, or else what `make` returns, which is then kept.

    Args:
        kept: of `kept_file`. It is fine if it cannot be written.
        make: completes the model from the Open head.
    """
    if kept.is_file():
        try:
            return read_open_head(kept)
        except ModelError:
            _LOG.warning("The cached head model %s is damaged; it is made again.", kept.name)
    model = make(read_open_head(open_head_file()))
    try:
        write_head_model(model, kept)
    except OSError as error:
        _LOG.warning("The completed head model could not be cached (%s); it will be made again next time.", error)
    return model


def open_head_file() -> Path:
    """The Open head's file."""
    return vendor_path("open_head", "open_head.npz")
