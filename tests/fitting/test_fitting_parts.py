from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from synthetic_head import photo_of, synthetic_head
from tiny_model import tiny_model

from seif_core.fitting import fit_portrait
from seif_core.fitting.contour import ContourFinder
from seif_core.fitting.energy import Energy, noise_correlation, whitening
from seif_core.fitting.keys import ExpressionSpace, bounded_weights, eyeball_vertices
from seif_core.fitting.levenberg import Normal, minimize
from seif_core.fitting.parameters import Layout, PointSet, points, points_and_derivatives
from seif_core.fitting.start import starting_parameters
from seif_core.geometry.camera import Camera
from seif_core.headmodel.landmark_schemes import IBUG68, MEDIAPIPE
from seif_core.headmodel.torch_model import TorchHeadModel

HEAD = synthetic_head()
TINY = TorchHeadModel.from_model(tiny_model(), dtype=torch.float64)
LAYOUT = Layout(3, 2)


def tiny_points(seed=0, batch=2):
    rng = np.random.default_rng(seed)
    corners = torch.as_tensor(rng.integers(0, 24, (batch, 6, 3)))
    weights = torch.as_tensor(rng.dirichlet(np.ones(3), (batch, 6)))
    params = torch.as_tensor(rng.normal(size=(batch, LAYOUT.size)) * 0.3)
    params[:, 6] = 7.0
    return PointSet(TINY, corners, weights), params


def test_derivatives_of_the_points_are_those_of_autograd():
    point_set, params = tiny_points()
    got, jac = points_and_derivatives(params, LAYOUT, point_set)
    torch.testing.assert_close(got, points(params, LAYOUT, point_set), rtol=0, atol=1e-14)
    expected = torch.autograd.functional.jacobian(lambda p: points(p, LAYOUT, point_set).sum(0), params)
    torch.testing.assert_close(jac, expected.permute(2, 0, 1, 3), rtol=0, atol=1e-8)


def test_derivatives_of_the_energy_are_those_of_autograd():
    point_set, params = tiny_points(1)
    rng = np.random.default_rng(1)
    params[:, 5] = 1.0
    energy = Energy(
        LAYOUT,
        point_set,
        torch.tensor([[10.0, 20.0], [0.0, 5.0]], dtype=torch.float64),
        torch.as_tensor(rng.normal(size=(2, 6, 2)) * 50),
        torch.as_tensor(rng.normal(size=(2, 6, 2, 2))),
        torch.as_tensor(rng.normal(size=(2, 6)) * 50),
        torch.as_tensor(rng.random((2, 6))),
        torch.tensor([1000.0, 500.0], dtype=torch.float64),
        torch.linalg.cholesky(torch.as_tensor(noise_correlation(rng.normal(size=(6, 3)), 0.5, 1.0))).expand(2, 6, 6),
        torch.as_tensor(rng.normal(size=(2, 4, LAYOUT.size))),
        torch.as_tensor(rng.normal(size=(2, 4))),
    )
    normal = energy.linearise(params)
    torch.testing.assert_close(normal.cost, energy.cost(params))
    expected = torch.autograd.functional.jacobian(lambda p: energy.cost(p).sum(), params)
    torch.testing.assert_close(normal.gradient, expected, rtol=1e-7, atol=1e-3)


def test_points_in_front_of_the_lens_only():
    point_set, params = tiny_points(2)
    params[:, 5] = -3.0  # five centimetres away: part of the model is behind the camera
    zero = torch.zeros((2, 6, 2), dtype=torch.float64)
    energy = Energy(
        LAYOUT,
        point_set,
        zero[:, 0],
        zero,
        torch.diag_embed(zero + 1),
        None,
        zero[..., 0],
        zero[:, 0, 0] + 1,
        torch.eye(6, dtype=torch.float64).expand(2, 6, 6),
        torch.zeros((2, 1, LAYOUT.size), dtype=torch.float64),
        torch.zeros((2, 1), dtype=torch.float64),
    )
    assert torch.isinf(energy.cost(params)).any()


def test_whitening_undoes_the_noise_that_neighbours_share():
    positions = np.random.default_rng(0).normal(size=(5, 3))
    noise = torch.as_tensor(noise_correlation(positions, 0.6, 1.0))
    near = np.exp(-((positions[0] - positions[1]) ** 2).sum() / 2)
    assert noise[0, 1].item() == pytest.approx(0.6 * near)
    white = whitening(noise)
    torch.testing.assert_close(white @ noise @ white.T, torch.eye(5, dtype=torch.float64), rtol=0, atol=1e-10)


