"""Statistics of faces are learned from one photo a person."""

from __future__ import annotations

import numpy as np

from seif_core.portrait.likeness import MARGIN, WIDTH
from seif_core.portrait.mesh_topology import MIRROR
from seif_core.workshop.face_statistics import face_statistics, mean_places

RANDOM = np.random.default_rng(4)


def faces(count):
    from seif_core.portrait.likeness import face_statistics as shipped

    places = shipped().places.astype(np.float64)
    for _ in range(count):
        angle, size = RANDOM.uniform(-0.5, 0.5), RANDOM.uniform(1, 3)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        marks = (places - places.mean(0)) @ turn * size + 200 + RANDOM.normal(size=places.shape) * 0.2
        pixels = RANDOM.integers(0, 255, (400, 400, 3), dtype=np.uint8)
        yield pixels, np.column_stack([marks, np.zeros(len(marks))]).astype(np.float32)


def test_mean_places_are_symmetric_and_fill_the_grid_whatever_pose_and_size_the_faces_have():
    places = mean_places([marks[:, :2].astype(np.float64) for _, marks in faces(6)])
    assert places[:, 0].min() == np.float32(MARGIN)
    assert abs(places[:, 0].max() - (WIDTH - MARGIN)) < 1e-3
    np.testing.assert_allclose(places[MIRROR, 0], WIDTH - places[:, 0], atol=1e-2)


def test_directions_are_as_many_as_people_allow():
    found = face_statistics(list(faces(6)), components=100)
    assert found.axes.shape == (5, len(found.mean))
