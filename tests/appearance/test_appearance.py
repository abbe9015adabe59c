from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
import torch
from parsed_photo import parsed
from rendered_head import baked_texture, make_fit, make_model, photograph

from seif_core.appearance import TextureSettings
from seif_core.appearance.atlas import build_atlas
from seif_core.errors import CancelledError, SettingsError
from seif_core.geometry.rasterizer import rasterize_view
from seif_core.headmodel import PART_NAMES
from seif_core.progress import Progress

SIZE = 256
SKIN = np.array([0.50, 0.30, 0.22])  # linear
MERGED = TextureSettings(size=SIZE, skin=False)
DARK = 75  # skin in shadow is lighter, hair in the light is darker


@lru_cache(maxsize=1)
def model():
    return make_model()


def plain_albedo():
    albedo = np.tile(SKIN, (len(model().template), 1))
    albedo[model().regions["eyeballs"]] = 0.7
    return albedo


@lru_cache(maxsize=8)
def baked(yaw=0.2, spotted=False):
    fit = make_fit(model(), yaw=yaw)
    albedo = plain_albedo()
    if spotted:
        albedo[spots()] *= 0.4
    return fit, baked_texture(photograph(fit, albedo), fit, settings=TextureSettings(size=SIZE))


def with_hair_told(photo):
    """The photo with a parsing in which what is dark is hair."""
    return parsed(photo, hair=(photo.pixels.max(axis=2) < DARK) & (photo.mask > 127))


def spots():
    """Vertices of two dark spots on the cheeks, one on each side."""
    x, y, z = model().template.T
    near = np.hypot(np.abs(x) - 0.028, y + 0.03) < 0.011
    return near & (z > 0) & ~model().regions["eyeballs"]


def texel_values(values):
    atlas = build_atlas(model(), SIZE)
    return atlas, atlas.spread(values)


def skin_texels(texture):
    """Positions (N, 3), sRGB 0..1 colours (N, 3) of the skin's texels."""
    atlas, place = texel_values(model().template)
    skin = atlas.part == PART_NAMES.index("skin")
    return place[skin], texture.reshape(-1, 3)[atlas.texels[skin]] / 255.0


def seen(fit):
    """Which of the skin's texels the photo shows well: facing the camera and not behind the eyeballs."""
    vertices = torch.from_numpy(fit.posed)
    raster = rasterize_view(vertices, torch.from_numpy(model().triangles).long(), fit.camera, cull_back=True)
    atlas, place = texel_values(fit.posed)
    normal = texel_values(fit.posed - fit.posed[~model().regions["eyeballs"]].mean(0))[1]
    normal = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    facing = (normal * -place / np.linalg.norm(place, axis=1, keepdims=True)).sum(1)
    column, row = np.floor(fit.camera.project(place)).astype(int).T
    depth = raster.depth.numpy()[row.clip(0, fit.camera.height - 1), column.clip(0, fit.camera.width - 1)]
    skin = atlas.part == PART_NAMES.index("skin")
    return ((facing > 0.75) & (-place[:, 2] < depth + 0.004))[skin]


def test_importing_the_package_loads_no_torch_until_something_is_used():
    code = "import seif_core.appearance, seif_core.preview, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_albedo_is_even_where_the_photo_is_lit_from_the_side():
    fit, texture = baked()
    _, colour = skin_texels(texture)
    visible = colour[seen(fit)] ** 2.2
    relative = visible / np.median(visible, axis=0)
    assert np.abs(relative - 1).mean() < 0.05
    photo = photograph(fit, plain_albedo()).pixels
    lit = (photo[photo[..., 1] < 200] / 255.0) ** 2.2
    assert np.abs(lit / np.median(lit, axis=0) - 1).mean() > 0.1  # the test is about something


def test_albedo_keeps_the_skins_colour_and_its_spots():
    fit, texture = baked(spotted=True)
    _, colour = skin_texels(texture)
    visible = seen(fit)
    dark = texel_values(spots()[:, None].astype(np.float32))[1][:, 0]
    dark = dark[build_atlas(model(), SIZE).part == PART_NAMES.index("skin")]
    clear, spot = colour[visible & (dark < 0.01)] ** 2.2, colour[visible & (dark > 0.95)] ** 2.2
    chroma = np.median(clear, axis=0)
    np.testing.assert_allclose(chroma / chroma.sum(), SKIN / SKIN.sum(), atol=0.02)
    assert np.median(spot, axis=0)[0] / chroma[0] == pytest.approx(0.4, abs=0.1)


