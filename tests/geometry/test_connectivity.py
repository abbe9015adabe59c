"""Neighbours, borders, pieces and Laplacians of small meshes that can be counted by hand."""

from __future__ import annotations

import numpy as np
import trimesh

from seif_core.geometry.connectivity import Connectivity, connected_pieces, triangle_pieces
from seif_core.geometry.laplacian import cotangent_laplacian, umbrella_laplacian
from seif_core.geometry.normals import vertex_normals
from seif_core.geometry.robust_weights import geman_mcclure, tukey
from seif_core.geometry.visibility import seen_share_of_mesh

SQUARE = np.array([[0, 1, 2], [2, 1, 3]])


def test_a_square_of_two_triangles_has_five_edges_one_pair_and_a_border_all_round():
    mesh = Connectivity(SQUARE, 5)
    assert mesh.edges.tolist() == [[0, 1], [0, 2], [1, 2], [1, 3], [2, 3]]
    assert sorted(mesh.triangle_pairs[0]) == [0, 1]
    assert mesh.border.tolist() == [True, True, True, True, False]
    np.testing.assert_allclose(mesh.neighbour_mean.sum(1), 1)
    assert mesh.grown(np.array([True, False, False, False, False]), 1).tolist() == [True, True, True, False, False]


def test_fading_keeps_what_is_high_and_falls_outwards():
    faded = Connectivity(SQUARE, 4).faded(np.array([1.0, 0, 0, 0]), 2)
    assert faded[0] == 1
    assert 1 > faded[1] > faded[3] > 0


def test_pieces_that_do_not_hang_together_are_told_apart():
    two = np.array([[0, 1, 2], [3, 4, 5]])
    pieces = triangle_pieces(two, 7)
    assert len(np.unique(pieces)) == 3  # the last vertex is loose
    assert pieces[0] == pieces[2] != pieces[3]
    assert connected_pieces(np.array([[0, 3]]), 4)[0] == connected_pieces(np.array([[0, 3]]), 4)[3]


def test_laplacians_carry_constants_to_nothing_and_the_cotangents_know_the_area():
    ball = trimesh.creation.icosphere(3, radius=0.1)
    vertices, triangles = np.asarray(ball.vertices), np.asarray(ball.faces)
    found = cotangent_laplacian(vertices, triangles)
    np.testing.assert_allclose(found.matrix @ np.ones(len(vertices)), 0, atol=1e-12)
    np.testing.assert_allclose(found.areas.sum(), ball.area)
    curvature = (found.matrix @ vertices) / found.areas[:, None]  # mean curvature normal: 2 / r outwards
    assert np.percentile(np.abs(np.linalg.norm(curvature, axis=1) - 20), 95) < 0.6  # all but its corners of five
    np.testing.assert_allclose(umbrella_laplacian(triangles, len(vertices)) @ np.ones(len(vertices)), 0, atol=1e-12)


def test_robust_weights_are_what_their_sources_say():
    np.testing.assert_allclose(geman_mcclure(np.array([0, 2.0, 20.0]), 2.0), [1, 0.25, 1 / 101**2])
    np.testing.assert_allclose(geman_mcclure(np.array([0, 5.0]), np.inf), 1)
    np.testing.assert_allclose(tukey(np.array([0, 1.0, 2.0, 3.0]), 2.0), [1, 0.5625, 0, 0])


def test_the_inside_of_a_cup_is_seen_less_than_its_outside():
    cup = trimesh.creation.annulus(0.08, 0.1, 0.3).subdivide().subdivide()
    vertices, triangles = np.asarray(cup.vertices), np.asarray(cup.faces, np.int64)
    normals = vertex_normals(vertices, triangles)
    seen = seen_share_of_mesh(vertices, normals, triangles)
    middle = np.abs(vertices[:, 2]) < 0.05
    outward = (normals[:, :2] * vertices[:, :2]).sum(1) > 0
    assert seen[middle & outward].min() > 0.9
    assert seen[middle & ~outward].max() < 0.5
