from __future__ import annotations

import dataclasses
import math

import cv2
import pytest
import torch
from sample_head import sample_model

from seif_core.errors import ModelError, SettingsError
from seif_core.headmodel.semantics import canonical_codes
from seif_core.implicit.encoder import EncoderSettings
from seif_core.implicit.network import COMPACT, ImplicitSettings
from seif_core.implicit.normal_network import NormalNetwork, NormalSettings
from seif_core.workshop.training import implicit, normals
from seif_core.workshop.training.hair import hair_shell, random_style, skull_radius
from seif_core.workshop.training.implicit import ImplicitTraining, blurred_normals, implicit_loss, train_implicit
from seif_core.workshop.training.lighting import occlusion
from seif_core.workshop.training.loop import LoopSettings
from seif_core.workshop.training.noise import NoiseField
from seif_core.workshop.training.normals import NormalTraining, far_prepared, normal_loss, train_normals
from seif_core.workshop.training.occupancy import ShapePoints
from seif_core.workshop.training.pool import SHARD, SamplePool, fill_pool
from seif_core.workshop.training.randomness import Randomness
from seif_core.workshop.training.strands import StrandStyle, loose_strands, random_strands
from seif_core.workshop.training.synthetic import Sample, SyntheticHeads, SyntheticSettings, photographed, stack
from seif_core.workshop.training.wardrobe import dress, random_garment

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
        vertices, triangles, *_ = hair_shell(skull, torch.zeros(3), random_style(generator), generator)
        assert torch.isfinite(vertices).all()
        assert triangles.max() < len(vertices)
        assert vertices[:, 1].max() > 0.1
        ahead = vertices[(vertices[:, 0].abs() < 0.02) & (vertices[:, 2] > 0.05)]
        assert (ahead[:, 1] > -0.02).all()


@pytest.fixture(scope="module")
def samples():
    heads = SyntheticHeads(sample_model(), SyntheticSettings(size=48, points=200), "cpu", 3)
    return stack([heads.draw() for _ in range(4)])


def test_synthetic_samples_are_unit_normals_inside_the_head(samples):
    length = samples.target.norm(dim=1)
    assert ((length - 1).abs() < 1e-4).logical_or(length == 0).all()
    assert samples.photo.min() >= 0
    assert samples.photo.max() <= 1
    assert (samples.weight * (1 - samples.mask)).max() == 0


def test_same_seed_draws_the_same_sample():
    model, settings = sample_model(), SyntheticSettings(size=32)
    first, second = (SyntheticHeads(model, settings, "cpu", 9).draw() for _ in range(2))
    for a, b in zip(first[:5], second[:5], strict=True):
        torch.testing.assert_close(a, b)


@pytest.fixture
def small_model(monkeypatch):
    monkeypatch.setattr("seif_core.workshop.training.source.load_head_model", sample_model)


def normal_training(folder, steps, **changes):
    loop = LoopSettings(folder, steps=steps, save_every=1)
    plain = NormalTraining(loop, batch=1, size=32, network=SMALL, data=SyntheticSettings(size=32))
    return dataclasses.replace(plain, **changes)


@pytest.mark.usefixtures("small_model")
def test_training_goes_on_where_it_stopped(tmp_path):
    first = torch.load(train_normals(normal_training(tmp_path, 2)), weights_only=True)
    second = torch.load(train_normals(normal_training(tmp_path, 3)), weights_only=True)
    assert (first["step"], second["step"]) == (2, 3)
    assert (tmp_path / "samples.png").exists()
    assert (tmp_path / "losses.png").exists()
    assert len((tmp_path / "losses.csv").read_text().splitlines()) == 3


@pytest.mark.usefixtures("small_model")
def test_checkpoint_of_another_network_is_told_in_words(tmp_path):
    train_normals(normal_training(tmp_path, 1))
    with pytest.raises(ModelError, match="another network"):
        train_normals(normal_training(tmp_path, 2, network=NormalSettings(widths=(16, 32), groups=4)))


def test_impossible_runs_are_refused(tmp_path):
    with pytest.raises(SettingsError, match="0 steps"):
        LoopSettings(tmp_path, steps=0)


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pool")
    fill_pool(SyntheticHeads(sample_model(), SyntheticSettings(size=32, points=64), "cpu", 1), folder, samples=16)
    return folder


