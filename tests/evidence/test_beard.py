"""A full beard of which the parsing sees the chin alone."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
import torch
from haired_head import capped_surface, parsed_portrait, plain_fit

from seif_core.evidence import look_at_photo
from seif_core.evidence.beard import beard_places
from seif_core.geometry.rasterizer import interpolate, rasterize_view
from seif_core.portrait import Portrait
from seif_core.portrait.head_parsing import CLASSES

DARK, BEARD, SKIN = (40, 30, 25), CLASSES.index("beard"), CLASSES.index("skin")


@lru_cache(maxsize=1)
def places() -> np.ndarray:
    """(H, W, 3) of `beard_places` in the photo."""
    fit = plain_fit()
    triangles = torch.from_numpy(fit.model.triangles).long()
    raster = rasterize_view(torch.from_numpy(fit.posed), triangles, fit.camera, cull_back=True)
    return interpolate(raster, triangles, torch.from_numpy(beard_places(fit.model))).numpy()


@lru_cache(maxsize=1)
def scene():
    """Fit, portrait, and where (H, W) its photo shows the places of a beard and the chin."""
    fit = plain_fit()
    surface, hair = capped_surface(fit)
    shown = places()
    return fit, parsed_portrait(fit, surface, hair), shown[..., 0] > 0.6, shown[..., 1] > 0.5


def photo(painted: np.ndarray, told: np.ndarray) -> Portrait:
    """The portrait with dark places, some of which the parsing calls beard."""
    portrait = scene()[1]
    pixels, shares = portrait.pixels.copy(), portrait.parsing.shares.copy()
    pixels[painted] = DARK
    shares[:, told] = 0
    shares[BEARD, told] = 1
    return replace(portrait, pixels=pixels, parsing=replace(portrait.parsing, shares=shares))


def beard_of(portrait: Portrait) -> np.ndarray:
    found = look_at_photo(portrait, scene()[0])
    assert found is not None
    assert found.parsing is not None
    return found.parsing.shares[BEARD]


def test_jaw_of_the_beards_colour_is_beard_though_the_parsing_calls_it_skin():
    _, _, zone, chin = scene()
    beard = beard_of(photo(zone, chin))
    assert beard[zone & ~chin].mean() > 0.6
    assert beard[~zone].mean() < 0.01


def test_cheeks_beside_a_goatee_stay_skin():
    _, _, zone, chin = scene()
    beard = beard_of(photo(chin, chin))
    assert beard[zone & ~chin].mean() < 0.2


def test_dark_jaw_of_who_has_no_beard_stays_skin():
    _, _, zone, _ = scene()
    assert beard_of(photo(zone, np.zeros_like(zone))).max() == 0


def test_cheek_in_shade_beside_a_goatee_stays_skin():
    _, _, zone, chin = scene()
    portrait = photo(chin, chin)
    pixels = portrait.pixels.copy()
    hairs = np.random.default_rng(0).normal(70, 25, chin.sum()).clip(0, 255).astype(np.uint8)
    pixels[chin] = hairs[:, None]
    shade = zone & ~chin
    pixels[shade] = np.rint(pixels[shade] * 0.6)
    assert beard_of(replace(portrait, pixels=pixels))[shade].mean() < 0.1


@pytest.mark.parametrize("share", [0.25, 0.03])
def test_grey_beard_is_whole_though_the_parsing_hardly_sees_it(share):
    _, _, zone, chin = scene()
    portrait = scene()[1]
    pixels, shares = portrait.pixels.copy(), portrait.parsing.shares.copy()
    hairs = np.random.default_rng(0).normal(172, 25, zone.sum()).clip(0, 255).astype(np.uint8)
    pixels[zone] = hairs[:, None]
    shares[BEARD, chin], shares[SKIN, chin] = share, 1 - share
    beard = beard_of(replace(portrait, pixels=pixels, parsing=replace(portrait.parsing, shares=shares)))
    assert beard[zone].mean() > 0.6
    assert beard[~zone].mean() < 0.02


def lip_painted(told: float, *, hairs: bool) -> tuple[np.ndarray, np.ndarray]:
    """The beard of a photo whose upper lip is dark, hairy or as smooth as skin in shade, and that lip, (H, W) bool."""
    lip, portrait = places()[..., 2] > 0.6, scene()[1]
    pixels, shares = portrait.pixels.copy(), portrait.parsing.shares.copy()
    if hairs:
        drawn = np.random.default_rng(0).normal(90, 25, lip.sum()).clip(0, 255)
        pixels[lip] = drawn[:, None].astype(np.uint8)
    else:
        pixels[lip] = np.rint(pixels[lip] * 0.6)
    shares[BEARD, lip], shares[SKIN, lip] = told, 1 - told
    return beard_of(replace(portrait, pixels=pixels, parsing=replace(portrait.parsing, shares=shares))), lip


@pytest.mark.parametrize("share", [0.4, 0.05])
def test_moustache_over_a_bare_chin_is_whole_though_the_parsing_half_sees_it(share):
    beard, lip = lip_painted(share, hairs=True)
    assert beard[lip].mean() > 0.6
    assert beard[~lip].mean() < 0.01


def test_upper_lip_in_shade_is_no_moustache():
    beard, lip = lip_painted(0.1, hairs=False)
    assert beard[lip].max() < 0.15
