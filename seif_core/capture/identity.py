"""Who a video shows: one shape of the head model for all frames, and the camera, from several frames jointly.

Frames that are spread over the video are fitted, each as a portrait, and their identities are averaged: one frame takes
a smile for a wide mouth, six rarely do. The focal length is their median.
"""

from __future__ import annotations

import numpy as np

from ..fitting import Fit, fit_portraits
from ..headmodel import HeadModel
from ..headmodel.landmark_schemes import MEDIAPIPE
from ..portrait.portrait import Portrait
from ..progress import Progress
from .person import Person
from .settings import CaptureSettings
from .solve import View
from .tracking import Track


def frame_portrait(track: Track, frame: int) -> Portrait:
    """A frame as the portrait's fit wants it: landmarks and size; there are no pixels to look at."""
    marks = track.landmarks[frame]
    low, high = marks[:, :2].min(0), marks[:, :2].max(0)
    empty = np.lib.stride_tricks.as_strided(np.zeros(1, np.uint8), (track.height, track.width, 3), (0, 0, 0))
    return Portrait(
        name=f"frame {frame}",
        sha256="",
        pixels=empty,
        landmarks=marks,
        landmark_scheme=MEDIAPIPE.name,
        mask=empty[..., 0],
        box=np.concatenate([low, high]).astype(np.float32),
        roll=0.0,
        face_count=1,
        face_index=0,
        focal_px=None,
        confidence=1.0,
        whole_frame=True,
    )


def identify(
    track: Track, model: HeadModel, settings: CaptureSettings, progress: Progress | None = None
) -> tuple[Person, View]:
    """The person and the camera.

    Args:
        track: landmarks of the video.
        model: the head model that the person is described with.
        settings: how many frames are looked at.
        progress: may cancel.

    Raises:
        PhotoUnsuitableError: landmarks that fall together.
        ModelError: the model lacks landmarks or keys.
        CancelledError: the user cancelled.
    """
    fits = _fits(track, model, settings, progress)
    shape = np.mean([fit.shape for fit in fits], axis=0, dtype=np.float64)
    return Person.of_shape(model, shape), _view(track, fits)


def view_of(track: Track, model: HeadModel, settings: CaptureSettings, progress: Progress | None = None) -> View:
    """The camera alone, for a person who is known. Errors as in `identify`."""
    return _view(track, _fits(track, model, settings, progress))


def _fits(track: Track, model: HeadModel, settings: CaptureSettings, progress: Progress | None) -> list[Fit]:
    seen = np.flatnonzero(track.seen)
    chosen = np.unique(seen[np.linspace(0, len(seen) - 1, min(settings.identity_frames, len(seen))).astype(int)])
    return fit_portraits([frame_portrait(track, int(frame)) for frame in chosen], model, progress=progress)


def _view(track: Track, fits: list[Fit]) -> View:
    focal = float(np.exp(np.median([np.log(fit.camera.focal) for fit in fits])))
    return View(focal, (track.width / 2, track.height / 2))
