"""Areas of triangles and of the vertices that they lie about."""

from __future__ import annotations

import numpy as np

from seif_core.geometry.normals import triangle_areas, vertex_areas


def test_areas_of_triangles_are_shared_by_their_corners():
    vertices = np.array([[0.0, 0, 0], [2, 0, 0], [2, 3, 0], [0, 3, 0], [9, 9, 9]])
    triangles = np.array([[0, 1, 2], [0, 2, 3]])
    np.testing.assert_allclose(triangle_areas(vertices, triangles), [3, 3])
    np.testing.assert_allclose(vertex_areas(vertices, triangles), [2, 1, 2, 1, 0])
