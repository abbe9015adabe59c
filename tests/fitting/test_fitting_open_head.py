"""The fit with the head model that ships: what a mean head must do for every photo."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from conftest import SHARED
from synthetic_head import photo_of

from seif_core.fitting import fit_portrait
from seif_core.geometry.camera import Camera
from seif_core.headmodel import load_head_model

CAMERA = Camera(1500, 256, 256, 512, 512)


@pytest.fixture(scope="module")
def head():
    return load_head_model("open")


@pytest.mark.parametrize("yaw", [0.0, 0.35])
def test_a_wide_open_mouth_leaves_the_neutral_face_as_it_is(head, yaw):
    pose = np.zeros((5, 3))
    pose[0, 1], pose[2, 0] = yaw, 0.3
    portrait, _ = photo_of(head, pose=pose, translation=(0, 0, -1.2), camera=CAMERA)
    fit = fit_portrait(portrait, head)
    moved = np.linalg.norm(fit.neutral - head.template, axis=1)[head.regions["face"]]
    assert moved.mean() < 0.001
    assert fit.pose[2, 0] == pytest.approx(0.3, abs=0.03)
    assert fit.key_weights[head.key_names.index("jawOpen")] > 0.6


def test_a_smile_is_found_as_a_smile(head):
    smile = [head.key_names.index(f"mouthSmile{side}") for side in ("Left", "Right")]
    smiling = replace(head, template=head.template + 0.6 * head.key_basis[smile].sum(0))
    portrait, _ = photo_of(smiling, translation=(0, 0, -1.2), camera=CAMERA)
    fit = fit_portrait(portrait, head)
    assert (fit.key_weights[smile] > 0.35).all()
    others = np.delete(fit.key_weights, smile)
    assert others.max() < fit.key_weights[smile].min()
    moved = np.linalg.norm(fit.neutral - head.template, axis=1)[head.regions["face"]]
    assert moved.mean() < 0.0015


def test_closed_lids_are_found_closed(head):
    blink = [head.key_names.index(f"eyeBlink{side}") for side in ("Left", "Right")]
    closed = replace(head, template=head.template + head.key_basis[blink].sum(0))
    portrait, _ = photo_of(closed, translation=(0, 0, -1.2), camera=CAMERA)
    assert (fit_portrait(portrait, head).key_weights[blink] > 0.5).all()


@pytest.mark.skipif(not (SHARED / "portraits").is_dir(), reason="the development photos are not here")
@pytest.mark.parametrize("name", ["seif_demo_12.png", "astronaut.png", "avatar_fjgaylor_tsand.jpg"])
def test_a_real_photo_is_fitted_to_its_landmarks_by_a_plausible_head(head, name):
    from seif_core.portrait import read_portrait

    fit = fit_portrait(read_portrait(SHARED / "portraits" / name), head)
    assert fit.landmark_error < 2.5
    assert np.sqrt((fit.shape**2).mean()) < 1.2
    assert 0.3 < -fit.translation[2] < 4
    if name.startswith("avatar"):
        assert fit.pose[2, 0] > 0.08


def test_the_sixty_eight_points_of_the_second_detector_fit_as_well(head):
    shape = np.random.default_rng(0).normal(size=len(head.shape_basis)) * 0.5
    pose = np.zeros((5, 3))
    pose[0], pose[2, 0] = (0.1, 0.3, 0.1), 0.2
    portrait, posed = photo_of(head, shape=shape, pose=pose, translation=(0, 0, -1.2), camera=CAMERA, exif=False)
    points = head.embeddings["ibug68"].points(posed)
    marks = np.concatenate([CAMERA.project(points), np.zeros((68, 1))], 1).astype(np.float32)
    fit = fit_portrait(replace(portrait, landmarks=marks, landmark_scheme="ibug68"), head)
    np.testing.assert_allclose(fit.pose[0], pose[0], atol=0.03)
    assert fit.pose[2, 0] == pytest.approx(0.2, abs=0.04)
    face = head.regions["face"]
    offset = (fit.posed - posed)[face]
    assert np.linalg.norm(offset - offset.mean(0), axis=1).mean() < 0.0025
