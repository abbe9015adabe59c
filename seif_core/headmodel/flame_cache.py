"""`load_flame`: a FLAME file made complete from the Open head, kept in the cache, because that takes some seconds."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from pathlib import Path
from typing import Final

from ..errors import ModelError
from ..folders import cache_folder
from ..resources import vendor_path
from .flame import read_flame
from .flame_release import release_of, release_titled
from .model import HeadModel, read_open_head
from .model_file import write_head_model

_LOG: Final = logging.getLogger(__name__)
_LARGEST_FILE: Final = 1 << 29
"""Bytes of a FLAME file: 512 MiB. FLAME's are 53 to 110 MB."""
_VERSION: Final = 2
"""Raised when `transfer` gives other results, so that old cache files are no longer used."""


def load_flame(path: Path, cache: Path | None = None) -> HeadModel:
    """A user's FLAME file as a complete head model: with UVs, regions, landmarks and ARKit keys from the Open head.

    Args:
        path: FLAME's .pkl or .npz; `release_of` tells the release, and with it the licence.
        cache: folder of the completed models; None for the usual one. It is fine if it cannot be written.

    Raises:
        ModelError: the file is missing, damaged, or not FLAME's.
    """
    if not path.is_file():
        raise ModelError(f"There is no file {path}; give the path of the FLAME model that you downloaded.")
    check_size(path)
    kept = completed_file(path, cache)
    if kept.is_file():
        try:
            model = read_open_head(kept)
            return replace(model, name=release_titled(model.title).name)
        except ModelError:
            _LOG.warning("The cached head model %s is damaged; it is made again.", kept.name)
    from .transfer import complete_model

    model = complete_model(read_flame(path), read_open_head(_open_head()))
    try:
        write_head_model(model, kept)
    except OSError as error:
        _LOG.warning("The completed head model could not be cached (%s); it will be made again next time.", error)
    return model


def check_size(path: Path) -> None:
    """Refuse a file that is larger than any head model, before it is read or copied.

    Raises:
        ModelError: it is.
    """
    if path.stat().st_size > _LARGEST_FILE:
        raise ModelError(f"{path.name} is larger than 512 MB, which no head model is; choose the model's file.")


def completed_file(path: Path, cache: Path | None = None) -> Path:
    """Where the completed model of a FLAME file is kept, by the file's content and release. It need not exist yet."""
    digest = hashlib.sha256(f"{_VERSION} {release_of(path).name}".encode())
    for file in (path, _open_head()):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return (cache or cache_folder()) / "head_models" / f"{digest.hexdigest()[:32]}.npz"


def _open_head() -> Path:
    return vendor_path("open_head", "open_head.npz")
