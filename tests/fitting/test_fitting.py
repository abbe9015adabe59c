from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_head import photo_of, synthetic_head

from seif_core.errors import CancelledError, DeviceError, ModelError, PhotoUnsuitableError, SettingsError
from seif_core.fitting import FitSettings, fit_portrait
from seif_core.fitting.portrait_fit import fit_portraits
from seif_core.geometry.camera import Camera
from seif_core.progress import Progress

HEAD = synthetic_head()
WEAK_PRIOR = FitSettings(shape_prior=10.0, key_prior=10.0, jaw_prior=1.0)


def turned(*head: float) -> np.ndarray:
    pose = np.zeros((5, 3))
    pose[0] = head
    return pose


def test_importing_the_package_loads_no_torch():
    code = "import seif_core.fitting, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_mean_head_seen_without_noise_is_recovered_exactly():
    portrait, posed = photo_of(HEAD)
    fit = fit_portrait(portrait, HEAD)
    assert np.abs(fit.shape).max() < 0.02
    assert fit.landmark_error < 0.05
    assert np.abs(fit.posed - posed).max() < 0.005


def test_shape_and_expression_are_recovered_when_the_landmarks_tell_all():
    rng = np.random.default_rng(3)
    shape, expression = rng.normal(size=6), rng.uniform(size=5)
    portrait, posed = photo_of(HEAD, shape=shape, expression=expression, pose=turned(0.1, 0.1, 0.05))
    fit = fit_portrait(portrait, HEAD, settings=replace(WEAK_PRIOR, rounds=8))
    face = HEAD.regions["face"]
    offset = (fit.posed - posed)[face]
    assert np.linalg.norm(offset - offset.mean(0), axis=1).mean() < 0.001
    np.testing.assert_allclose(fit.shape, shape, atol=0.4)


def test_an_open_mouth_does_not_lengthen_the_face():
    pose = turned(0, 0, 0)
    pose[2, 0] = 0.3
    portrait, _ = photo_of(HEAD, pose=pose)
    fit = fit_portrait(portrait, HEAD)
    assert np.abs(fit.shape).max() < 0.25
    assert fit.pose[2, 0] == pytest.approx(0.3, abs=0.05)


def test_eyes_look_where_the_irises_are():
    pose = turned(0.05, 0.1, 0)
    pose[3, :2] = pose[4, :2] = (0.1, -0.25)
    portrait, _ = photo_of(HEAD, pose=pose)
    fit = fit_portrait(portrait, HEAD)
    np.testing.assert_allclose(fit.pose[3:, :2], pose[3:, :2], atol=0.06)


@pytest.mark.parametrize("roll", [0.6, 1.57, -2.0, 3.1])
def test_a_head_on_its_side_or_upside_down_is_fitted_like_an_upright_one(roll):
    portrait, posed = photo_of(HEAD, pose=turned(0, 0, roll))
    fit = fit_portrait(portrait, HEAD)
    assert np.abs(fit.posed - posed)[HEAD.regions["face"]].mean() < 0.003
    assert np.abs(fit.shape).max() < 0.1


@pytest.mark.parametrize("distance", [0.35, 1.0, 3.0])
def test_a_known_focal_length_keeps_near_faces_from_being_stretched(distance):
    camera = Camera(1200 * distance, 256, 256, 512, 512)
    portrait, posed = photo_of(HEAD, translation=(0.0, 0.0, -distance), camera=camera)
    fit = fit_portrait(portrait, HEAD)
    assert fit.camera.focal == pytest.approx(camera.focal, rel=0.02)
    assert np.abs(fit.shape).max() < 0.1
    assert np.abs(fit.posed - posed).mean() / distance < 0.02


def test_a_near_face_is_found_near_without_a_known_focal_length():
    camera = Camera(480, 256, 256, 512, 512)
    portrait, _ = photo_of(HEAD, translation=(0.0, 0.0, -0.4), camera=camera, exif=False)
    fit = fit_portrait(portrait, HEAD)
    assert -fit.translation[2] < 0.8
    assert np.abs(fit.shape).max() < 0.3


def test_a_few_wild_landmarks_do_not_bend_the_head():
    portrait, _ = photo_of(HEAD)
    wild = portrait.landmarks.copy()
    wild[np.random.default_rng(0).choice(468, 20), :2] += 60
    fit = fit_portrait(replace(portrait, landmarks=wild), HEAD)
    assert np.abs(fit.shape).max() < 0.6


