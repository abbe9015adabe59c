"""Alignment of points against a transform that is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from seif_core.geometry.alignment import align_points, nearest_rotation


def test_a_known_similarity_is_recovered():
    rng = np.random.default_rng(0)
    points = rng.standard_normal((20, 3))
    turn = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    found = align_points(points, 1.7 * points @ turn.T + [1, 2, 3], with_scale=True)
    assert found.scale == pytest.approx(1.7)
    np.testing.assert_allclose(found.rotation, turn, atol=1e-9)
    np.testing.assert_allclose(found.translation, [1, 2, 3], atol=1e-9)


def test_the_nearest_rotation_is_never_a_mirror_image():
    turn = Rotation.from_rotvec([0.3, -0.2, 0.9]).as_matrix()
    stretched = np.stack([turn @ np.diag([2.0, 1.0, 0.5]), turn @ np.diag([2.0, 1.0, -0.1])])
    np.testing.assert_allclose(nearest_rotation(stretched), [turn, turn], atol=1e-12)
