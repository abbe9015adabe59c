"""Several photos of one person fitted with one identity, each with its own camera, pose and expression."""

from __future__ import annotations

import numpy as np
import torch
from synthetic_head import photo_of, synthetic_head

from seif_core.fitting.parameters import Layout
from seif_core.fitting.portrait_fit import fit_portraits, fit_same_person
from seif_core.fitting.shared_identity import SharedIdentity
from seif_core.geometry.camera import Camera

HEAD = synthetic_head()
SHAPE = np.array([1.5, -1.0, 0.8, -1.4, 1.0, 0.5])


def turned(yaw: float) -> np.ndarray:
    pose = np.zeros((5, 3))
    pose[0, 1] = yaw
    return pose


def photos(number=0):
    """Two photos from different sides, taken with other cameras and with another expression."""
    front, _ = photo_of(HEAD, shape=SHAPE, pose=turned(-0.2), noise=3.0, seed=2 * number)
    smile, camera = np.array([0.8, 0, 0.4, 0, 0]), Camera(900, 200, 220, 400, 440)
    side, _ = photo_of(
        HEAD, shape=SHAPE, expression=smile, pose=turned(0.0), camera=camera, noise=2.2, seed=2 * number + 1
    )
    return [front, side]


def away(fit) -> float:
    """Mean distance of the face from the true one after the mean offset is taken out, metres."""
    truth = HEAD.template + np.tensordot(SHAPE, HEAD.shape_basis, 1)
    offset = (fit.neutral - truth)[HEAD.regions["face"]]
    return float(np.linalg.norm(offset - offset.mean(0), axis=1).mean())


def test_two_photos_have_one_identity_and_their_own_pose_camera_and_expression():
    front, side = fit_same_person(photos(), HEAD)
    np.testing.assert_array_equal(front.shape, side.shape)
    np.testing.assert_array_equal(front.neutral, side.neutral)
    assert abs(front.pose[0, 1] + 0.2) < 0.06
    assert abs(side.pose[0, 1]) < 0.06
    assert abs(side.camera.focal / 900 - 1) < 0.05
    assert side.key_weights[0] > front.key_weights[0] + 0.3


def test_two_photos_come_nearer_to_the_truth_than_either():
    both = [away(fit_same_person(photos(k), HEAD)[0]) for k in range(8)]
    alone = [[away(fit) for fit in fit_portraits(photos(k), HEAD)] for k in range(8)]
    assert np.mean(both) < np.mean(alone, axis=0).min()


def test_one_photo_alone_is_what_it_was():
    photo = photos()[0]
    np.testing.assert_array_equal(fit_same_person([photo], HEAD)[0].neutral, fit_portraits([photo], HEAD)[0].neutral)


def test_the_same_photo_twice_gives_the_head_of_that_photo():
    photo = photos()[0]
    once, twice = fit_portraits([photo], HEAD)[0], fit_same_person([photo, photo], HEAD)[0]
    np.testing.assert_allclose(twice.neutral, once.neutral, atol=1e-4)


def test_every_number_has_a_place_of_its_own_but_the_identity():
    layout = Layout(6, 5)
    shared = SharedIdentity(layout, 3)
    places = shared.places(torch.device("cpu"))
    assert (places[:, layout.shape] == torch.arange(6)).all()
    own = np.delete(places.numpy(), np.r_[layout.shape], axis=1)
    assert len(np.unique(own)) == own.size == shared.size - 6
    assert own.min() == 6
