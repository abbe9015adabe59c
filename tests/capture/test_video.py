"""Landmarks to weights, a video to curves: known weights come back, gaps are told, errors are sentences."""

from __future__ import annotations

import dataclasses
import threading

import cv2
import numpy as np
import pytest
from skimage import data

from seif_core.capture.bones import bone_turns
from seif_core.capture.capture import SourceKind, capture, kind_of
from seif_core.capture.frames import Frames
from seif_core.capture.person import Person
from seif_core.capture.response import measured_response
from seif_core.capture.settings import CaptureSettings
from seif_core.capture.solve import View, solve_frames
from seif_core.capture.tracking import UNLIKE, track_face
from seif_core.errors import CancelledError, PerformanceFileError, SettingsError
from seif_core.geometry.camera import Camera
from seif_core.headmodel import load_head_model
from seif_core.headmodel.skinning import rotation_matrices
from seif_core.progress import Progress

VIEW = View(1400.0, (256.0, 256.0))


@pytest.fixture(scope="module")
def person():
    model = load_head_model("open")
    return Person.of_shape(model, np.zeros(len(model.shape_basis)))


def landmarks(person, weights, turns, noise=0.0):
    """(F, 478, 3) pixels of the landmarks as the face mesh would see them, with noise in pixels."""
    neutral, seen = person.points()
    response = measured_response().without_dense()
    seen[:, response.points] = response.seen(person.key_names, seen[:, response.points])
    root, camera, rows = person.joints[0], Camera(*VIEW[:1], *VIEW.centre, 512, 512), []
    for weight, turn in zip(weights, rotation_matrices(turns), strict=True):
        xyz = (neutral + np.tensordot(weight, seen, 1) - root) @ turn.T + [0, 0, -0.9]
        rows.append(np.column_stack([camera.project(xyz), -xyz[:, 2] * VIEW.focal / 0.9]))
    marks = np.stack(rows)
    return marks + np.random.default_rng(0).normal(0, noise, marks.shape)


def one_after_the_other(person, names, frames=24):
    weights = np.zeros((frames, len(person.key_names)))
    for k, name in enumerate(names):
        middle = 3 + (frames - 6) * k / max(1, len(names) - 1)
        weights[:, person.key_names.index(name)] = 0.8 * np.exp(-(((np.arange(frames) - middle) / 1.5) ** 2))
    return weights


def test_known_weights_and_turns_come_back(person):
    names = ("jawOpen", "mouthSmileLeft", "eyeBlinkRight", "browInnerUp", "mouthPucker")
    weights = one_after_the_other(person, names)
    turns = np.stack([0.1 * np.sin(np.arange(24) / 4), 0.3 * np.cos(np.arange(24) / 5), np.full(24, 0.1)], 1)
    found = solve_frames(landmarks(person, weights, turns), person, VIEW, CaptureSettings(neutral="none"))
    used = [person.key_names.index(name) for name in names]
    assert np.abs(found.weights - weights)[:, used].mean() < 0.05
    assert np.abs(found.weights - weights).mean() < 0.01
    assert np.abs(found.rotation - turns).max() < 0.03
    assert np.abs(found.translation - [0, 0, -0.9]).max() < 0.02


def test_a_person_whose_landmarks_lie_elsewhere_does_not_smile_for_ever(person):
    weights = one_after_the_other(person, ("jawOpen", "browInnerUp"))
    marks = landmarks(person, weights, np.zeros((24, 3)))
    marks[:, [61, 291], 1] -= 4  # the corners of this mouth lie higher, always
    smiles = [person.key_names.index(f"mouthSmile{side}") for side in ("Left", "Right")]
    kept = solve_frames(marks, person, VIEW, CaptureSettings(neutral="none")).weights[:, smiles].mean()
    taken = solve_frames(marks, person, VIEW, CaptureSettings(neutral="quiet")).weights[:, smiles].mean()
    assert taken < 0.3 * kept + 0.01


def test_jaw_and_eyes_turn_as_their_keys_do(person):
    weights = np.zeros((3, len(person.key_names)))
    weights[1, person.key_names.index("jawOpen")] = 1
    weights[2, person.key_names.index("eyeLookUpLeft")] = 1
    found = bone_turns(person, weights)
    assert not found.jaw[0].any()
    assert 0.15 < found.jaw[1, 0] < 0.6
    assert np.abs(found.eyes[:2]).max() < 1e-3
    assert found.eyes[2, 0, 0] < -0.15
    assert np.abs(found.eyes[2, 1]).max() < 1e-3


