"""The landmark backend on request: the `face-alignment` library, 68 points.

Source: Bulat and Tzimiropoulos, "How far are we from solving the 2D & 3D Face Alignment problem?", ICCV 2017,
https://arxiv.org/abs/1703.07332. The library downloads its weights on first use, so it needs permission to go online.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError

import numpy as np

from ..errors import DependencyError
from ..shapes import Float32
from .crop import Crop, Pyramid
from .face_mesh import FaceMeshBackend
from .landmarks import Landmarks

_RIGHT_OUTER: Final = 36
_LEFT_OUTER: Final = 45
_RESOLUTION: Final = 384
"""Pixels of the crop that the detector is given."""
_MARGIN: Final = 1.7
"""Sides of that crop in sizes of the face: room for the detector's own, wider crop. Chosen by eye."""

_WEIGHTS: Final = ("2DFAN4-*.pth.tar", "s3fd-*.pth")
"""Files of the library's version 1.5.0 (`api.py`, `detection/sfd/sfd_detector.py`), of its landmarks and detector."""


class FaceAlignmentBackend:
    """`face-alignment` on an upright crop that the embedded backend has found.

    Args:
        allow_download: whether the library may download its weights.

    Raises:
        DependencyError: the library is not installed, may not download its weights, or cannot.
    """

    scheme = "ibug68"

    def __init__(self, *, allow_download: bool) -> None:
        self._finder = FaceMeshBackend(refinements=1)
        self._aligner = _aligner(allow_download=allow_download)

    def check(self, pyramid: Pyramid, crop: Crop) -> Landmarks:
        """First look by the embedded backend, which tells faces from false alarms."""
        return self._finder.check(pyramid, crop)

    def locate(self, pyramid: Pyramid, first: Landmarks) -> Landmarks:
        """68 points on the upright crop around the first look."""
        centre = (first.bounds[:2] + first.bounds[2:]) / 2
        crop = Crop(float(centre[0]), float(centre[1]), first.size * _MARGIN, first.roll)
        image = pyramid.sample(crop, _RESOLUTION, replicate=True)
        margin = (1 - 1 / _MARGIN) / 2 * _RESOLUTION
        box = [margin, margin, _RESOLUTION - margin, _RESOLUTION - margin]
        found: list[np.ndarray] | None = self._aligner.get_landmarks_from_image(image, detected_faces=[box])
        if not found:
            raise DependencyError("face-alignment placed no landmarks on this face; choose the backend mediapipe.")
        xy = crop.to_photo(np.asarray(found[0], dtype=np.float64)[:, :2] / _RESOLUTION)
        return Landmarks(_flat(xy), first.presence, _roll(xy))


def _flat(xy: np.ndarray) -> Float32[np.ndarray, "L 3"]:
    return np.column_stack([xy, np.zeros(len(xy))]).astype(np.float32)


def _roll(xy: np.ndarray) -> float:
    dx, dy = xy[_LEFT_OUTER] - xy[_RIGHT_OUTER]
    return math.atan2(dy, dx)


def _aligner(*, allow_download: bool) -> Any:  # noqa: ANN401 - the library has no types
    try:
        import face_alignment  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise DependencyError(
            "The landmark detector face-alignment is not installed; run python build.py face-alignment (or install the "
            "package of that name into the worker's Python), or choose the embedded detector, mediapipe."
        ) from error
    if not allow_download and not _downloaded():
        raise DependencyError(
            "The landmark detector face-alignment has to download its weights once, which is not permitted; permit it "
            "(--online, or Blender's preference Allow Online Access), or choose the embedded detector, mediapipe."
        )
    try:
        return face_alignment.FaceAlignment(face_alignment.LandmarksType.TWO_D, device="cpu", flip_input=True)
    except (URLError, OSError, RuntimeError) as error:
        raise DependencyError(
            f"face-alignment could not load its weights ({error}); check the connection or choose mediapipe."
        ) from error


def _downloaded() -> bool:
    """Whether an earlier run has left the library's weights where torch keeps what it downloads."""
    from torch.hub import get_dir

    folder = Path(get_dir(), "checkpoints")
    return all(any(folder.glob(pattern)) for pattern in _WEIGHTS)
