"""Handles over a photo: region and photo pixels, zoom about the mouse, the handle under it. No Blender here."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seif_blender.reconstruct.photo_view import PhotoView, nearest

VIEW = PhotoView.fitted((800, 600), (1000, 700), (200, 100, 500, 500))
inside_x, inside_y = st.floats(0, 800), st.floats(0, 600)


@given(inside_x, inside_y)
def test_to_the_region_and_back_is_the_same_place(x, y):
    assert VIEW.to_photo(*VIEW.to_region(x, y)) == pytest.approx((x, y), abs=1e-6)


def test_the_box_fills_the_region_about_its_middle_and_up_is_up():
    assert VIEW.to_region(350, 300) == pytest.approx((500, 350))
    assert VIEW.to_region(350, 100)[1] > VIEW.to_region(350, 500)[1]
    assert VIEW.to_region(200, 500)[0] > 0
    assert VIEW.to_region(500, 100)[1] < 700


@given(st.floats(0, 1000), st.floats(0, 700), st.floats(0.5, 2.0))
def test_zooming_keeps_what_is_under_the_mouse(x, y, factor):
    before = ((x - VIEW.left) / VIEW.scale, (y - VIEW.bottom) / VIEW.scale)
    made = VIEW.zoomed(factor, x, y)
    assert ((x - made.left) / made.scale, (y - made.bottom) / made.scale) == pytest.approx(before, abs=1e-6)


def test_zoom_has_bounds():
    view = VIEW
    for _ in range(100):
        view = view.zoomed(2.0, 10, 10)
    assert view.scale == pytest.approx(40 * VIEW.first)


def test_a_handle_cannot_be_dragged_out_of_the_photo():
    assert VIEW.to_photo(-10_000, 10_000) == (0.0, 0.0)


def test_the_nearest_handle_within_reach_is_taken_and_none_beyond():
    handles = [(33, 300.0, 300.0), (133, 310.0, 300.0)]
    x, y = VIEW.to_region(308, 300)
    assert nearest(VIEW, handles, x, y, 14) == 133
    assert nearest(VIEW, handles, x + 100, y, 14) is None
    assert nearest(VIEW, [], x, y, 14) is None
