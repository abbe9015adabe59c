"""`load_user_model`: a head model's file that the user downloaded, FLAME's or GNM Head's, as a complete head model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from ..errors import ModelError
from ..filenames import is_file
from .flame_cache import completed_flame_file, load_flame
from .gnm import NAME
from .gnm_file import is_gnm_file, read_gnm_file
from .model import HeadModel
from .model_cache import check_size, kept_file, kept_or_made

_GNM_KIND: Final = "gnm 2"
"""The number is raised when `gnm_completion` gives other results, so that old cache files are no longer used."""


def load_user_model(path: Path, cache: Path | None = None) -> HeadModel:
    """A user's FLAME or GNM file, made complete from the Open head and kept in the cache.

    Args:
        path: FLAME's .pkl or .npz, or GNM's gnm_head.npz.
        cache: folder of the completed models; None for the usual one.

    Raises:
        ModelError: the file is missing, damaged, or neither model's.
    """
    if not is_file(path):
        raise ModelError(f"There is no file {path}; give the path of the model that you downloaded.")
    check_size(path)
    if not is_gnm_file(path):
        return load_flame(path, cache)

    def completed(open_head: HeadModel) -> HeadModel:
        from .gnm_completion import complete_gnm

        return complete_gnm(read_gnm_file(path), path.name, open_head)

    return replace(kept_or_made(completed_file(path, cache), completed), name=NAME)


def completed_file(path: Path, cache: Path | None = None) -> Path:
    """Where the completed model of a user's file is kept. It need not exist yet."""
    return kept_file(path, _GNM_KIND, cache) if is_gnm_file(path) else completed_flame_file(path, cache)
