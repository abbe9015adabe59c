"""The texture of a bald skin head: skin where the photo shows hair, things or nothing, light beside it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from parsed_photo import parsed
from rendered_head import make_fit, make_model, photograph

from seif_core.appearance import TextureSettings, bake_texture
from seif_core.appearance.atlas import build_atlas
from seif_core.evidence import look_at_photo
from seif_core.geometry.rasterizer import rasterize_view
from seif_core.headmodel import PART_NAMES

SIZE = 256
SKIN = np.array([0.50, 0.30, 0.22])  # linear
IN_SRGB = SKIN ** (1 / 2.2)
FLAT = np.zeros(3)  # no light but the ambient


@lru_cache(maxsize=1)
def model():
    return make_model()


def albedo():
    colours = np.tile(SKIN, (len(model().template), 1))
    colours[model().regions["eyeballs"]] = 0.7
    return colours


def where(fit, chosen):
    """The photo's pixels (H, W) at which the template's places are those that `chosen` says."""
    import torch

    from seif_core.geometry.rasterizer import interpolate

    triangles = torch.from_numpy(model().triangles).long()
    raster = rasterize_view(torch.from_numpy(fit.posed), triangles, fit.camera, cull_back=True)
    place = interpolate(raster, triangles, torch.from_numpy(model().template)).numpy()
    return chosen(place) & (raster.triangle >= 0).numpy()


def bake(fit, portrait, **more):
    return bake_texture(portrait, fit, look_at_photo(portrait, fit), settings=TextureSettings(size=SIZE, **more))


def skin_texels(baked):
    """Places (N, 3) and sRGB colours (N, 3) of the skin's texels."""
    atlas = build_atlas(model(), SIZE)
    skin = atlas.part == PART_NAMES.index("skin")
    return atlas.spread(model().template)[skin], baked.colour.reshape(-1, 3)[atlas.texels[skin]] / 255.0


def painted(fit, chosen, colour, name, **light):
    """A photo with a thing painted on it and told by the parsing, and its skin texels."""
    portrait, mask = photograph(fit, albedo(), **light), where(fit, chosen)
    portrait.pixels[mask] = colour
    return skin_texels(bake(fit, parsed(portrait, **{name: mask}), skin=True))


def fringe(place):
    return (place[..., 1] > 0.045) & (place[..., 2] > 0)


def test_forehead_under_a_fringe_is_skin():
    fit = make_fit(model(), yaw=0.0)
    place, colour = painted(fit, fringe, 15, "hair")
    forehead = (place[:, 2] > 0.06) & (place[:, 1] > 0.048) & (place[:, 1] < 0.062)
    assert np.abs(np.median(colour[forehead], axis=0) - IN_SRGB * np.median(colour[forehead] / IN_SRGB)).max() < 0.06
    below = (place[:, 2] > 0.06) & (np.abs(place[:, 1] - 0.03) < 0.008) & (np.abs(place[:, 0]) < 0.01)
    assert np.median(colour[forehead]) == pytest.approx(np.median(colour[below]), abs=0.08)


@pytest.mark.parametrize("name", ["front", "headwear", "clothes"])
def test_a_thing_before_the_cheek_leaves_no_colour_on_it(name):
    def thing(place):
        return (place[..., 0] > 0.015) & (place[..., 1] < -0.01) & (place[..., 2] > 0)

    place, colour = painted(make_fit(model(), yaw=0.0), thing, (20, 60, 230), name)
    away_from_eyes = place[:, 1] < 0.0
    assert (colour[:, 2] < colour[:, 0])[away_from_eyes].all()
    cheek = (np.abs(place[:, 0] - 0.035) < 0.008) & (np.abs(place[:, 1] + 0.04) < 0.01) & (place[:, 2] > 0)
    other = (np.abs(place[:, 0] + 0.035) < 0.008) & (np.abs(place[:, 1] + 0.04) < 0.01) & (place[:, 2] > 0)
    assert np.abs(np.median(colour[cheek], axis=0) - np.median(colour[other], axis=0)).max() < 0.05


def test_glasses_leave_no_rim_on_the_face():
    def rim(place):
        return (np.abs(place[..., 1] - 0.02) < 0.004) & (place[..., 2] > 0.02)

    place, colour = painted(make_fit(model(), yaw=0.0), rim, (10, 10, 10), "glasses")
    beside = (np.abs(place[:, 1] - 0.02) < 0.003) & (np.abs(np.abs(place[:, 0]) - 0.055) < 0.008) & (place[:, 2] > 0)
    assert colour[beside].mean(axis=1).min() > 0.75 * IN_SRGB.mean()


def test_scalp_has_stubble_of_the_hairs_colour_and_a_bald_one_has_none():
    fit = make_fit(model(), yaw=0.0)
    crowns = []
    for name in ("hair", None):
        portrait, mask = photograph(fit, albedo()), where(fit, fringe)
        if name:
            portrait.pixels[mask] = 15
        place, colour = skin_texels(bake(fit, parsed(portrait, **({name: mask} if name else {})), skin=True))
        crowns.append(np.median(colour[place[:, 1] > 0.1].mean(axis=1)))
    face = np.median(colour[(place[:, 2] > 0.05) & (np.abs(place[:, 1] + 0.04) < 0.02)].mean(axis=1))
    assert 0.35 * face < crowns[0] < 0.85 * face
    assert crowns[1] == pytest.approx(face, rel=0.1)


