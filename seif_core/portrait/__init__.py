"""Photo in: decoding, orientation, face detection, landmarks, parsing, head mask, focal length.

Importing this loads no torch, no LiteRT and no OpenCV; they come with the first call of `read_portrait`.
"""

from __future__ import annotations

from pathlib import Path

from ..progress import Progress
from .portrait import Portrait
from .settings import PortraitSettings

__all__ = ["Portrait", "PortraitSettings", "read_portrait"]


def read_portrait(
    path: Path, *, face: int = 0, settings: PortraitSettings | None = None, progress: Progress | None = None
) -> Portrait:
    """Read a photo and find a head in it; see `read.read_portrait`."""
    from .read import read_portrait as read

    return read(path, face=face, settings=settings or PortraitSettings(), progress=progress)