def film(path, blank=(), frames=8):
    face = cv2.resize(data.astronaut()[:300, 70:370], (320, 320))
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (400, 400))
    for k in range(frames):
        picture = np.full((400, 400, 3), 90, np.uint8)
        if k not in blank:
            picture[40:360, 20 + 5 * k : 340 + 5 * k] = face[..., ::-1]
        writer.write(picture)
    writer.release()
    return path


def test_video_gives_one_row_a_frame_and_tells_its_gap(tmp_path):
    stages = set()
    progress = Progress(lambda stage, _fraction: stages.add(stage))
    found = capture(film(tmp_path / "a.avi", blank=(3, 4)), SourceKind.VIDEO, progress=progress)
    assert found.weights.shape == (8, 52)
    assert found.rate == 10
    assert "2 of 8 frames" in found.notes[0]
    assert "3 to 4" in found.notes[0]
    assert stages == {"Track", "Person", "Solve", "Curves"}
    assert np.abs(np.diff(found.weights, axis=0)).max() < 0.1  # the face moves as a whole
    assert (np.diff(found.head_translation[:, 0]) > 0).all()


def test_pictures_of_a_sequence_come_in_the_order_of_their_numbers(tmp_path):
    for number in (10, 9, 2, 1):
        cv2.imwrite(str(tmp_path / f"shot_{number}.png"), np.full((64, 64 + number, 3), 90, np.uint8))
    assert [frame.shape[1] for frame in Frames(tmp_path / "shot_1.png")] == [65, 66, 73, 74]
    assert [frame.shape[1] for frame in Frames(tmp_path)] == [65, 66, 73, 74]
    assert kind_of(tmp_path) is SourceKind.VIDEO
    assert kind_of(tmp_path / "shot_1.png") is SourceKind.IMAGE


def test_pictures_that_are_missing_in_a_sequence_are_told_and_every_tenth_is_no_gap(tmp_path):
    for folder, numbers in (("gaps", (1, 2, 5, 9, 10)), ("tens", (10, 20, 30)), ("two", (1, 2))):
        (tmp_path / folder).mkdir()
        for number in numbers:
            cv2.imwrite(str(tmp_path / folder / f"shot_{number}.png"), np.full((64, 64, 3), 90, np.uint8))
    assert "(after 2, 5)" in Frames(tmp_path / "gaps").notes[0]
    assert not Frames(tmp_path / "tens").notes
    assert not Frames(tmp_path / "two").notes


def test_a_neutral_frame_that_there_is_not_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="no frame 500"):
        capture(film(tmp_path / "a.avi", frames=3), SourceKind.VIDEO, settings=CaptureSettings(neutral="500"))


def test_what_is_no_video_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "no.mp4").write_bytes(b"no video at all" * 100)
    (tmp_path / "empty").mkdir()
    for name in ("no.mp4", "absent.mp4", "empty"):
        with pytest.raises(PerformanceFileError):
            list(Frames(tmp_path / name))
    with pytest.raises(PerformanceFileError, match="shows a face"):
        track_face([np.zeros((128, 128, 3), np.uint8)] * 2, 2, "dark")
    with pytest.raises(SettingsError):
        CaptureSettings(neutral="first")


def test_photos_of_different_people_are_told_from_a_film(tmp_path):
    face = cv2.resize(data.astronaut()[:300, 80:380], (256, 256))
    film = [np.roll(face, step, axis=1) for step in range(4)]
    photos = [face, 255 - face // 2, face[:, ::-1] // 3, face]
    assert track_face(film, 4, "film").change < UNLIKE < track_face(photos, 4, "photos").change
    with pytest.raises(PerformanceFileError, match="photos and no film"):
        track_face([face, face[:200]], 2, "photos")


def test_cancelling_ends_it_between_two_frames():
    stop = threading.Event()
    stop.set()
    with pytest.raises(CancelledError):
        track_face([np.zeros((128, 128, 3), np.uint8)], 1, "dark", Progress(None, stop.is_set))


def test_neutral_frame_is_counted_in_the_video_not_among_seen_frames():
    assert dataclasses.replace(CaptureSettings(), neutral="7").neutral_frame == 7
