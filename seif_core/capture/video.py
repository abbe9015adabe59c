"""Animate from Video: landmarks, one identity, pose and weights of every frame, smoothed over the whole of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from ..device import one_thread
from ..errors import ModelError, SettingsError
from ..head import Head
from ..headmodel import HeadModel
from ..headmodel.dense_set import DENSE_MODEL
from ..progress import Progress
from ..shapes import Float
from .bones import bone_turns
from .frames import Frames
from .identity import identify, view_of
from .performance import Performance
from .person import Person
from .rotations import axis_angles, continuous, quaternions
from .settings import CaptureSettings
from .smoothing import fill_gaps, gaps, smooth
from .solve import Solved, View, solve_frames
from .tracking import UNLIKE, DenseTrack, Track, track_face

_METRES: Final = 0.1
"""Metres of translation that are smoothed like a weight of 1."""


@dataclass(frozen=True, eq=False)
class Subject:
    """Whom a capture describes.

    Attributes:
        model: the head model in whose keys the weights are found.
        head: a head made here, whose person the video shows; used where `CaptureSettings.identity` is ``head``.
    """

    model: HeadModel
    head: Head | None = None


def animate_from_video(
    path: Path,
    subject: Subject,
    *,
    settings: CaptureSettings | None = None,
    rate: float | None = None,
    progress: Progress | None = None,
) -> Performance:
    """Capture a video file or a sequence of pictures.

    Args:
        path: a video, a folder of pictures, or one picture of a numbered sequence.
        subject: the head model, and the head where its person is shown.
        settings: see `CaptureSettings`.
        rate: frames a second; None takes the video's own.
        progress: told the stages of `stages.CAPTURE_STAGES`; may cancel.

    Raises:
        PerformanceFileError: no video that can be read, no face in it.
        PhotoUnsuitableError: landmarks that fall together.
        ModelError: the model lacks landmarks or keys; no head where its identity is wanted.
        SettingsError: a rate that makes no sense, a neutral frame that there is not.
        CancelledError: the user cancelled.
    """
    settings, progress = settings or CaptureSettings(), progress or Progress()
    frames = Frames(path, rate)
    with progress.stage("Track"):
        track = track_face(frames, frames.count, path.name, progress, dense=subject.model.name == DENSE_MODEL)
    done = perform(track, subject, (path.name, frames.rate), settings, progress)
    return replace(done, notes=(*done.notes, *frames.notes))


def perform(
    track: Track, subject: Subject, source: tuple[str, float], settings: CaptureSettings, progress: Progress
) -> Performance:
    """The performance of a tracked face; errors as in `animate_from_video`.

    Args:
        track: landmarks of all frames.
        subject: see `Subject`.
        source: its name, and frames a second.
        settings: see `CaptureSettings`.
        progress: told the stages behind ``Track``.
    """
    with one_thread():
        with progress.stage("Person"):
            person, view = _person(track, subject, settings, progress)
        with progress.stage("Solve"):
            chosen, dense = _renumbered(settings, track), track.dense
            seen = dense and DenseTrack(dense.vertices, dense.pixels[track.seen])
            solved = solve_frames(track.landmarks[track.seen], person, view, chosen, progress=progress, dense=seen)
    with progress.stage("Curves"):
        return _curves(solved, track, person, source, settings.smoothing)


def _person(track: Track, subject: Subject, settings: CaptureSettings, progress: Progress) -> tuple[Person, View]:
    if settings.identity == "video":
        return identify(track, subject.model, settings, progress)
    if subject.head is None:
        raise ModelError("The head's own identity was asked for, but there is no head; name one with --head.")
    return Person.of_head(subject.head, subject.model), view_of(track, subject.model, settings, progress)


def _renumbered(settings: CaptureSettings, track: Track) -> CaptureSettings:
    """The settings with the neutral frame's number among the frames that show a face."""
    frame = settings.neutral_frame
    if frame is None:
        return settings
    if frame >= len(track.seen):
        raise SettingsError(
            f"There is no frame {frame} to be the neutral one: the video has {len(track.seen)}, counted from 0."
        )
    seen = np.flatnonzero(track.seen)
    return replace(settings, neutral=str(int(np.argmin(np.abs(seen - frame)))))


def _curves(solved: Solved, track: Track, person: Person, source: tuple[str, float], smoothing: float) -> Performance:
    name, rate = source
    turns = continuous(quaternions(solved.rotation))
    found = np.concatenate([solved.weights, turns, solved.translation / _METRES], 1)
    curves = smooth(fill_gaps(found, track.seen), rate, smoothing)
    keys = len(person.key_names)
    weights = np.clip(curves[:, :keys], 0, 1)
    quaternion = curves[:, keys : keys + 4]
    bones = bone_turns(person, weights)
    return Performance(
        source=name,
        times=np.arange(len(curves)) / rate,
        rate=rate,
        key_names=person.key_names,
        weights=weights.astype(np.float32),
        head_rotation=_unit_turns(quaternion),
        head_translation=(curves[:, keys + 4 :] * _METRES).astype(np.float32),
        jaw_rotation=bones.jaw,
        eye_rotations=bones.eyes,
        notes=_notes(track, name),
    )


def _unit_turns(quaternion: Float[np.ndarray, "F 4"]) -> np.ndarray:
    return axis_angles(quaternion / np.linalg.norm(quaternion, axis=1, keepdims=True)).astype(np.float32)


def _notes(track: Track, name: str) -> tuple[str, ...]:
    notes = []
    if track.change > UNLIKE:
        notes.append(
            f"The pictures of {name} differ as different photos do, not as frames of a film: what was captured leaps "
            "from one to the next. If they are photos, capture one at a time."
        )
    lost = [f"{first}" if first == last else f"{first} to {last}" for first, last in gaps(track.seen)]
    if lost:
        count, told = int((~track.seen).sum()), ", ".join(lost)
        notes.append(f"{count} of {len(track.seen)} frames of {name} show no face ({told}); they were filled in.")
    return tuple(notes)
