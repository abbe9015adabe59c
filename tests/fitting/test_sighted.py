"""The fit on dense points: they count by the doubts that they come with, and they come first."""

from dataclasses import replace

import numpy as np
import pytest
from synthetic_head import photo_of

from seif_core.errors import SettingsError
from seif_core.fitting import fit_portrait
from seif_core.fitting.portrait_fit import fit_same_person
from seif_core.fitting.settings import FitSettings
from seif_core.geometry.alignment import align_points
from seif_core.geometry.camera import Camera
from seif_core.headmodel import load_head_model
from seif_core.headmodel.dense_set import dense_set
from seif_core.headmodel.skinning import pose_vertices
from seif_core.portrait.dense_points import DensePoints

CAMERA = Camera(1500, 256, 256, 512, 512)
DENSE = FitSettings(measured="dense")
PLACE = np.array([0, 0, -1.2])


@pytest.fixture(scope="module")
def head():
    return load_head_model("open")


@pytest.fixture(scope="module")
def person(head):
    """A head that is not the mean, as a model whose mean it is."""
    shape = np.random.default_rng(3).normal(size=len(head.shape_basis)) * 0.8
    return replace(head, template=head.template + np.tensordot(shape.astype(np.float32), head.shape_basis, 1))


def seen(head, person, sigma=0.5, yaw=0.0):
    """The person's dense points, exactly where they are."""
    pose = np.zeros((5, 3))
    pose[0, 1] = yaw
    joints = person.joint_regressor.astype(np.float64) @ person.template
    posed = pose_vertices(person.template, joints, person.skin_weights, pose, person.pose_basis) + PLACE
    ids = dense_set(head).vertices
    count = len(ids)
    pixels = CAMERA.project(posed[ids].astype(np.float64)).astype(np.float32)
    common = np.zeros((count, 1), np.float32)
    return DensePoints(ids, pixels, np.full(count, sigma, np.float32), common, np.ones(count, np.float32))


def off(head, fit, person):
    """Median distance of the face, millimetres."""
    face = head.regions["face"]
    ours, theirs = fit.neutral[face].astype(np.float64), person.template[face].astype(np.float64)
    moved = align_points(ours, theirs, with_scale=True).apply(ours)
    return 1000 * float(np.median(np.linalg.norm(moved - theirs, axis=1)))


@pytest.mark.parametrize("yaw", [0.0, 0.6])
def test_true_dense_points_bring_the_fit_nearer_than_true_landmarks(head, person, yaw):
    pose = np.zeros((5, 3))
    pose[0, 1] = yaw
    portrait, _ = photo_of(person, pose=pose, translation=tuple(PLACE), camera=CAMERA)
    dense = fit_portrait(replace(portrait, dense=seen(head, person, yaw=yaw)), head, settings=DENSE)
    assert off(head, dense, person) < 0.8
    assert off(head, dense, person) < off(head, fit_portrait(portrait, head), person)


def test_dense_points_of_two_photos_show_the_depth_that_the_detector_guesses(head, person):
    def photo(yaw, stretch):
        pose = np.zeros((5, 3))
        pose[0, 1] = yaw
        portrait, _ = photo_of(person, pose=pose, translation=tuple(PLACE), camera=CAMERA)
        marks = portrait.landmarks * np.float32([1, 1, stretch])
        return replace(portrait, landmarks=marks, dense=seen(head, person, yaw=yaw))

    true, misled = (fit_same_person([photo(0.0, stretch), photo(0.6, stretch)], head)[0] for stretch in (1, 3))
    np.testing.assert_array_equal(true.neutral, misled.neutral)
    assert off(head, misled, person) < off(head, fit_portrait(photo(0.0, 3), head), person)


def test_points_that_say_they_are_unsure_do_not_spoil_the_fit(head, person):
    portrait, _ = photo_of(person, translation=tuple(PLACE), camera=CAMERA)
    points = seen(head, person)
    wrong = np.arange(len(points.vertices)) % 3 == 0
    moved = replace(
        points,
        pixels=points.pixels + np.where(wrong, 8, 0)[:, None].astype(np.float32),
        sigma=np.where(wrong, 40, points.sigma).astype(np.float32),
    )
    good = fit_portrait(replace(portrait, dense=points), head, settings=DENSE)
    fit = fit_portrait(replace(portrait, dense=moved), head, settings=DENSE)
    assert off(head, fit, person) < off(head, good, person) + 0.3


def test_an_error_that_all_points_share_does_not_move_the_head_from_its_lids(head, person):
    """All points a pixel off: told as one error it leaves the head where the lids are, as 580 errors it does not."""
    portrait, _ = photo_of(person, translation=tuple(PLACE), camera=CAMERA)
    points = seen(head, person)
    moved = replace(points, pixels=points.pixels + np.float32(1))
    shared = replace(moved, common=np.full((len(points.vertices), 1), 0.97, np.float32))

    def place(dense):
        fit = fit_portrait(replace(portrait, dense=dense), head, settings=DENSE)
        return fit.camera.project(fit.posed[head.regions["lids"]].astype(np.float64)).mean(0)

    true = place(points)
    assert np.linalg.norm(place(shared) - true) < np.linalg.norm(place(moved) - true)


def test_dense_points_count_unless_the_landmarks_alone_are_asked_for(head, person):
    portrait, _ = photo_of(head, translation=tuple(PLACE), camera=CAMERA)
    plain = fit_portrait(portrait, head)
    told = replace(portrait, dense=seen(head, person))
    asked = fit_portrait(told, head, settings=FitSettings(measured="landmarks"))
    assert np.allclose(plain.shape, asked.shape, atol=1e-6)
    assert np.abs(plain.shape - fit_portrait(told, head).shape).max() > 0.5
    assert [fit.measured for fit in (plain, asked, fit_portrait(told, head))] == ["landmarks", "landmarks", "dense"]


def test_both_together_lie_between_unsure_points_and_the_landmarks(head, person):
    portrait, _ = photo_of(head, translation=tuple(PLACE), camera=CAMERA)
    told = replace(portrait, dense=seen(head, person, sigma=4.0))
    dense, both, marks = (
        fit_portrait(told, head, settings=FitSettings(measured=name)) for name in ("dense", "both", "landmarks")
    )
    assert off(head, dense, person) < off(head, both, person) < off(head, marks, person)


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(SettingsError, match="cannot take 'scans'"):
        FitSettings(measured="scans")
