"""A wide blur on a coarser picture is the true one, as far as anybody could see."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from seif_core.geometry.blur import wide_blur


@pytest.mark.parametrize("sigma", [3.0, 8.5, 15.0, 30.0])
def test_a_wide_blur_is_no_other_than_the_true_one(sigma: float):
    picture = np.random.default_rng(1).random((211, 320, 2), np.float32)
    picture[60:150, 80:240] += 1.0
    apart = wide_blur(picture, sigma) - cv2.GaussianBlur(picture, (0, 0), sigma)
    assert np.abs(apart).max() < 0.01


def test_a_wide_blur_keeps_a_plain_picture_and_its_shape():
    blurred = wide_blur(np.full((67, 45), 0.3, np.float32), 12.0)
    assert blurred.shape == (67, 45)
    np.testing.assert_allclose(blurred, 0.3, atol=1e-5)
