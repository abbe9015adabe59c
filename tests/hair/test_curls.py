"""Curls that the photo shows are drawn where it shows nothing, too."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from haired_head import haired_scene

from seif_core.evidence import look_at_photo
from seif_core.geometry.colour import decode
from seif_core.hair.layer import model_hair
from seif_core.hair.orientation import curliness, hair_orientation
from seif_core.hair.shell_texture import own_hues
from seif_core.hair.space import HairSpace
from seif_core.hair.streaks import curled, curly_streaks
from seif_core.portrait.head_parsing import CLASSES
from seif_core.portrait.portrait import Portrait


def rings(side: int, width: int = 24) -> np.ndarray:
    """(side, side) brightness of curls: rings beside each other, `width` pixels wide."""
    y, x = (np.mgrid[:side, :side] % width) - width / 2
    return 0.6 * np.sin(np.hypot(x, y) * 1.3)


@pytest.fixture(scope="module")
def curly() -> Portrait:
    """A portrait whose hair is curls."""
    _, _, _, portrait = haired_scene()
    assert portrait.parsing is not None
    hair = portrait.parsing.shares[CLASSES.index("hair")] > 0.5
    brown = np.array([110, 70, 40]) * (1 + rings(len(hair))[..., None])
    return replace(portrait, pixels=np.where(hair[..., None], brown, portrait.pixels).astype(np.uint8))


def curliness_of(portrait: Portrait) -> float:
    fit, _, _, _ = haired_scene()
    assert portrait.parsing is not None
    space = HairSpace.of(fit, portrait.parsing, ("hair",))
    return curliness(space, hair_orientation(space, portrait.pixels))


def test_curls_are_told_from_straight_hair(curly):
    assert curliness_of(haired_scene()[3]) < 0.1
    assert curliness_of(curly) > 0.8


def test_straight_hair_of_a_noisy_photo_has_no_curls():
    straight = haired_scene()[3]
    noise = np.random.default_rng(0).normal(0, 30, straight.pixels.shape)
    noisy = np.clip(straight.pixels + noise, 0, 255).astype(np.uint8)
    assert curliness_of(replace(straight, pixels=noisy)) < 0.1


def test_back_of_a_curly_head_has_no_straight_strands(curly):
    fit, surface, _, straight = haired_scene()

    def upright(portrait: Portrait) -> float:
        """How much more brightness changes across the strands than along them, of the back's texels."""
        made = model_hair(portrait, fit, surface, None)
        assert made is not None
        grey = decode(made.layer.shell.texture[..., :3]).mean(2)
        uvs = made.layer.shell.uvs[made.layer.shell.uv_faces].mean(1)
        back = ~made.shell.visible[made.layer.shell.faces].any(1) & (made.shell.skin[made.layer.shell.faces].min(1) > 0)
        columns, rows = (np.stack([uvs[back, 0], 1 - uvs[back, 1]]) * len(grey)).astype(int)
        gx, gy = (cv2.GaussianBlur(cv2.Sobel(grey, cv2.CV_32F, *o), (0, 0), 1) for o in ((1, 0), (0, 1)))
        c, s, e = (cv2.GaussianBlur(v, (0, 0), 12) for v in (gx**2 - gy**2, 2 * gx * gy, gx**2 + gy**2))
        return float((np.hypot(c, s) / np.maximum(e, 1e-9))[rows, columns].mean())

    assert upright(curly) < 0.75 * upright(straight)


def test_directions_of_straight_hair_stay_as_they_are():
    down = np.zeros((64, 64, 2), np.float32)
    down[..., 1] = 1
    assert np.array_equal(curled(down, 0.0, 0)[0], down)
    assert np.linalg.norm(curled(down, 1.0, 0)[0], axis=2) == pytest.approx(1, abs=1e-5)
    assert curly_streaks(down, 1.0, 0).std() == pytest.approx(1, abs=0.3)


def test_a_blue_backdrop_leaves_no_blue_on_the_hair():
    brown = np.tile([0.2, 0.12, 0.07], (100, 1)) * np.random.default_rng(0).uniform(0.9, 1.1, (100, 3))
    brown[:10] = (0.1, 0.12, 0.2)
    cleaned = own_hues(brown, np.ones(100, bool))
    assert (cleaned[:10, 2] < cleaned[:10, 0]).all()
    assert np.allclose(cleaned[10:], brown[10:], rtol=0.25)


def test_a_red_light_on_the_skin_makes_no_green_hair():
    fit, surface, _, portrait = haired_scene()
    evidence = look_at_photo(portrait, fit)
    assert evidence is not None
    colours = []
    for hue in ((1.0, 1.0, 1.0), (1.3, 1.0, 0.7)):
        made = model_hair(portrait, fit, surface, replace(evidence, light=evidence.light * hue))
        assert made is not None
        linear = made.layer.colour.astype(np.float64) ** 2.2
        colours.append(linear / linear.sum())
    assert colours[1] == pytest.approx(colours[0], abs=0.01)