def test_high_forehead_has_no_stubble_up_to_its_hair():
    fit = make_fit(model(), yaw=0.0)

    def receding(place):
        return (place[..., 1] > 0.075) & (place[..., 2] > 0)

    place, colour = painted(fit, receding, 15, "hair")
    middle = (place[:, 2] > 0.04) & (np.abs(place[:, 0]) < 0.03)
    below = middle & (place[:, 1] > 0.062) & (place[:, 1] < 0.071)
    plain = np.median(colour[middle & (np.abs(place[:, 1] - 0.045) < 0.008)].mean(axis=1))
    assert below.sum() > 30
    assert np.percentile(colour[below].mean(axis=1), 10) > 0.9 * plain


def test_a_highlight_at_the_hairline_of_a_high_forehead_gets_no_stubble():
    fit = make_fit(model(), yaw=0.0)
    portrait = photograph(fit, albedo())
    hair = where(fit, lambda place: (place[..., 1] > 0.085) & (place[..., 2] > 0))
    shining = where(fit, lambda place: (np.abs(place[..., 1] - 0.066) < 0.014) & (place[..., 2] > 0.02))
    portrait.pixels[hair], portrait.pixels[shining] = 15, 255
    place, colour = skin_texels(bake(fit, parsed(portrait, hair=hair), skin=True))
    middle = (place[:, 2] > 0.04) & (np.abs(place[:, 0]) < 0.02)
    plain = np.median(colour[middle & (np.abs(place[:, 1] - 0.04) < 0.006)].mean(axis=1))
    shone = middle & (place[:, 1] > 0.06) & (place[:, 1] < 0.076)
    assert shone.sum() > 20
    assert np.percentile(colour[shone].mean(axis=1), 10) > 0.9 * plain


def test_light_from_one_side_goes_from_the_colours_to_the_light():
    fit = make_fit(model(), yaw=0.0)
    portrait = photograph(fit, albedo(), light=np.array([0.9, 0.0, 0.44]))
    baked = bake(fit, parsed(portrait), skin=True)
    place, colour = skin_texels(baked)
    sides = [
        np.median(
            colour[(np.abs(place[:, 0] - side * 0.04) < 0.01) & (np.abs(place[:, 1] + 0.03) < 0.02) & (place[:, 2] > 0)]
        )
        for side in (1, -1)
    ]
    assert sides[0] == pytest.approx(sides[1], rel=0.06)
    atlas = build_atlas(model(), 256)
    skin = atlas.part == PART_NAMES.index("skin")
    light = baked.light.reshape(-1, 3)[atlas.texels[skin]].mean(axis=1)
    front = (place[:, 2] > 0.03) & (np.abs(place[:, 1] + 0.03) < 0.03)
    assert np.median(light[front & (place[:, 0] > 0.03)]) > 1.3 * np.median(light[front & (place[:, 0] < -0.03)])


def test_back_of_the_head_and_neck_match_the_face():
    fit = make_fit(model(), yaw=0.0)
    place, colour = skin_texels(bake(fit, parsed(photograph(fit, albedo())), skin=True))
    face = np.median(colour[(place[:, 2] > 0.05) & (np.abs(place[:, 1] + 0.04) < 0.02)], axis=0)
    for hidden in (place[:, 2] < -0.05, place[:, 1] < -0.1):
        assert np.abs(np.median(colour[hidden], axis=0) - face).max() < 0.12


def test_a_photo_that_was_not_parsed_gives_the_texture_that_it_gave():
    fit = make_fit(model())
    portrait = photograph(fit, albedo())
    first, second = bake(fit, portrait, skin=True), bake(fit, portrait, skin=False)
    assert first.colour.tobytes() == second.colour.tobytes()


def test_a_shadow_with_a_hard_edge_leaves_no_dark_patch_on_the_cheek():
    fit = make_fit(model(), yaw=0.0)
    portrait = photograph(fit, albedo())

    def cheek(place):
        return (
            (place[..., 0] > 0.03)
            & (place[..., 0] < 0.055)
            & (np.abs(place[..., 1] + 0.03) < 0.02)
            & (place[..., 2] > 0)
        )

    mask = where(fit, cheek)
    portrait.pixels[mask] = (portrait.pixels[mask] * 0.55).astype(np.uint8)
    place, colour = skin_texels(bake(fit, parsed(portrait), skin=True))
    other = cheek(place * (-1, 1, 1))
    dark = np.median(colour[cheek(place)]) / np.median(colour[other])
    assert mask.sum() > 50
    assert dark > 0.85


def test_a_full_beard_is_kept_on_cheek_and_jaw_and_is_not_filled_as_shadow():
    def beard(place):
        return (
            (place[..., 1] < -0.045) & (place[..., 1] > -0.11) & (np.abs(place[..., 0]) < 0.055) & (place[..., 2] > 0)
        )

    fit = make_fit(model(), yaw=0.0)
    place, colour = painted(fit, beard, (35, 25, 20), "beard")
    cheek = (np.abs(np.abs(place[:, 0]) - 0.042) < 0.006) & (np.abs(place[:, 1] + 0.06) < 0.01) & (place[:, 2] > 0.02)
    assert cheek.any()
    assert np.median(colour[cheek]) < 0.6 * np.median(IN_SRGB)
