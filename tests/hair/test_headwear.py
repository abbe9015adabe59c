"""A hat over hair: its rim, its unseen half."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from haired_head import CAP, haired_scene, parsed_portrait

from seif_core.hair.headwear import find_headwear, with_headwear
from seif_core.hair.labels import label_surface
from seif_core.hair.layer import HairModel, model_hair
from seif_core.hair.space import HairSpace
from seif_core.headmodel.anatomy import anatomy_of
from seif_core.portrait import Portrait
from seif_core.portrait.head_parsing import CLASSES

RED, BROWN = (150, 30, 30), (110, 70, 40)
PITCH = np.radians(15)
UP = np.array([0, np.cos(PITCH), -np.sin(PITCH)])
"""Of the hat's rim, which lies lower behind."""


def rim() -> float:
    """Where the rim lies along `UP`, metres: over the brows."""
    fit = haired_scene()[0]
    anatomy = anatomy_of(fit.model)
    brow = anatomy.eyes.mean(0) + np.array([0, 0.75 * anatomy.eye_distance, 0.03])
    return float(brow @ UP)


@lru_cache(maxsize=1)
def photo() -> Portrait:
    """A red hat over brown hair."""
    fit, surface, hair, portrait = haired_scene()
    assert portrait.parsing is not None
    model = surface.vertices - fit.translation
    above = hair & (model @ UP > rim())
    worn = parsed_portrait(fit, surface, above, name="headwear").parsing
    assert worn is not None
    hat = worn.share("headwear") > 0.5
    shares = portrait.parsing.shares.copy()
    shares[:, hat] = 0
    shares[CLASSES.index("headwear"), hat] = 1
    pixels = portrait.pixels.copy()
    pixels[hat] = RED
    return replace(portrait, pixels=pixels, parsing=replace(portrait.parsing, shares=shares))


@pytest.fixture(scope="module")
def made() -> HairModel:
    fit, surface, _, _ = haired_scene()
    found = model_hair(photo(), fit, surface, None)
    assert found is not None
    return found


def colours(made: HairModel) -> np.ndarray:
    """The texture at the shell's vertices, (V, 3)."""
    mesh = made.layer.shell
    size = len(mesh.texture)
    at = np.clip((mesh.uvs * [1, -1] + [0, 1]) * size, 0, size - 1).astype(int)
    found = np.zeros((len(mesh.vertices), 3))
    found[mesh.faces] = mesh.texture[at[:, 1], at[:, 0], :3][mesh.uv_faces]
    return found


def behind(made: HairModel) -> np.ndarray:
    """Vertices of the outer side at the back of the head."""
    return (made.shell.skin > 0.004) & (made.shell.normals[:, 2] < -0.7)


def test_rim_is_found_as_it_was_drawn():
    fit, surface, _, _ = haired_scene()
    portrait = photo()
    assert portrait.parsing is not None
    space = HairSpace.of(fit, portrait.parsing, ("hair", "headwear"))
    hat = find_headwear(space, label_surface(space, surface))
    assert hat is not None
    assert np.degrees(np.arccos(hat.normal @ UP)) < 12
    front = space.skin[space.skin[:, 2] > space.axis[2]]
    at_rim = front[np.abs(front @ UP - rim()) < 0.01]
    assert np.abs(at_rim @ hat.normal - hat.rim).mean() < 0.012


def test_unseen_half_of_a_hat_has_its_colour_and_hair_below_it_keeps_its_own(made):
    shell, found = made.layer.shell.vertices, colours(made)
    high = shell @ UP - rim()
    hat, hair = (found[behind(made) & part].mean(0) for part in (high > 0.03, high < -0.03))
    assert hat[0] > 3 * hat[1], "red"
    assert hair[0] < 2 * hair[1], "brown"


def test_hat_has_no_strands(made):
    assert made.layer.kind == "headwear"
    assert made.layer.guides is None
    assert made.layer.cards is None
    cloth = behind(made) & (made.layer.shell.vertices @ UP - rim() > 0.04)
    brightness = colours(made)[cloth].mean(1)
    assert brightness.std() < 0.05 * brightness.mean()


def test_hat_stands_off_the_back_of_the_head_as_its_outline_does(made):
    high = made.layer.shell.vertices @ UP - rim()
    back = behind(made) & (high > 0.01) & (high < 0.05)
    assert np.median(made.shell.skin[back]) == pytest.approx(CAP, rel=0.6)


def test_no_hair_hangs_out_of_a_hat_under_which_none_is_seen():
    fit, surface, _, _ = haired_scene()
    portrait = photo()
    assert portrait.parsing is not None
    space = HairSpace.of(fit, portrait.parsing, ("hair", "headwear"))
    labels = label_surface(space, surface)
    hat = find_headwear(space, labels)
    assert hat is not None
    low = (hat.worn(labels.points) == 0) & (labels.seen == 0)
    assert with_headwear(labels, hat, hair=False).label[low].max() == 0
    assert with_headwear(labels, hat, hair=True).label[low].max() > 0.9
