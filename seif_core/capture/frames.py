"""Frames of a video file or of a numbered sequence of pictures, one at a time.

Videos are read by OpenCV, which carries its own decoders; a picture that moves on disk is no frame twice. Sequences are
pictures in one folder, in the order of the numbers in their names, read as photos are (orientation, colours).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from ..errors import PerformanceFileError, PhotoError
from ..portrait.decode import decode_photo
from ..shapes import UInt8
from .settings import RATES, USUAL_RATE, checked_rate

VIDEO_SUFFIXES: Final = (".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv", ".mts")
"""Names that are read as videos; what their content is, OpenCV finds out."""
PICTURE_SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp")
"""Names of the pictures of a sequence."""
SEQUENCE_RATE: Final = 24.0
"""Frames a second of a sequence that tells none: film's."""
_NUMBER: Final = re.compile(r"(\d+)$")
_TOLD: Final = 5
"""Gaps that a sentence names at most."""
_LARGEST_SIDE: Final = 8192
_MEGAPIXELS: Final = 40.0
"""Pixels of a frame, so that a damaged header cannot fill the memory."""


class Frames:
    """A source of frames.

    Args:
        path: a video file, a folder of pictures, or one picture of a numbered sequence.
        rate: frames a second; None takes the file's own, or 24 for pictures.

    Raises:
        PerformanceFileError: no such file, no video that can be read, a folder without pictures.
        SettingsError: a rate that makes no sense.
    """

    def __init__(self, path: Path, rate: float | None = None) -> None:
        if rate is not None:
            checked_rate(rate)
        self.path = path
        try:
            exists, folder = path.exists(), path.is_dir()
        except (OSError, ValueError) as error:
            raise PerformanceFileError(f"The video {path.name[:60]} cannot be read; choose another file.") from error
        if not exists:
            raise PerformanceFileError(f"There is no video {path.name}; choose a file or a folder of pictures.")
        self._pictures = self._sequence() if folder or path.suffix.lower() in PICTURE_SUFFIXES else []
        if folder and not self._pictures:
            raise PerformanceFileError(
                f"The folder {path.name} holds no pictures ({', '.join(PICTURE_SUFFIXES)}); choose another."
            )
        self.count, own = (len(self._pictures), SEQUENCE_RATE) if self._pictures else self._probe()
        self.rate = rate or own

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence on numbers that are missing between the pictures' own: steps that are not all alike."""
        numbers = [int(found[1]) for picture in self._pictures if (found := _NUMBER.search(picture.stem))]
        steps = np.diff(numbers)
        if len(numbers) < len(self._pictures) or not len(steps) or not 0 < steps.min() < steps.max():
            return ()
        after = [str(number) for number, step in zip(numbers, steps, strict=False) if step > steps.min()]
        told = ", ".join(after[:_TOLD])
        return (f"Pictures of {self.path.name} are missing (after {told}); the others follow one another.",)

    def __iter__(self) -> Iterator[UInt8[np.ndarray, "H W 3"]]:
        """The frames, sRGB.

        Raises:
            PerformanceFileError: a frame cannot be decoded, or the first is not there.
        """
        return self._read_pictures() if self._pictures else self._read_video()

    def _sequence(self) -> list[Path]:
        if self.path.is_dir():
            found = [p for p in self.path.iterdir() if p.suffix.lower() in PICTURE_SUFFIXES and p.is_file()]
            return sorted(found, key=_order)
        match = re.match(r"^(.*?)(\d+)$", self.path.stem)
        if match is None:
            return [self.path]
        pattern = re.compile(re.escape(match[1]) + r"\d+" + re.escape(self.path.suffix) + "$")
        return sorted((p for p in self.path.parent.iterdir() if pattern.match(p.name)), key=_order)

    def _probe(self) -> tuple[int, float]:
        reader = self._open()
        try:
            rate, count = reader.get(cv2.CAP_PROP_FPS), reader.get(cv2.CAP_PROP_FRAME_COUNT)
        finally:
            reader.release()
        return max(0, int(count)) if np.isfinite(count) else 0, rate if RATES[0] <= rate <= RATES[1] else USUAL_RATE

    def _open(self) -> cv2.VideoCapture:
        try:
            reader = cv2.VideoCapture(str(self.path))
        except cv2.error as error:
            raise PerformanceFileError(f"{self.path.name} is no video that can be read; convert it to MP4.") from error
        width, height = reader.get(cv2.CAP_PROP_FRAME_WIDTH), reader.get(cv2.CAP_PROP_FRAME_HEIGHT)
        if not reader.isOpened() or not 0 < max(width, height) <= _LARGEST_SIDE or width * height > _MEGAPIXELS * 1e6:
            reader.release()
            raise PerformanceFileError(
                f"{self.path.name} is no video that can be read (at most {_LARGEST_SIDE} pixels a side); make it MP4."
            )
        return reader

    def _read_video(self) -> Iterator[np.ndarray]:
        reader, frames = self._open(), 0
        try:
            while True:
                good, frame = reader.read()
                if not good or frame is None:
                    break
                frames += 1
                yield np.ascontiguousarray(frame[..., ::-1])
        finally:
            reader.release()
        if not frames:
            raise PerformanceFileError(f"{self.path.name} holds no frame that can be decoded; convert it to MP4.")

    def _read_pictures(self) -> Iterator[np.ndarray]:
        for picture in self._pictures:
            try:
                yield decode_photo(picture, _MEGAPIXELS).pixels
            except PhotoError as error:
                raise PerformanceFileError(f"A picture of the sequence cannot be used: {error}") from error


def _order(path: Path) -> tuple[list[tuple[int, str]], str]:
    """Numbers in a name count as numbers: 2 comes before 10."""
    parts = re.findall(r"\d+|\D+", path.stem)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts], path.name
