"""What is seen between the lips tells a grin from an open jaw."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seif_core.fitting.teeth import jaw_opening, teeth_gap
from seif_core.headmodel.landmark_schemes import IBUG68, MEDIAPIPE
from seif_core.portrait.landmarks import turned
from tests.support.fake_stages import sample_portrait

SKIN, LIP, TOOTH, THROAT = (190, 140, 120), (150, 80, 80), (225, 215, 200), (40, 15, 15)
MIDDLE = np.array([150.0, 200.0])
WIDE, HIGH = 80, 30
"""Pixels of the mouth's opening."""


def mouth(scheme, gap: float, *, roll: float = 0.0, teeth=TOOTH):
    """A portrait of a mouth whose teeth leave a dark line of a height, and of nothing else."""
    pixels = np.full((320, 300, 3), SKIN, np.uint8)
    count = len(scheme.inner_lips)
    angles = np.pi * (1 - 2 * np.arange(count) / count)  # from the right corner over the lower lip to the left one
    ring = np.stack([WIDE / 2 * np.cos(angles), HIGH / 2 * np.sin(angles)], 1)
    ring = turned(ring, roll) + MIDDLE
    cv2.polylines(pixels, [np.round(ring).astype(np.int32)], True, LIP, 24)  # noqa: FBT003 - OpenCV's own
    cv2.fillPoly(pixels, [np.round(ring).astype(np.int32)], teeth)
    line = np.array([[-60, -gap / 2], [60, -gap / 2], [60, gap / 2], [-60, gap / 2]])
    dark = np.zeros(pixels.shape[:2], np.uint8)
    cv2.fillPoly(dark, [np.round(turned(line, roll) + MIDDLE).astype(np.int32)], (1,))
    inside = (pixels == teeth).all(2)
    if gap:
        pixels[(dark > 0) & inside] = THROAT
    marks = np.zeros((scheme.count, 3), np.float32)
    marks[list(scheme.inner_lips), :2] = ring
    marks[list(scheme.outer_corners), :2] = turned(np.array([[-60.0, -110], [60, -110]]), roll) + MIDDLE
    return sample_portrait(landmarks=marks, landmark_scheme=scheme.name, pixels=pixels, mask=dark)


@pytest.mark.parametrize("scheme", [MEDIAPIPE, IBUG68], ids=lambda scheme: scheme.name)
@given(gap=st.integers(2, 18), roll=st.floats(-math.pi, math.pi))
def test_the_dark_between_the_teeth_is_measured_however_the_photo_lies(scheme, gap, roll):
    found = teeth_gap(mouth(scheme, gap, roll=roll), scheme)
    assert found == pytest.approx(gap, abs=3)  # OpenCV draws the rims of its polygons


def test_teeth_that_shut_have_no_gap():
    assert teeth_gap(mouth(MEDIAPIPE, 0), MEDIAPIPE) == 0


def test_a_mouth_without_teeth_and_shut_lips_tell_nothing_of_the_jaw():
    assert teeth_gap(mouth(MEDIAPIPE, 0, teeth=THROAT), MEDIAPIPE) is None
    marks = mouth(MEDIAPIPE, 0).landmarks.copy()
    marks[list(MEDIAPIPE.inner_lips), :2] = MIDDLE
    assert teeth_gap(sample_portrait(landmarks=marks), MEDIAPIPE) is None


def test_shut_teeth_hold_the_jaw_and_a_wide_gap_leaves_it_to_the_points():
    shut, ajar = jaw_opening(0.0, 1000.0, 0.1), jaw_opening(4.0, 1000.0, 0.1)
    assert shut == pytest.approx((0.0, 0.01))
    assert ajar == pytest.approx((0.03, 0.025))
    assert jaw_opening(15.0, 1000.0, 0.1) is None
    assert jaw_opening(None, 1000.0, 0.1) is None
