"""One photo of a batch: what is to be done with it, and what became of it. Both travel between processes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from ..settings import ReconstructionSettings

Kind = Literal["made", "kept", "failed", "not begun"]
"""What became of a photo: a head was made, was there from an earlier run, could not be made, was not come to."""

MADE: Final = "head made"
KEPT: Final = "head of an earlier run kept"
NOT_BEGUN: Final = "not begun, the run was stopped before"


@dataclass(frozen=True)
class PhotoJob:
    """What is to be done with one photo.

    Attributes:
        photo: the file.
        target: the folder of its results.
        name: the photo's path from the folder of photos, as text.
        folder: the results' path from the folder of results, as text.
        settings: of the reconstruction.
        formats: names in `results.FORMATS`.
        debug_images: whether the pictures of ``--debug-images`` are wanted too.
    """

    photo: Path
    target: Path
    name: str
    folder: str
    settings: ReconstructionSettings
    formats: tuple[str, ...]
    debug_images: bool = False

    def ended(
        self,
        kind: Kind,
        words: str,
        *,
        seconds: float = 0.0,
        warnings: tuple[str, ...] = (),
        exit_code: int = 0,
    ) -> PhotoOutcome:
        """What became of this photo; see `PhotoOutcome`."""
        return PhotoOutcome(self, kind, words, seconds, warnings, exit_code)


@dataclass(frozen=True)
class PhotoOutcome:
    """What became of one photo.

    Attributes:
        job: what was to be done.
        kind: see `Kind`.
        words: the same in words; of a failure the sentence that says why.
        seconds: time of all stages together, also that of an earlier run.
        warnings: sentences about what a user should know of the result.
        exit_code: 0, or that of the error (`errors.py`).
    """

    job: PhotoJob
    kind: Kind
    words: str
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    exit_code: int = 0
