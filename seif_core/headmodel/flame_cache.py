"""`load_flame`: a FLAME file made complete from the Open head, kept in the cache."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from ..errors import ModelError
from ..filenames import is_file
from .flame import read_flame
from .flame_release import release_of, release_titled
from .model import HeadModel
from .model_cache import check_size, kept_file, kept_or_made

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
    if not is_file(path):
        raise ModelError(f"There is no file {path}; give the path of the FLAME model that you downloaded.")
    check_size(path)

    def completed(open_head: HeadModel) -> HeadModel:
        from .transfer import complete_model

        return complete_model(read_flame(path), open_head)

    model = kept_or_made(completed_flame_file(path, cache), completed)
    return replace(model, name=release_titled(model.title).name)


def completed_flame_file(path: Path, cache: Path | None = None) -> Path:
    """Where the completed model of a FLAME file is kept, by the file's content and release. It need not exist yet."""
    return kept_file(path, f"{_VERSION} {release_of(path).name}", cache)