def test_pool_gives_back_what_was_drawn(pool):
    drawn = SyntheticHeads(sample_model(), SyntheticSettings(size=32, points=64), "cpu", 1)
    originals = [drawn.draw() for _ in range(16)]
    kept = next(SamplePool(pool, 0, open_shards=1).batches(16))
    for sample in originals:
        errors = (kept.photo - sample.photo).abs().flatten(1).amax(1)
        which = int(errors.argmin())
        assert errors[which] < 0.01
        torch.testing.assert_close(kept.target[which], sample.target, atol=0.005, rtol=0)
        torch.testing.assert_close(kept.shape.points[which], sample.shape.points)
        torch.testing.assert_close(kept.shape.prior[which], sample.shape.prior, atol=2e-3, rtol=0)


def test_both_networks_train_from_a_pool(pool, tmp_path):
    train_normals(normal_training(tmp_path / "normals", 2, pool=pool))
    tiny = ImplicitSettings(
        EncoderSettings(stacks=1, width=16, depth=1, stem=8, groups=4),
        (16,),
        semantic_input=True,
        distance_input=True,
        size=32,
    )
    loop = LoopSettings(tmp_path / "implicit", steps=3, save_every=3)
    data = SyntheticSettings(size=32, points=64)
    path = train_implicit(ImplicitTraining(loop, batch=2, points=32, pool=pool, network=tiny, data=data))
    assert torch.load(path, weights_only=True)["step"] == 3


def test_mirrored_samples_keep_normals_and_pictures_together(samples):
    generator = torch.Generator().manual_seed(1)
    ready = normals.prepared(samples, 48, generator)
    assert ready.photo.shape == samples.photo.shape
    length = ready.target.norm(dim=1)
    assert ((length - 1).abs() < 1e-4).logical_or(length == 0).all()
    same = (ready.mask == samples.mask).flatten(1).all(1)
    for i in torch.nonzero(~same)[:, 0]:
        torch.testing.assert_close(
            ready.target[i, 0].flip(-1), -samples.target[i, 0] * samples.mask[i, 0], atol=1e-5, rtol=0
        )


def test_points_lie_in_the_cube_with_labels_between_none_and_all(samples):
    shape = samples.shape
    assert shape.points.shape == (4, 200, 3)
    assert shape.points.abs().max() <= 0.5
    assert 0.1 < shape.occupancy.mean() < 0.9
    assert shape.code.min() >= 0
    assert shape.code.max() <= canonical_codes(sample_model()).max()


def test_prior_mostly_agrees_where_the_head_is_bald_and_the_fit_is_right():
    exact = {"guidance_identity": 1e-5, "guidance_expression": 1e-5, "guidance_degrees": 1e-5}
    plain = SyntheticSettings(size=64, points=400, bald=1, bearded=0, dressed=0, **exact)
    shape = stack([SyntheticHeads(sample_model(), plain, "cpu", 4).draw() for _ in range(2)]).shape
    clear = shape.prior[..., 3].abs() > 0.03
    assert ((shape.prior[..., 3] < 0) == (shape.occupancy > 0.5))[clear].float().mean() > 0.95


def test_implicit_loss_is_least_for_the_labels(samples):
    shape = samples.shape
    right = torch.cat([(shape.occupancy[:, None] * 2 - 1) * 10, torch.logit(shape.code.mT.clamp(1e-4, 1 - 1e-4))], 1)
    assert implicit_loss(right, shape, 1.0) < 0.001
    assert implicit_loss(torch.zeros_like(right), shape, 1.0) > 0.5


def test_blurred_normals_stay_unit_and_near_the_truth(samples):
    found = blurred_normals(samples, torch.Generator().manual_seed(2))
    inside = (samples.mask > 0).expand_as(found) & (samples.target.norm(dim=1, keepdim=True) > 0)
    cosine = (found * samples.target).sum(1)[inside[:, 0]]
    assert 0.6 < cosine.mean() < 0.999


def test_photographs_of_a_sample_differ_and_end_at_the_mask():
    sample = stack([SyntheticHeads(sample_model(), SyntheticSettings(size=48), "cpu", 5).draw()])
    generator = torch.Generator().manual_seed(0)
    one, other = photographed(sample, generator), photographed(sample, generator)
    assert not torch.equal(one, other)
    assert (one * (1 - sample.mask)).abs().max() == 0


