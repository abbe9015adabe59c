"""`capture`: a photo or a video, whichever it is, on the head model that a head was made with."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from ..errors import PerformanceFileError
from ..head import Head
from ..headmodel import load_head_model
from ..progress import Progress
from .frames import VIDEO_SUFFIXES
from .image import copy_expression
from .performance import Performance
from .settings import CaptureSettings
from .video import Subject, animate_from_video


class SourceKind(Enum):
    """What a source is."""

    IMAGE = "image"
    VIDEO = "video"


def kind_of(path: Path) -> SourceKind:
    """A folder and a file with a video's name are videos, everything else is a photo."""
    try:
        folder = path.is_dir()
    except (OSError, ValueError) as error:
        raise PerformanceFileError(f"{path.name[:60]} cannot be read; choose another file.") from error
    return SourceKind.VIDEO if folder or path.suffix.lower() in VIDEO_SUFFIXES else SourceKind.IMAGE


def capture(
    source: Path,
    kind: SourceKind,
    *,
    head: Head | None = None,
    model_name: str = "open",
    settings: CaptureSettings | None = None,
    rate: float | None = None,
    face: int = 0,
    progress: Progress | None = None,
) -> Performance:
    """Capture a photo or a video.

    Args:
        source: the photo, the video, the folder or first picture of a sequence.
        kind: which it is.
        head: whose model the weights are for, and whose identity is taken where the settings say so.
        model_name: the model where there is no head.
        settings: of a video.
        rate: frames a second of a video; None takes its own.
        face: which face of a photo, counted from the largest (0).
        progress: told the stages; may cancel.

    Raises:
        SeifError: whatever `image.copy_expression` and `video.animate_from_video` raise.
    """
    model = load_head_model(head.model_name if head is not None else model_name)
    if kind is SourceKind.IMAGE:
        return copy_expression(source, model, face=face, progress=progress)
    return animate_from_video(source, Subject(model, head), settings=settings, rate=rate, progress=progress)