def test_contour_landmarks_on_the_silhouette_do_not_turn_the_head():
    portrait, posed = photo_of(HEAD, pose=turned(0, 0.6, 0))
    camera = Camera(1200, 256, 256, 512, 512)
    marks = portrait.landmarks.copy()
    pixels = camera.project(posed[HEAD.regions["face"]])
    from seif_core.headmodel.landmark_schemes import MEDIAPIPE

    for k in MEDIAPIPE.contour:  # beyond the far outline nothing can be seen
        same_height = np.abs(pixels[:, 1] - marks[k, 1]) < 8
        if same_height.any():
            marks[k, 0] = min(marks[k, 0], pixels[same_height, 0].max())
    fit = fit_portrait(replace(portrait, landmarks=marks), HEAD)
    assert fit.pose[0, 1] == pytest.approx(0.6, abs=0.03)


def test_every_field_of_the_fit_agrees_with_the_others():
    from seif_core.headmodel.skinning import pose_vertices

    portrait, _ = photo_of(HEAD, shape=np.ones(6) * 0.5, expression=np.ones(5) * 0.3, pose=turned(0.1, 0.3, 0))
    fit = fit_portrait(portrait, HEAD)
    joints = HEAD.joint_regressor.astype(np.float64) @ fit.neutral
    posed = pose_vertices(fit.expressed, joints, HEAD.skin_weights, fit.pose, HEAD.pose_basis) + fit.translation
    np.testing.assert_allclose(fit.posed, posed, atol=1e-5)
    assert np.array_equal(fit.pose[1], np.zeros(3))
    assert fit.key_weights.shape == (5,)
    assert fit.key_weights.min() >= 0
    assert fit.key_weights.max() <= 1
    assert (fit.camera.width, fit.camera.height) == (512, 512)


def test_the_same_portrait_gives_the_same_bytes():
    portrait, _ = photo_of(HEAD, noise=1.0)
    first, second = (fit_portrait(portrait, HEAD, seed=7) for _ in range(2))
    assert first.posed.tobytes() == second.posed.tobytes()
    assert first.shape.tobytes() == second.shape.tobytes()


def test_a_batch_gives_what_its_portraits_give_alone():
    portraits = [photo_of(HEAD, pose=turned(0, y, 0), noise=0.5, exif=y > 0)[0] for y in (-0.4, 0.0, 0.5)]
    together = fit_portraits(portraits, HEAD)
    for portrait, fit in zip(portraits, together, strict=True):
        np.testing.assert_allclose(fit.posed, fit_portrait(portrait, HEAD).posed, atol=1e-4)


@given(st.integers(0, 2**31))
@settings(max_examples=8, deadline=None)
def test_any_pose_in_front_of_the_camera_gives_a_finite_head_on_its_landmarks(seed):
    rng = np.random.default_rng(seed)
    distance = rng.uniform(0.5, 3.0)
    portrait, _ = photo_of(
        HEAD,
        shape=rng.normal(size=6),
        expression=rng.uniform(size=5),
        pose=turned(*rng.uniform(-0.5, 0.5, 3)),
        translation=(*rng.uniform(-0.2, 0.2, 2), -distance),
        noise=1.2 / distance,  # a millimetre
        exif=bool(seed % 2),
    )
    fit = fit_portrait(portrait, HEAD)
    assert np.isfinite(fit.posed).all()
    assert fit.landmark_error < 4


def test_landmarks_that_are_not_numbers_are_refused():
    portrait, _ = photo_of(HEAD)
    broken = portrait.landmarks.copy()
    broken[3, 1] = np.nan
    with pytest.raises(PhotoUnsuitableError, match="landmarks"):
        fit_portrait(replace(portrait, landmarks=broken), HEAD)


def test_landmarks_on_one_point_are_refused():
    portrait, _ = photo_of(HEAD)
    with pytest.raises(PhotoUnsuitableError, match="one point"):
        fit_portrait(replace(portrait, landmarks=np.full((478, 3), 9, np.float32)), HEAD)


def test_an_unknown_landmark_scheme_is_refused():
    portrait, _ = photo_of(HEAD)
    with pytest.raises(SettingsError, match="unknown"):
        fit_portrait(replace(portrait, landmark_scheme="dlib5"), HEAD)


def test_a_model_without_the_embedding_is_refused():
    portrait, _ = photo_of(HEAD)
    with pytest.raises(ModelError, match="mediapipe478"):
        fit_portrait(portrait, replace(HEAD, embeddings={}))


@pytest.mark.parametrize("device", ["abacus", "cuda:99"])
def test_an_unknown_device_is_refused(device):
    portrait, _ = photo_of(HEAD)
    with pytest.raises(DeviceError, match="device"):
        fit_portrait(portrait, HEAD, device=device)


def test_a_cancelled_fit_stops():
    portrait, _ = photo_of(HEAD)
    with pytest.raises(CancelledError):
        fit_portrait(portrait, HEAD, progress=Progress(cancelled=lambda: True))
