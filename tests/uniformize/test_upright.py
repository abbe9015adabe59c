"""The square that the networks see: the same however the photo lies, completed where the photo ends."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rendered_head import make_fit, make_model, photograph

from seif_core.fitting.roll import rolled_fit
from seif_core.geometry.camera import Camera
from seif_core.implicit.head_surface import HeadSurface
from seif_core.implicit.inputs import view_of
from seif_core.implicit.paste import paste_normals
from seif_core.implicit.truncation import truncation_warnings
from seif_core.implicit.view import HeadView
from seif_core.uniformize.upright import upright_head


@cache
def drawn(yaw=0.0):
    model = make_model()
    fit = make_fit(model, yaw=yaw, width=512, height=512)
    fit = replace(fit, camera=Camera(900.0, 256.0, 256.0, 512, 512))
    albedo = 0.3 + 0.2 * np.sin(model.template * 60)
    return photograph(fit, albedo), fit


def lying(quarters: int):
    """The same photo turned by so many quarters of a circle counter-clockwise."""
    portrait, fit = drawn()
    marks = portrait.landmarks.copy()
    for _ in range(quarters):
        marks[:, :2] = np.stack([marks[:, 1], 512 - marks[:, 0]], axis=1)
    turned = replace(
        portrait,
        pixels=np.ascontiguousarray(np.rot90(portrait.pixels, quarters)),
        mask=np.ascontiguousarray(np.rot90(portrait.mask, quarters)),
        landmarks=marks,
    )
    return turned, rolled_fit(fit, -quarters * np.pi / 2)


def cropped(top=0, left=0, right=512):
    portrait, fit = drawn()
    piece = np.s_[top:, left:right]
    marks = portrait.landmarks.copy()
    marks[:, :2] -= (left, top)
    cut = replace(
        portrait,
        pixels=np.ascontiguousarray(portrait.pixels[piece]),
        mask=np.ascontiguousarray(portrait.mask[piece]),
        landmarks=marks,
    )
    return cut, replace(fit, camera=Camera(900.0, 256.0 - left, 256.0 - top, right - left, 512 - top))


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_networks_see_the_same_upright_head_however_the_photo_lies(quarters):
    first, second = upright_head(*drawn()), upright_head(*lying(quarters))
    difference = np.abs(first.portrait.pixels.astype(int) - second.portrait.pixels)
    assert np.mean(difference) < 0.5
    assert np.mean(first.portrait.mask != second.portrait.mask) < 0.005
    np.testing.assert_allclose(second.fit.posed, first.fit.posed, atol=1e-5)
    np.testing.assert_allclose(second.portrait.landmarks, first.portrait.landmarks, atol=0.02)
    camera = second.fit.camera
    np.testing.assert_allclose([camera.focal, camera.cx, camera.cy], [first.fit.camera.focal, *camera_centre(first)])


def camera_centre(upright):
    return upright.fit.camera.cx, upright.fit.camera.cy


def test_what_is_found_in_the_square_is_brought_back_to_the_photo():
    portrait, fit = lying(1)
    upright = upright_head(portrait, fit)
    view = view_of(upright.portrait, upright.fit)
    normals = np.zeros((64, 64, 3), np.float32)
    normals[:32] = (0, 1, 0)  # the upper half points up
    surface = HeadSurface(upright.fit.posed.astype(float), fit.model.triangles, fit.posed, normals, view, 1)
    back = upright.surface_in_photo(surface)
    np.testing.assert_allclose(back.vertices, fit.posed, atol=1e-5)
    cube = view.to_cube(surface.vertices)
    np.testing.assert_allclose(back.view.to_cube(back.vertices), cube, atol=1e-4)
    np.testing.assert_allclose(back.view.to_camera(cube), back.vertices, atol=1e-5)
    pasted = paste_normals(back.normals, back.view)
    assert pasted.shape == (512, 512, 3)
    rows, columns = np.nonzero(pasted.any(axis=2))
    up = np.array([-1.0, 0.0])  # the photo lies on its left side: the crown points to the left
    assert (columns.mean() - 256) * up[0] > 20
    np.testing.assert_allclose(pasted[rows, columns].mean(axis=0), (*up, 0), atol=0.02)


@given(st.floats(-3.2, 3.2), st.lists(st.floats(-0.5, 0.5), min_size=3, max_size=3))
def test_cube_and_camera_space_are_inverse_in_a_turned_square(roll, point):
    view = HeadView(Camera(1000.0, 320.0, 240.0, 640, 480), 100.0, 50.0, 500.0, 0.6, roll)
    there = np.array([point])
    np.testing.assert_allclose(view.to_cube(view.to_camera(there)), there, atol=1e-9)


@pytest.mark.parametrize("edges", [{"top": 160}, {"left": 200}, {"right": 300}, {"top": 150, "left": 190}])
def test_a_head_that_the_frame_cuts_is_completed_to_what_it_is(edges):
    whole, cut = upright_head(*drawn()), upright_head(*cropped(**edges))
    head, found = whole.portrait.mask > 127, cut.portrait.mask > 127
    assert (head & ~cut.shown).mean() > 0.2 * head.mean() * 0.3  # the frame does cut a good part
    assert (head & found).sum() / (head | found).sum() > 0.95
    beyond = found & ~cut.shown
    assert np.abs(cut.portrait.pixels[beyond].mean(0) - cut.portrait.pixels[head & cut.shown].mean(0)).max() < 60


@pytest.mark.parametrize(
    ("edges", "words"),
    [
        ({"top": 160}, "at the top;"),
        ({"left": 215}, "at the person's right;"),
        ({"right": 296}, "at the person's left;"),
    ],
)
def test_a_cut_head_is_told_with_its_side(edges, words):
    portrait, fit = cropped(**edges)
    found = truncation_warnings(portrait, upright_head(portrait, fit))
    assert words in found[0]


def test_half_a_face_is_told():
    portrait, fit = cropped(left=256)
    assert "% of the face lies beyond" in truncation_warnings(portrait, upright_head(portrait, fit))[-1]


def test_a_whole_head_is_no_cause_for_words():
    portrait, fit = drawn()
    assert truncation_warnings(portrait, upright_head(portrait, fit)) == ()