def test_clothes_lie_outside_the_neck_and_leave_the_face_free():
    model = sample_model()
    rest, triangles = torch.from_numpy(model.template).float(), torch.from_numpy(model.triangles).long()
    for seed in range(5):
        draw = Randomness(torch.Generator().manual_seed(seed))
        vertices, _, home = dress(rest, rest, triangles, random_garment(draw), draw)
        if len(vertices):
            assert torch.isfinite(vertices).all()
            assert home[:, 1].max() < 0.0


def test_hollows_are_darker_than_bumps():
    depth = torch.full((64, 64), 0.5)
    depth[28:36, 28:36] = 0.52
    open_sky = occlusion(depth, 1.0)
    assert open_sky[32, 32] < 0.8
    assert open_sky[5, 5] > 0.95


def test_implicit_training_shows_its_own_pictures_in_range(samples):
    image, shape = implicit.prepared(samples, 50, COMPACT, torch.Generator().manual_seed(3))
    assert image.shape == (4, 9, 128, 128)
    assert image.abs().max() <= 1.001
    assert shape.points.shape == (4, 50, 3)


def test_loose_strands_lie_on_their_shell_and_hang_a_little_below_it() -> None:
    generator = torch.Generator().manual_seed(4)
    theta, phi = torch.meshgrid(torch.linspace(0.1, 1.6, 40), torch.arange(120) * (2 * math.pi / 120), indexing="ij")
    ball = 0.1 * torch.stack([theta.sin() * phi.sin(), theta.cos(), theta.sin() * phi.cos()], -1)
    style = StrandStyle(count=200, width=0.002, stray=0.002, length=0.6, curl=0.05)
    strands = loose_strands(ball, style, generator)
    away = strands.vertices.norm(dim=1) - 0.1
    on_shell = strands.vertices[:, 1] > 0.01
    assert (away[on_shell] > -0.001).float().mean() > 0.99
    assert away.median() < 0.003
    assert strands.vertices[:, 1].min() > -0.03
    a, b, c = strands.vertices[strands.triangles].unbind(1)
    assert (torch.cross(b - a, c - a, dim=1) * a).sum() > 0  # wound to be seen from outside, over all


def test_a_style_without_strands_draws_the_shell_alone() -> None:
    generator = torch.Generator().manual_seed(0)
    styles = [random_strands(generator, 0.02) for _ in range(40)]
    assert {s.count == 0 for s in styles} == {True, False}


def test_samples_bring_the_far_side_s_normals_of_fit_and_truth(samples):
    for far in (samples.far_guidance, samples.far_target):
        length = far.norm(dim=1)
        known = length > 0.5
        assert far.shape[1:] == (3, 24, 24)
        assert known.float().mean() > 0.05
        assert torch.allclose(length[known], torch.ones(()), atol=1e-4)
        assert (far[:, 2][known] > 0).all()


def test_mirrored_far_side_has_its_normals_mirrored(samples):
    generator = torch.Generator().manual_seed(1)
    found = far_prepared(samples, generator)
    whole = (found.mask == 1).expand_as(found.target)
    straight = samples.far_target, samples.far_target.flip(-1) * torch.tensor([-1.0, 1, 1])[:, None, None]
    fits = [
        min(((found.target[i] - way[i]).abs() * whole[i]).max().item() for way in straight) for i in range(len(whole))
    ]
    assert max(fits) < 1e-6
    assert found.photo.shape[-1] == found.mask.shape[-1] == 24
    assert (found.weight <= found.mask).all()


@pytest.mark.usefixtures("small_model")
def test_the_far_side_s_network_is_trained_on_pictures_of_half_the_size(tmp_path):
    train_normals(normal_training(tmp_path, 1, side="back"))
    assert cv2.imread(str(tmp_path / "samples.png")).shape[:2] == (16, 64)


def test_a_file_that_is_taken_out_of_the_pool_does_not_end_a_run(tmp_path, samples, monkeypatch):
    parts = {
        name: ShapePoints(*(p[0] for p in part)) if name == "shape" else part[0]
        for name, part in samples._asdict().items()
    }

    heads = SyntheticHeads(sample_model(), SyntheticSettings(size=48), "cpu", 3)
    monkeypatch.setattr(heads, "draw", lambda: Sample(**parts))
    fill_pool(heads, tmp_path, samples=2 * SHARD)
    batches = SamplePool(tmp_path, seed=0, open_shards=1).batches(SHARD)
    next(batches)
    (tmp_path / "0000000.npz").unlink()
    for _ in range(3):
        assert len(next(batches).photo) == SHARD