def test_levenberg_marquardt_finds_the_bottom_of_rosenbrocks_valley_for_each_problem_alone():
    def residual(p):
        return torch.stack([10 * (p[:, 1] - p[:, 0] ** 2), 1 - p[:, 0]], 1)

    def cost(p):
        return 0.5 * (residual(p) ** 2).sum(1)

    def linearise(p):
        jac = torch.zeros((len(p), 2, 2), dtype=p.dtype)
        jac[:, 0, 0], jac[:, 0, 1], jac[:, 1, 0] = -20 * p[:, 0], 10, -1
        r = residual(p)
        return Normal(cost(p), (jac.mT @ r[..., None])[..., 0], jac.mT @ jac)

    start = torch.tensor([[-1.2, 1.0], [1.0, 1.0], [3.0, -2.0]], dtype=torch.float64)
    wide = torch.full((2,), torch.inf, dtype=torch.float64)
    both = torch.tensor([True, True])
    end = minimize(linearise, cost, start, steps=60, free=both, lower=-wide, upper=wide)
    torch.testing.assert_close(end, torch.ones_like(start), rtol=0, atol=1e-4)
    held = minimize(linearise, cost, start, steps=60, free=torch.tensor([True, False]), lower=-wide, upper=wide)
    torch.testing.assert_close(held[:, 1], start[:, 1])
    bound = torch.tensor([0.5, torch.inf], dtype=torch.float64)
    inside = minimize(linearise, cost, torch.zeros_like(start), steps=60, free=both, lower=-wide, upper=bound)
    torch.testing.assert_close(inside, torch.tensor([[0.5, 0.25]] * 3, dtype=torch.float64), rtol=0, atol=1e-4)


def test_silhouette_vertices_are_seen_edge_on_and_only_on_the_far_side():
    finder = ContourFinder.build(HEAD, HEAD.embeddings["mediapipe478"], MEDIAPIPE.contour)
    pose = np.zeros((5, 3))
    pose[0, 1] = 0.7
    portrait, posed = photo_of(HEAD, pose=pose)
    local = torch.as_tensor(posed[finder.vertex_ids])
    pixels = torch.as_tensor(1200 * posed[finder.vertex_ids, :2] / -posed[finder.vertex_ids, 2:] * [1, -1] + 256)
    marks = torch.as_tensor(portrait.landmarks[list(MEDIAPIPE.contour), :2].astype(np.float64))
    found = finder.find(local[None], pixels[None], marks[None], torch.tensor([1200.0], dtype=torch.float64))
    assert found.slid.any()
    right_of_picture = (marks[:, 0] > 256)[None]
    far = found.slid & right_of_picture
    assert far.sum() >= found.slid.sum() * 0.6
    torch.testing.assert_close(found.across.norm(dim=-1), torch.ones_like(found.across[..., 0]))


def test_scheme_tables_name_landmarks_that_exist_once():
    for scheme in (MEDIAPIPE, IBUG68):
        assert len(set(scheme.contour)) == len(scheme.contour)
        everything = (*scheme.contour, *scheme.outer_corners, *scheme.iris_points, *sum(scheme.lids, ()))
        assert max(everything) < scheme.count


def test_the_start_places_the_mean_head_where_it_is():
    points_3d = HEAD.embeddings["mediapipe478"].points(HEAD.template.astype(np.float64))
    portrait, _ = photo_of(
        HEAD,
        translation=(0.05, -0.03, -4.0),
        camera=Camera(4000, 256, 256, 512, 512),
    )
    start = starting_parameters(
        points_3d, np.ones(478), portrait.landmarks[:, :2].astype(np.float64), centre=(256, 256), focal=4000, distance=1
    )
    assert np.abs(start[:3]).max() < 0.02
    assert np.exp(start[5]) == pytest.approx(4.0, rel=0.05)
    assert start[3] * np.exp(start[5]) == pytest.approx(0.05, abs=0.005)


def test_key_weights_find_the_keys_that_made_an_expression_and_stay_in_their_bounds():
    everything = np.ones(5, bool)
    wanted = np.array([0.7, 0.0, 0.4, 0.0, 0.0])
    delta = np.tensordot(wanted, HEAD.key_basis, 1).astype(np.float64)
    np.testing.assert_allclose(bounded_weights(HEAD, delta, everything), wanted, atol=0.02)
    assert bounded_weights(HEAD, 5 * delta, everything).max() <= 1
    assert bounded_weights(HEAD, -delta, everything).min() >= 0
    assert bounded_weights(HEAD, np.zeros_like(delta), everything).max() < 1e-9


def test_expressions_are_searched_in_the_keys_but_what_joints_do_is_left_to_the_joints():
    named = replace(HEAD, key_names=("jawOpen", "eyeLookDownLeft", "mouthSmileLeft", "tongueOut", "browInnerUp"))
    space = ExpressionSpace.of_model(named)
    assert space.keys.tolist() == [1, 2, 4]
    assert space.bounded
    assert not space.basis[:, eyeball_vertices(named)].any()
    found = np.array([0.0, 0.5, 0.25])
    delta = np.tensordot(found, space.basis, 1) + 0.6 * named.key_basis[0].astype(np.float64)
    weights = space.key_weights(found, delta)
    np.testing.assert_allclose(weights, [0.6, 0, 0.5, 0, 0.25], atol=0.02)
    components = space.components(found)
    np.testing.assert_allclose(
        np.tensordot(components, named.expression_basis, 1), np.tensordot(found, space.basis, 1), atol=1e-5
    )


def test_a_model_without_keys_is_searched_in_its_components():
    bare = replace(HEAD, key_names=(), key_basis=HEAD.key_basis[:0])
    space = ExpressionSpace.of_model(bare)
    assert not space.bounded
    assert space.key_weights(np.ones(5), np.zeros((len(bare.template), 3))).shape == (0,)
    portrait, _ = photo_of(bare, expression=np.array([1.0, 0, 0, -0.5, 0]))
    fit = fit_portrait(portrait, bare)
    assert fit.expression[0] > 0.3
    assert fit.expression[3] < 0