def test_no_texel_is_black_or_takes_the_backgrounds_colour():
    for yaw in (0.0, 0.8):
        _, texture = baked(yaw=yaw)
        _, colour = skin_texels(texture)
        assert colour.max(axis=1).min() > 0.35
        assert (colour[:, 1] < colour[:, 0] + 0.05).all()  # the background is pure green
        assert texture.max(axis=2).min() > 0  # between the islands too


def test_unseen_skin_continues_the_seen_skins_colour():
    fit, texture = baked(yaw=0.8)
    place, colour = skin_texels(texture)
    hidden = place[:, 2] < -0.05
    np.testing.assert_allclose(np.median(colour[hidden], axis=0), np.median(colour[seen(fit)], axis=0), atol=0.08)
    assert colour[hidden].std(axis=0).max() < 0.06


def test_what_one_side_hides_is_taken_from_the_other():
    _, texture = baked(yaw=-0.9, spotted=True)
    place, colour = skin_texels(texture)
    dark = texel_values(spots()[:, None].astype(np.float32))[1][:, 0]
    dark = dark[build_atlas(model(), SIZE).part == PART_NAMES.index("skin")]
    light = colour.mean(axis=1)
    around = np.median(light[(place[:, 2] > 0.04) & (dark < 0.01)])
    for side in (-1, 1):
        assert np.median(light[(dark > 0.95) & (side * place[:, 0] > 0)]) < 0.85 * around


def test_texture_has_no_step_along_its_seam_and_down_the_middle():
    _, texture = baked(yaw=0.3)
    columns = texture[: int(SIZE * 0.7)].astype(float)
    assert np.abs(columns[:, 1] - columns[:, -2]).mean() < 3  # the seam runs down both edges of the picture
    middle = SIZE // 2
    assert np.abs(columns[:, middle] - columns[:, middle - 1]).mean() < 6


def test_hair_over_the_forehead_does_not_colour_its_skin():
    fit = make_fit(model(), yaw=0.0)
    portrait = photograph(fit, plain_albedo(), paint=lambda place: (place[..., 1] > 0.056) & (place[..., 0] < 0.02))
    texture = baked_texture(portrait, fit, settings=TextureSettings(size=SIZE))
    place, colour = skin_texels(texture)
    forehead = (place[:, 1] > 0.058) & (place[:, 1] < 0.068) & (np.abs(place[:, 0]) < 0.03) & (place[:, 2] > 0)
    cheeks = (np.abs(place[:, 1] + 0.02) < 0.01) & (place[:, 2] > 0.05)
    assert np.median(colour[forehead], axis=0) == pytest.approx(np.median(colour[cheeks], axis=0), abs=0.08)


def test_scalp_behind_takes_the_hairs_colour_and_the_neck_does_not():
    y = model().template[:, 1]
    albedo = plain_albedo()
    albedo[(y > 0.075) & ~model().regions["eyeballs"]] = (0.05, 0.03, 0.02)
    fit = make_fit(model(), yaw=0.0)
    texture = baked_texture(with_hair_told(photograph(fit, albedo)), fit, settings=MERGED)
    place, colour = skin_texels(texture)
    back = place[:, 2] < -0.04
    assert np.median(colour[back & (place[:, 1] > 0.03)].mean(axis=1)) < 0.4
    assert np.median(colour[back & (place[:, 1] < -0.09)].mean(axis=1)) > 0.5


def test_a_high_hairline_seen_on_one_side_is_high_on_the_other():
    fit = make_fit(model(), yaw=-0.9)

    def hair(place):
        return (place[..., 1] > 0.1) | (place[..., 2] < -0.02)

    photo = with_hair_told(photograph(fit, plain_albedo(), paint=hair))
    texture = baked_texture(photo, fit, settings=MERGED)
    place, colour = skin_texels(texture)
    forehead = (np.abs(place[:, 1] - 0.085) < 0.004) & (place[:, 2] > 0.03)
    light = [np.median(colour[forehead & (side * place[:, 0] > 0.012)].mean(axis=1)) for side in (1, -1)]
    assert min(light) > 0.4
    assert light[0] == pytest.approx(light[1], abs=0.1)


