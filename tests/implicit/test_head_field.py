from __future__ import annotations

import numpy as np
import pytest
import torch
from fake_stages import sample_fit, sample_portrait
from semantic_field import SemanticField

from seif_core.geometry.normals import vertex_normals
from seif_core.headmodel.anatomy import anatomy_of
from seif_core.implicit.encoder import EncoderSettings
from seif_core.implicit.head_field import HeadField
from seif_core.implicit.inputs import head_inputs, view_of
from seif_core.implicit.network import ImplicitNetwork, ImplicitSettings
from seif_core.implicit.prior import CubePrior
from seif_core.implicit.surface import SurfaceSettings, extract_surface

TINY = ImplicitSettings(
    EncoderSettings(stacks=1, width=16, depth=1, stem=8, groups=4),
    (16,),
    semantic_input=True,
    distance_input=True,
    size=64,
)


@pytest.fixture(scope="module")
def head():
    fit = sample_fit()
    mask = np.zeros((160, 128), np.uint8)
    drawn = np.rint(fit.camera.project(fit.posed[:, :])).astype(int)
    low, high = drawn.min(0), drawn.max(0)
    mask[max(0, low[1] - 4) : high[1] + 4, max(0, low[0] - 4) : high[0] + 4] = 255
    portrait = sample_portrait(mask=mask)
    return fit, head_inputs(portrait, fit, view_of(portrait, fit), 64)


def correcting_nothing() -> ImplicitNetwork:
    network = ImplicitNetwork(TINY).eval()
    torch.nn.init.zeros_(network.surface_classifier.get_submodule("conv1").weight)
    torch.nn.init.zeros_(network.surface_classifier.get_submodule("conv1").bias)
    return network


def test_prior_agrees_with_the_exact_semantics_and_knows_inside_from_outside(head):
    fit, inputs = head
    prior = CubePrior(fit.model, fit.posed, inputs.view)
    skin = fit.posed[np.unique(anatomy_of(fit.model).outer_skin_triangles)].astype(np.float64)
    ray = skin / np.linalg.norm(skin, axis=1, keepdims=True)
    front = skin[skin[:, 2] > np.quantile(skin[:, 2], 0.8)]
    ray = front / np.linalg.norm(front, axis=1, keepdims=True)
    outside = prior.ask(inputs.view.to_cube(front - 0.02 * ray))
    inside = prior.ask(inputs.view.to_cube(front + 0.03 * ray))
    assert (outside[:, 3] > 0).mean() > 0.95
    assert (inside[:, 3] < 0).mean() > 0.95
    exact = SemanticField(fit.model, fit.posed).sample(front - 0.01 * ray)
    told = prior.ask(inputs.view.to_cube(front - 0.01 * ray))[:, :3]
    assert np.abs(exact - told).mean() < 0.1


def test_network_that_corrects_nothing_gives_the_surface_of_the_fit(head):
    fit, inputs = head
    field = HeadField(correcting_nothing(), inputs, inputs.guidance, fit)
    surface = extract_surface(field.occupancy, field.prior, SurfaceSettings(resolution=64))
    placed = inputs.view.to_camera(surface.vertices.astype(np.float64))
    skin = fit.posed[np.unique(anatomy_of(fit.model).outer_skin_triangles)]
    nearest = np.linalg.norm(placed[::7, None] - skin[None], axis=2).min(1)
    assert np.median(nearest) < 0.012
    codes = field.codes(surface.vertices)
    assert codes.shape == surface.vertices.shape
    assert ((codes >= 0) & (codes <= 1)).all()


def test_face_lies_in_the_fits_depth_though_the_network_sees_it_nearer(head):
    fit, inputs = head
    network = correcting_nothing()
    with torch.no_grad():
        network.surface_classifier.get_submodule("conv1").bias[0] = 1.0  # 0.025 cube units outwards
    field = HeadField(network, inputs, inputs.guidance, fit)
    cube = inputs.view.to_cube(fit.posed.astype(np.float64))
    face = fit.model.regions["face"] & (vertex_normals(cube, anatomy_of(fit.model).outer_skin_triangles)[:, 2] > 0.8)
    before = cube[face] + np.array([0, 0, 0.012])
    assert (field.occupancy(before) < 0.5).mean() > 0.9
    assert (field.occupancy(cube[face] - np.array([0, 0, 0.012])) > 0.5).mean() > 0.9
    back = cube[cube[:, 2] < np.quantile(cube[:, 2], 0.05)]
    assert (field.occupancy(back - np.array([0, 0, 0.012])) > 0.5).mean() > 0.5  # the back is left to the network


def test_nothing_is_inside_beyond_the_mask(head):
    fit, inputs = head
    field = HeadField(correcting_nothing(), inputs, inputs.guidance, fit)
    beside = np.array([[-0.49, 0.49, 0.0], [0.49, 0.49, 0.0]])
    assert field.occupancy(beside).max() == 0


def test_network_with_a_prior_refuses_to_answer_without_it():
    network = ImplicitNetwork(TINY)
    features = network.encode(torch.zeros(1, 6, 64, 64))[-1]
    with pytest.raises(ValueError, match="distances to the 3DMM"):
        network.query(features, torch.zeros(1, 3, 5), torch.zeros(1, 3, 5))
