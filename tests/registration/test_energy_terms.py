"""Each term of the registration's energy against what it says it measures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from seif_core.geometry.alignment import Similarity
from seif_core.geometry.connectivity import Connectivity
from seif_core.geometry.laplacian import cotangent_laplacian, umbrella_laplacian
from seif_core.geometry.surface_samples import SurfaceSamples, spread_samples
from seif_core.registration.attachments import Attachments
from seif_core.registration.bending_energy import thin_plate, umbrella_bending
from seif_core.registration.inverted_triangles import inverted_triangles
from seif_core.registration.landmark_term import Landmarks, landmark_term
from seif_core.registration.parametric import LinearShape, ParametricFit, PlaneMatches, register_parameters
from seif_core.registration.point_to_plane import coupled_term, parametric_term, plane_targets, sampled_term
from seif_core.registration.positional_term import positional_term
from seif_core.registration.quadratic_energy import QuadraticEnergy
from seif_core.registration.schedule import iterate, levels_of
from seif_core.registration.self_intersection_repair import DefectFinder, Repair, RepairSettings
from seif_core.registration.solver import solve_coupled, solve_dense, solve_sparse

SEEDS = st.integers(0, 2**31)


def sheet(side: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """A flat square of one metre, in `side` x `side` vertices."""
    across = np.linspace(0, 1, side)
    vertices = np.stack([*np.meshgrid(across, across, indexing="ij"), np.zeros((side, side))], axis=-1).reshape(-1, 3)
    first = (np.arange(side - 1)[:, None] * side + np.arange(side - 1)).ravel()
    lower = np.stack([first, first + side, first + side + 1], axis=1)
    upper = np.stack([first, first + side + 1, first + 1], axis=1)
    return vertices, np.concatenate([lower, upper])


def value(energy: QuadraticEnergy, x: np.ndarray) -> float:
    return float(np.sum(x * (energy.matrix @ x)) - 2 * np.sum(x * energy.right))


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_energies_add_up_and_solvers_find_their_least_point(seed):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(6, 6))
    matrix = root @ root.T + np.eye(6)
    one, other = (QuadraticEnergy(sparse.csr_matrix(matrix), rng.normal(size=(6, 3))) for _ in range(2))
    x = rng.normal(size=(6, 3))
    assert value(one + other, x) == pytest.approx(value(one, x) + value(other, x))
    least = solve_sparse(one + other)
    assert value(one + other, least) <= value(one + other, least + 0.1 * x)
    dense = QuadraticEnergy(matrix, rng.normal(size=6))
    np.testing.assert_allclose(matrix @ solve_dense(dense), dense.right, atol=1e-9)


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_the_coupled_solver_agrees_with_a_dense_one(seed):
    rng = np.random.default_rng(seed)
    vertices, triangles = sheet(5)
    count = len(vertices)
    normals = rng.normal(size=(count, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    smooth = umbrella_bending(umbrella_laplacian(triangles, count), 2.0) + 0.01 * sparse.identity(count)
    data, mean = coupled_term(
        np.arange(count), rng.normal(size=(count, 3)), normals, np.ones(count), tangential=0.02, count=count
    )
    energy = data + QuadraticEnergy(sparse.csr_matrix(sparse.kron(smooth, sparse.identity(3))), np.zeros(3 * count))
    found = solve_coupled(energy, sparse.csr_matrix(smooth + sparse.diags(mean)))
    np.testing.assert_allclose(found.ravel(), np.linalg.solve(energy.matrix.toarray(), energy.right), atol=1e-4)


def test_the_plane_term_lets_points_slide_along_the_plane():
    gaps, normals = np.array([[0.003, 0.004, 0.0]]), np.array([[0.0, 1.0, 0.0]])
    np.testing.assert_allclose(plane_targets(gaps, normals, 0.0), [[0, 0.004, 0]])
    np.testing.assert_allclose(plane_targets(gaps, normals, 1.0), gaps)
    energy = parametric_term(gaps, normals, np.ones(1), np.eye(3)[None])
    assert value(energy, np.array([0.5, 0.004, -0.5])) == pytest.approx(value(energy, np.array([0, 0.004, 0])))


def test_the_sampled_term_counts_area_and_weight():
    vertices, triangles = sheet(4)
    samples = spread_samples(vertices, triangles, 0.05)
    target = np.tile([0.0, 0.0, 0.2], (len(samples.area), 1))
    energy = sampled_term(samples, np.full(len(target), 0.5), target)
    away = value(energy, np.zeros_like(vertices)) - value(energy, np.tile([0.0, 0.0, 0.2], (len(vertices), 1)))
    assert away == pytest.approx(0.5 * 1.0 * 0.2**2)  # weight times one square metre times distance squared
    solved = solve_sparse(energy + positional_term(np.full(len(vertices), 1e-12)))
    np.testing.assert_allclose(solved, np.tile([0.0, 0.0, 0.2], (len(vertices), 1)), atol=1e-6)


def test_bending_costs_nothing_for_a_shift_and_more_for_short_waves():
    vertices, triangles = sheet(20)
    plate = thin_plate(cotangent_laplacian(vertices, triangles), 0.05, np.ones(len(vertices)))
    still = np.ones_like(vertices)
    long, short = (np.sin(wave * vertices[:, [0]]) * [0, 0, 1.0] for wave in (6, 20))
    assert value(plate, still) == pytest.approx(0, abs=1e-12)
    assert 5 * value(plate, long) < value(plate, short)
    stiff = thin_plate(cotangent_laplacian(vertices, triangles), 0.05, np.full(len(vertices), 300.0))
    assert value(stiff, short) > 50 * value(plate, short)


def test_attached_vertices_go_together():
    pull = positional_term(np.ones(2), np.array([[0.0, 0, 0], [1.0, 0, 0]]))
    apart = solve_sparse(pull)
    together = solve_sparse(Attachments.none().joined(np.array([[0, 1]]), 1e4).added_to(pull))
    assert apart[1, 0] - apart[0, 0] == pytest.approx(1)
    assert abs(together[1, 0] - together[0, 0]) < 1e-3
    assert together[:, 0].mean() == pytest.approx(0.5)


def test_landmarks_between_vertices_draw_by_their_weights():
    points = np.array([[0.0, 0, 0], [1.0, 0, 0]])
    marks = Landmarks(np.array([[0, 1]]), np.array([[0.5, 0.5]]), np.array([[0.5, 0.2, 0.0]]), np.ones(1))
    columns = np.tile(np.eye(3), (2, 1, 1))
    np.testing.assert_allclose(solve_dense(landmark_term(marks, points, columns)), [0, 0.2, 0], atol=1e-12)


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_a_similarity_alone_is_recovered_by_the_parametric_registration(seed):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(80, 3)) * 0.1
    mode = rng.normal(size=(80, 3, 1)) * 0.01
    true = Similarity(np.eye(3), 1.1, np.array([0.01, -0.02, 0.03]))
    normals = rng.normal(size=(80, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    goal = true.apply(points + 0.7 * mode[:, :, 0])
    found = register_parameters(
        lambda p: LinearShape(points + mode @ p, mode),
        ParametricFit(np.zeros(1), Similarity()),
        lambda *_: PlaneMatches(np.arange(80), goal, normals, np.full(80, 1 / 80)),
        [np.full(1, 1e-12)] * 12,
        with_scale=True,
    )
    assert found.parameters[0] == pytest.approx(0.7, abs=1e-3)
    np.testing.assert_allclose(found.frame.matrix(), true.matrix(), atol=1e-4)


def test_a_schedule_goes_from_coarse_to_fine_and_ends_where_it_has_settled():
    assert [level.fineness for level in levels_of((0.2, 0.1, 0.05))] == [0, 0.5, 1]
    steps = []

    def half(x: np.ndarray) -> np.ndarray:
        steps.append(1)
        return x / 2

    iterate(half, np.ones((4, 3)), iterations=50, tolerance=0.1)
    assert len(steps) == 4  # the first step that changes by less than a tenth is from 1/8 to 1/16
    assert iterate(half, np.ones((4, 3)), iterations=3)[0, 0] == 1 / 8


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_neither_a_turn_nor_a_gentle_bend_inverts_triangles(seed):
    rng = np.random.default_rng(seed)
    vertices, triangles = sheet(8)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    bent = vertices + 0.05 * np.sin(4 * vertices[:, [0]]) * [0, 0, 1.0]
    mesh = Connectivity(triangles, len(vertices))
    assert not inverted_triangles(mesh, vertices, bent @ turn.T).any()


def test_a_vertex_drawn_across_its_ring_inverts_triangles_and_repair_mends_them():
    vertices, triangles = sheet(8)
    mesh = Connectivity(triangles, len(vertices))
    moved = np.zeros_like(vertices)
    moved[27] = [0.4, 0.3, 0.0]
    assert inverted_triangles(mesh, vertices, vertices + moved).any()
    repair = Repair(DefectFinder(mesh, vertices), vertices)
    mended = repair.mended(moved, positional_term(np.ones(len(vertices)), moved), np.zeros_like(vertices))
    assert repair.defects(mended).number == 0
    assert np.linalg.norm(mended[27]) > 0.02  # it still goes some of the way


def test_what_attachments_do_not_mend_goes_back_to_what_is_sound():
    vertices, triangles = sheet(8)
    mesh = Connectivity(triangles, len(vertices))
    moved = np.zeros_like(vertices)
    moved[27] = [0.4, 0.3, 0.0]
    repair = Repair(DefectFinder(mesh, vertices), vertices, RepairSettings(rounds=1))
    stubborn = positional_term(np.where(np.arange(len(vertices)) == 27, 1e9, 1.0), moved)
    mended = repair.mended(moved, stubborn, np.zeros_like(vertices))
    assert repair.defects(mended).number == 0
    far = np.linalg.norm(vertices - vertices[27], axis=1) > 0.7
    np.testing.assert_allclose(mended[far], 0, atol=1e-3)


def test_samples_at_vertices_are_the_vertices():
    samples = SurfaceSamples.at_vertices(np.arange(1.0, 4.0))
    np.testing.assert_array_equal(samples.blend @ np.eye(3), np.eye(3))
