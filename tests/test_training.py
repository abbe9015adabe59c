from __future__ import annotations

import dataclasses

import pytest
import torch
from sample_head import sample_model

from seif_core.implicit.normal_network import NormalNetwork, NormalSettings, normal_loss
from seif_core.training.hair import hair_shell, random_style, skull_radius
from seif_core.training.noise import NoiseField
from seif_core.training.normals import NormalTraining, train_normals
from seif_core.training.synthetic import SyntheticHeads, SyntheticSettings

SMALL = NormalSettings(widths=(8, 16), groups=4)


def test_untrained_normal_network_answers_its_guidance():
    guidance = torch.nn.functional.normalize(torch.randn(1, 3, 32, 32), dim=1)
    mask = torch.ones(1, 1, 32, 32)
    answer = NormalNetwork(SMALL)(torch.rand(1, 3, 32, 32), guidance, mask)
    torch.testing.assert_close(answer, guidance)


def test_normal_loss_is_nearly_zero_for_the_truth_and_has_finite_gradients_there():
    truth = torch.nn.functional.normalize(torch.randn(1, 3, 8, 8), dim=1)
    guess = truth.clone().requires_grad_()
    loss = normal_loss(guess, truth, torch.ones(1, 1, 8, 8))
    loss.backward()
    assert loss < 0.005
    assert guess.grad is not None
    assert torch.isfinite(guess.grad).all()


def test_noise_is_a_function_of_the_place_alone():
    field = NoiseField(0.1, 3, torch.Generator().manual_seed(1))
    points = torch.rand(50, 3)
    torch.testing.assert_close(field(points), field(points.flip(0)).flip(0))
    assert field(points).abs().max() < 3.3


def test_hair_covers_the_crown_and_leaves_the_face_open():
    generator = torch.Generator().manual_seed(0)
    sphere = torch.nn.functional.normalize(torch.randn(4000, 3, generator=generator), dim=1) * 0.1
    skull = skull_radius(sphere, torch.zeros(3))
    for _ in range(10):
        vertices, triangles = hair_shell(skull, torch.zeros(3), random_style(generator), generator)
        assert torch.isfinite(vertices).all()
        assert triangles.max() < len(vertices)
        assert vertices[:, 1].max() > 0.1
        ahead = vertices[(vertices[:, 0].abs() < 0.02) & (vertices[:, 2] > 0.05)]
        assert (ahead[:, 1] > -0.02).all()


@pytest.fixture(scope="module")
def samples():
    heads = SyntheticHeads(sample_model(), SyntheticSettings(size=48), "cpu", 3)
    return heads.batch(4)


def test_synthetic_samples_are_unit_normals_inside_the_head(samples):
    length = samples.target.norm(dim=1)
    assert ((length - 1).abs() < 1e-4).logical_or(length == 0).all()
    assert samples.photo.min() >= 0
    assert samples.photo.max() <= 1
    assert (samples.weight * (1 - samples.mask)).max() == 0


def test_same_seed_draws_the_same_sample():
    model, settings = sample_model(), SyntheticSettings(size=32)
    first, second = (SyntheticHeads(model, settings, "cpu", 9).draw() for _ in range(2))
    for a, b in zip(first, second, strict=True):
        torch.testing.assert_close(a, b)


def test_training_goes_on_where_it_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr("seif_core.training.normals.load_head_model", sample_model)
    settings = NormalTraining(tmp_path, steps=2, batch=1, save_every=1, network=SMALL, data=SyntheticSettings(size=32))
    first = torch.load(train_normals(settings), weights_only=True)
    second = torch.load(train_normals(dataclasses.replace(settings, steps=3)), weights_only=True)
    assert (first["step"], second["step"]) == (2, 3)
    assert (tmp_path / "samples.png").exists()
    assert len((tmp_path / "losses.csv").read_text().splitlines()) == 3
