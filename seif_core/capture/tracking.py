"""The face's landmarks from frame to frame: the crop of each frame comes from the frame before.

A face is searched in the whole picture only in the first frame and after it was lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import cv2
import numpy as np

from ..errors import PerformanceFileError
from ..portrait.crop import Pyramid
from ..portrait.dense_points import DensePoints
from ..portrait.face_mesh import FaceMeshBackend
from ..portrait.landmarks import Landmarks
from ..portrait.points import find_points
from ..portrait.read import find_faces
from ..portrait.settings import PortraitSettings
from ..progress import Progress
from ..shapes import Bool, Float32, Int, UInt8

_CROPS: Final = 3
"""Shifted crops, each also mirrored, over which the landmarks of a frame are averaged: 60 ms a frame on one core."""
_PRESENT: Final = 0.5
"""Presence below which the face is lost (MediaPipe's own limit for tracking)."""
_LEAST_SIZE: Final = 48.0
"""Pixels of the smallest face that is followed."""
_THUMBNAIL: Final = (16, 16)
"""Pixels to which frames are shrunk to see how much changes from one to the next."""
UNLIKE: Final = 18.0
"""Mean difference of consecutive thumbnails, of 255, above which frames are no film of one face: pictures of different
people by fifties had 20 to 77, a camera that moves by 4 % of its picture a frame 10 to 14."""
MOST_FRAMES: Final = 100_000
"""Frames of the longest video: an hour at 30 a second."""


class DenseTrack(NamedTuple):
    """Dense points of F frames.

    Attributes:
        vertices: (N,) vertices of the Open head.
        pixels: (F, N, 2) float32; 0 in frames without a face.
    """

    vertices: Int[np.ndarray, " N"]
    pixels: Float32[np.ndarray, "F N 2"]


class Track(NamedTuple):
    """Landmarks of F frames.

    Attributes:
        landmarks: (F, 478, 3) float32 pixels; 0 in frames without a face.
        seen: (F,) whether a face was found.
        width: of the frames, pixels.
        height: of the frames, pixels.
        change: the median over the frames of how much the picture changes to the next, of 255; 0 of one frame.
        dense: dense points, where they were asked for.
    """

    landmarks: Float32[np.ndarray, "F 478 3"]
    seen: Bool[np.ndarray, " F"]
    width: int
    height: int
    change: float = 0.0
    dense: DenseTrack | None = None


def track_face(
    frames: Iterable[UInt8[np.ndarray, "H W 3"]],
    count: int,
    name: str,
    progress: Progress | None = None,
    *,
    dense: bool = False,
) -> Track:
    """Follow the largest face of the first frames that show one.

    Args:
        frames: sRGB pictures of one size.
        count: how many there are, as far as known; for the progress alone.
        name: of the source, for sentences.
        progress: told the fraction; may cancel.
        dense: whether the dense points are looked for, too.

    Raises:
        PerformanceFileError: no frame shows a face, the frames differ in size, there are too many.
        CancelledError: the user cancelled.
    """
    progress, backend = progress or Progress(), FaceMeshBackend(_CROPS)
    rows: list[np.ndarray] = []
    found: list[DensePoints | None] = []
    seen: list[bool] = []
    last: Landmarks | None = None
    before: np.ndarray | None = None
    changes: list[float] = []
    size = (0, 0)
    for number, pixels in enumerate(frames):
        progress.step(number / max(count, number + 1))
        if number >= MOST_FRAMES:
            raise PerformanceFileError(f"{name} has more than {MOST_FRAMES:,} frames; cut it into pieces.")
        if number and pixels.shape[:2] != size:
            raise PerformanceFileError(
                f"Frame {number} of {name} is {pixels.shape[1]} x {pixels.shape[0]} pixels, not {size[1]} x {size[0]}; "
                "choose frames of one size, or, if these are photos and no film, one of them."
            )
        size = pixels.shape[0], pixels.shape[1]
        small = cv2.resize(pixels, _THUMBNAIL, interpolation=cv2.INTER_AREA).astype(np.float32)
        if before is not None:
            changes.append(float(np.abs(small - before).mean()))
        before = small
        pyramid = Pyramid(pixels)
        last = _in_frame(pyramid, backend, last, progress)
        found.append(find_points(pyramid, last) if dense and last is not None else None)
        seen.append(last is not None)
        rows.append(np.zeros((478, 3), np.float32) if last is None else last.points)
    if not any(seen):
        raise PerformanceFileError(f"No frame of {name} shows a face; choose a video of a face, or a larger one.")
    change = float(np.median(changes or [0.0]))
    return Track(np.stack(rows), np.array(seen), size[1], size[0], change, _stacked(found))


def _stacked(found: list[DensePoints | None]) -> DenseTrack | None:
    first = next((points for points in found if points is not None), None)
    if first is None:
        return None
    missing = np.zeros_like(first.pixels)
    return DenseTrack(first.vertices, np.stack([missing if points is None else points.pixels for points in found]))


def _in_frame(
    pyramid: Pyramid, backend: FaceMeshBackend, last: Landmarks | None, progress: Progress
) -> Landmarks | None:
    """The landmarks in this frame, None without a face."""
    followed = None if last is None else backend.follow(pyramid, last)
    if followed is None or followed.presence < _PRESENT:
        faces = [
            f for f in find_faces(pyramid, backend, PortraitSettings(), _Silent(progress)) if f.size >= _LEAST_SIZE
        ]
        if not faces:
            return None
        followed = faces[0]
    return backend.refine(pyramid, followed)


class _Silent(Progress):
    """Hears of a cancellation and reports nothing: a search inside a frame has no share of the whole."""

    def __init__(self, outer: Progress) -> None:
        super().__init__(None, outer.is_cancelled)
