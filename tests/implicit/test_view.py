from __future__ import annotations

import numpy as np
from fake_stages import sample_fit, sample_portrait
from hypothesis import given
from hypothesis import strategies as st

from seif_core.geometry.camera import Camera
from seif_core.implicit.inputs import head_inputs, view_of
from seif_core.implicit.view import LARGEST, USUAL, HeadView, mask_outline

VIEW = HeadView(Camera(1000.0, 320.0, 240.0, 640, 480), 100.0, 50.0, 500.0, 0.6)


def test_worked_number_of_the_convention_holds():
    assert np.isclose(VIEW.scale, 0.3)
    nearer = VIEW.to_cube(np.array([[0.0, 0.0, -0.57]]))
    assert np.isclose(nearer[0, 2], 0.1)


@given(st.lists(st.floats(-0.5, 0.5), min_size=3, max_size=3))
def test_cube_and_camera_space_are_inverse(point):
    there = np.array([point])
    np.testing.assert_allclose(VIEW.to_cube(VIEW.to_camera(there)), there, atol=1e-9)


def test_points_keep_their_pixel_whatever_their_depth():
    near, far = VIEW.to_camera(np.array([[0.2, 0.1, 0.4], [0.2, 0.1, -0.4]]))
    np.testing.assert_allclose(VIEW.camera.project(near), VIEW.camera.project(far))


def test_crop_camera_sees_the_square_alone():
    corners = VIEW.to_camera(np.array([[-0.5, 0.5, 0.0], [0.5, -0.5, 0.0]]))
    np.testing.assert_allclose(VIEW.crop_camera(256).project(corners), [[0, 0], [256, 256]], atol=1e-6)


def test_square_grows_with_the_hair_and_only_so_far():
    head = np.array([[-0.1, -0.1, -1.0], [0.1, 0.1, -1.0]])
    camera = Camera(1000.0, 500.0, 500.0, 1000, 1000)
    sides = [
        HeadView.around(head, camera, np.array([[500 - reach, 500.0], [500 + reach, 400.0]])).side
        for reach in (50.0, 180.0, 900.0)
    ]
    np.testing.assert_allclose(sides, [USUAL * 200, 2.06 * 180, LARGEST * 200])


def test_shoulders_below_do_not_widen_the_square():
    head = np.array([[-0.1, -0.1, -1.0], [0.1, 0.1, -1.0]])
    camera = Camera(1000.0, 500.0, 500.0, 1000, 1000)
    assert HeadView.around(head, camera, np.array([[0.0, 690.0], [1000.0, 690.0]])).side == USUAL * 200


def test_outline_holds_the_ends_of_a_mask():
    mask = np.zeros((10, 12), np.uint8)
    mask[3:7, 2:9] = 255
    found = mask_outline(mask)
    np.testing.assert_array_equal([found.min(0), found.max(0)], [[2, 3], [9, 7]])


def test_inputs_show_photo_and_guidance_inside_the_mask_alone():
    portrait, fit = sample_portrait(), sample_fit()
    mask = portrait.mask.copy()
    mask[:, :64] = 0
    portrait = sample_portrait(mask=mask)
    inputs = head_inputs(portrait, fit, view_of(portrait, fit), 64)
    assert 0 < inputs.mask.mean() < 1
    outside = (inputs.mask == 0).expand(3, -1, -1)
    assert inputs.photo[outside].abs().max() == 0
    assert inputs.guidance[outside].abs().max() == 0
    length = inputs.guidance.norm(dim=0)
    assert ((length - 1).abs() < 1e-4).logical_or(length == 0).all()
    assert (length > 0).any()
