"""Bearded, long-haired and bald heads keep what makes them so: the shipped networks on drawn heads of known shape."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from fake_stages import sample_fit

from seif_core.headmodel import load_head_model
from seif_core.implicit.compact import compact_networks
from seif_core.implicit.head_field import HeadField
from seif_core.implicit.head_surface import estimate_far_normals, estimate_normals
from seif_core.implicit.inputs import HeadInputs
from seif_core.workshop.training import synthetic
from seif_core.workshop.training.hair import random_style
from seif_core.workshop.training.synthetic import SyntheticHeads, SyntheticSettings, photographed, stack

CALM = {"turned": 0.0, "glasses": 0.0, "dressed": 0.0, "points": 3000, "size": 256}


def long_style(generator):
    plain = replace(random_style(generator), hat=False, brim=0.0, thickness=0.02, curl=0.02)
    return replace(plain, length=0.2, opening=math.radians(60), front=math.radians(45))


@pytest.fixture
def asked(monkeypatch):
    """At points about three heads of a kind: the fit's signed distance, the truth and the field's answer."""

    def ask(settings: SyntheticSettings, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        monkeypatch.setattr(synthetic, "random_style", long_style)
        heads = SyntheticHeads(load_head_model(), settings, "cpu", seed)
        answers = []
        for number in range(3):
            scene = heads.draw_scene()
            photo = photographed(stack([scene.sample]), torch.Generator().manual_seed(number))[0]
            inputs = HeadInputs(scene.view, photo, scene.sample.mask, scene.sample.guidance)
            posed = scene.fitted.numpy()
            fit = replace(sample_fit(), model=load_head_model(), neutral=posed, expressed=posed, posed=posed)
            network = compact_networks("cpu").implicit
            field = HeadField(network, inputs, estimate_normals(inputs, "cpu"), fit)
            shape = scene.sample.shape
            told = field.occupancy(shape.points.numpy()) > 0.5
            answers.append((shape.prior[:, 3].numpy(), shape.occupancy.numpy() > 0.5, told))
        distance, inside, told = (np.concatenate(part) for part in zip(*answers, strict=True))
        return distance, inside, told

    return ask


def test_long_hair_stands_where_the_fit_has_none(asked):
    distance, inside, told = asked(SyntheticSettings(bald=0.0, bearded=0.0, **CALM), 11)
    far = distance > 0.03  # over a centimetre outside the fit
    hair, air = told[far & inside].mean(), told[far & ~inside].mean()
    assert hair > 0.4  # the fit has none of it
    assert hair > 2 * air
    assert (told == inside).mean() > ((distance < 0) == inside).mean() + 0.03


def test_beard_shows_in_the_normals_and_does_not_take_the_head_away(asked):
    bearded = SyntheticSettings(bald=1.0, bearded=1.0, **CALM)
    distance, inside, told = asked(bearded, 12)
    assert (told == inside).mean() > ((distance < 0) == inside).mean() - 0.02
    heads = SyntheticHeads(load_head_model(), bearded, "cpu", 14)
    gains = []
    for number in range(3):
        scene = heads.draw_scene()
        sample = scene.sample
        photo = photographed(stack([sample]), torch.Generator().manual_seed(number))[0]
        found = estimate_normals(HeadInputs(scene.view, photo, sample.mask, sample.guidance), "cpu")
        seen = (sample.target.norm(dim=0) > 0.5) & (sample.guidance.norm(dim=0) > 0.5) & (sample.mask[0] > 0)
        gains.append(((found - sample.guidance) * sample.target).sum(0)[seen].mean().item())
    assert np.mean(gains) > 0.01


def test_bald_head_stays_bald(asked):
    distance, inside, told = asked(SyntheticSettings(bald=1.0, bearded=0.0, **CALM), 13)
    assert (told == inside).mean() > ((distance < 0) == inside).mean() - 0.02


def test_far_side_of_long_hair_is_told_better_than_by_the_fit(monkeypatch):
    monkeypatch.setattr(synthetic, "random_style", long_style)
    heads = SyntheticHeads(load_head_model(), SyntheticSettings(bald=0.0, bearded=0.0, **CALM), "cpu", 15)
    gains = []
    for number in range(3):
        scene = heads.draw_scene()
        sample, posed = scene.sample, scene.fitted.numpy()
        photo = photographed(stack([sample]), torch.Generator().manual_seed(number))[0]
        fit = replace(sample_fit(), model=load_head_model(), neutral=posed, expressed=posed, posed=posed)
        found = estimate_far_normals(HeadInputs(scene.view, photo, sample.mask, sample.guidance), fit, "cpu")
        seen = torch.stack([found, sample.far_target, sample.far_guidance]).norm(dim=1).gt(0.5).all(0)
        gains.append(((found - sample.far_guidance) * sample.far_target).sum(0)[seen].mean().item())
    assert np.mean(gains) > 0.01