def test_hair_that_hangs_below_the_hairline_is_painted_as_hair():
    fit = make_fit(model())

    def hair(place):
        return (place[..., 1] > 0.06) | (place[..., 2] < -0.02)

    photo = with_hair_told(photograph(fit, plain_albedo(), paint=hair))
    below = ((fit.model.template[:, 1] < -0.02) & (fit.model.template[:, 2] < -0.02)).astype(np.float64)
    light = []
    for share in (None, below):
        place, colour = skin_texels(baked_texture(photo, fit, settings=MERGED, hair=share))
        nape = (place[:, 2] < -0.04) & (place[:, 1] < -0.09)
        light.append(np.median(colour[nape].mean(axis=1)))
    assert light[1] < 0.6 * light[0]


def test_a_grey_photo_gives_a_grey_texture():
    fit = make_fit(model())
    portrait = photograph(fit, plain_albedo(), background=(90, 90, 90))
    grey = np.repeat(portrait.pixels.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    texture = baked_texture(replace(portrait, pixels=grey), fit, settings=TextureSettings(size=128))
    assert (texture == texture[..., :1]).all()


def test_eyeballs_have_a_pupil_in_front_and_white_behind():
    _, texture = baked()
    atlas, place = texel_values(model().template)
    for name, side in (("eye_left", 1), ("eye_right", -1)):
        mine = atlas.part == PART_NAMES.index(name)
        colour = texture.reshape(-1, 3)[atlas.texels[mine]].mean(axis=1)
        offset = place[mine] - (side * 0.03, 0.02, 0.085)
        off_axis = np.hypot(offset[:, 0], offset[:, 1])
        ahead = offset[:, 2] > 0
        assert colour[ahead & (off_axis < 0.001)].max() < 40
        assert 40 < np.median(colour[ahead & (np.abs(off_axis - 0.0035) < 0.0005)]) < 120
        assert colour[~ahead].min() > 120


def test_the_same_photo_gives_the_same_bytes():
    fit = make_fit(model())
    portrait = photograph(fit, plain_albedo())
    settings = TextureSettings(size=128)
    first = baked_texture(portrait, fit, settings=settings)
    assert first.tobytes() == baked_texture(portrait, fit, settings=settings).tobytes()
    assert first.shape == (128, 128, 3)
    assert first.dtype == np.uint8


def test_a_head_outside_the_picture_is_still_given_skin():
    fit = make_fit(model())
    away = replace(fit, posed=fit.posed + np.array([5, 0, 0], np.float32))
    texture = baked_texture(photograph(fit, plain_albedo()), away, settings=TextureSettings(size=64))
    assert skin_free_of_black(texture)


def test_a_head_half_outside_the_picture_is_completed():
    fit = make_fit(model())
    portrait = photograph(fit, plain_albedo())
    half = replace(
        portrait,
        pixels=np.ascontiguousarray(portrait.pixels[:, : fit.camera.width // 2]),
        mask=np.ascontiguousarray(portrait.mask[:, : fit.camera.width // 2]),
    )
    camera = replace(fit.camera, width=fit.camera.width // 2)
    texture = baked_texture(half, replace(fit, camera=camera), settings=TextureSettings(size=128))
    assert skin_free_of_black(texture)


def test_an_empty_mask_gives_plain_skin():
    fit = make_fit(model())
    portrait = photograph(fit, plain_albedo())
    texture = baked_texture(
        replace(portrait, mask=np.zeros_like(portrait.mask)), fit, settings=TextureSettings(size=64)
    )
    assert skin_free_of_black(texture)


def skin_free_of_black(texture):
    return texture.max(axis=2).min() > 0 and np.median(texture) > 80


def test_baking_stops_when_it_is_cancelled():
    fit = make_fit(model())
    with pytest.raises(CancelledError):
        baked_texture(photograph(fit, plain_albedo()), fit, progress=Progress(cancelled=lambda: True))


@pytest.mark.parametrize("wrong", [{"size": 8}, {"size": 100_000}, {"evening": 1.5}, {"photo_side": 3}])
def test_settings_without_sense_are_refused(wrong):
    with pytest.raises(SettingsError):
        TextureSettings(**wrong)
