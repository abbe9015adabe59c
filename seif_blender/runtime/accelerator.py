"""Which accelerator this machine has, found out beside the main thread: asking a graphics driver may take seconds."""

from __future__ import annotations

import threading
from typing import Final

from .. import core

TITLES: Final = {"cpu": "Processor", "cuda": "NVIDIA GPU (CUDA)", "mps": "Apple GPU (MPS)"}
"""Accelerators of the library in an artist's words."""


class _Detection:
    found: str = ""
    begun: bool = False


def detected() -> str:
    """The accelerator, empty as long as it is not known; the first call starts to find out."""
    if not _Detection.begun:
        _Detection.begun = True
        threading.Thread(target=_detect, daemon=True, name="accelerator").start()
    return _Detection.found


def _detect() -> None:
    _Detection.found = core.runtime.find_accelerator()


def gigabytes(size: float) -> str:
    """A size in words."""
    return f"{size / 1e9:.1f} GB"
