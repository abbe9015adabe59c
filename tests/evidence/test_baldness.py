"""A bald crown that the parsing takes for hair."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
from haired_head import capped_surface, parsed_portrait, plain_fit

from seif_core.evidence import look_at_photo
from seif_core.fitting import Fit
from seif_core.geometry.rasterizer import rasterize_view
from seif_core.hair.layer import model_hair
from seif_core.headmodel.anatomy import anatomy_of
from seif_core.portrait import Portrait
from seif_core.portrait.head_parsing import CLASSES

SKIN = (210, 170, 150)
RIM = 10
"""Pixels at the head's outline that the parsing calls hair on a bald crown, too: 1 cm."""
THIN = 0.004
"""Metres of hair at the sides."""


@lru_cache(maxsize=1)
def scene():
    """Fit, surface and portrait of a head whose whole scalp is hair in photo and parsing."""
    import torch

    fit = plain_fit()
    surface, hair = capped_surface(fit, THIN)
    portrait = parsed_portrait(fit, surface, hair)
    raster = rasterize_view(torch.from_numpy(surface.vertices), torch.from_numpy(surface.triangles).long(), fit.camera)
    return fit, surface, portrait, np.asarray(raster.triangle), crown(fit)


def crown(fit: Fit, steep: float = 1.0) -> np.ndarray:
    """Vertices over the ears by more than 45 degrees, or by more than the angle whose tangent is `steep`."""
    offset = fit.neutral - [0, *fit.neutral[fit.model.regions["ears"]].mean(0)[1:]]
    return offset[:, 1] > steep * np.linalg.norm(offset[:, [0, 2]], axis=1)


def bald_photo() -> Portrait:
    """The same photo with a crown of the face's colour, whose rim the parsing still calls hair."""
    portrait, (_, _, parsed, shown, _) = blond_photo(), scene()
    bare = (portrait.pixels == SKIN).all(2) & (parsed.parsing.labels == CLASSES.index("hair"))
    away = cv2.distanceTransform((shown >= 0).astype(np.uint8), cv2.DIST_L2, 5)
    shares = parsed.parsing.shares.copy()
    inner = bare & (away > RIM)
    shares[CLASSES.index("hair"), inner], shares[CLASSES.index("skin"), inner] = 0, 1
    return replace(portrait, parsing=replace(parsed.parsing, shares=shares))


def blond_photo() -> Portrait:
    """The same photo with hair on the crown that has the face's colour."""
    _, surface, portrait, shown, top = scene()
    high = np.append(top, np.zeros(len(surface.vertices) - len(top), bool))[surface.triangles].mean(1) > 0.5
    pixels = portrait.pixels.copy()
    pixels[(shown >= 0) & high[np.maximum(shown, 0)]] = SKIN
    return replace(portrait, pixels=pixels)


def test_crown_of_the_skins_colour_is_bald_though_the_parsing_calls_it_hair():
    fit = plain_fit()
    found = look_at_photo(bald_photo(), fit)
    assert found is not None
    assert found.bald is not None
    scalp = anatomy_of(fit.model).over_hairline > 0.3
    assert found.bald.shares[crown(fit, 2.1) & scalp].mean() > 0.95
    low = scalp & (fit.neutral[:, 1] < fit.neutral[fit.model.regions["ears"]][:, 1].mean())
    assert found.bald.shares[low].max() == 0


def test_hair_keeps_its_crown():
    fit, _, portrait, _, _ = scene()
    found = look_at_photo(portrait, fit)
    assert found is not None
    assert found.bald is None
    assert found.parsing is portrait.parsing


def test_blond_hair_of_the_skins_colour_keeps_its_crown():
    found = look_at_photo(blond_photo(), plain_fit())
    assert found is not None
    assert found.bald is None


def test_grey_photo_of_light_hair_does_not_become_bald():
    fit, photo = plain_fit(), bald_photo()
    grey = np.repeat(photo.pixels.mean(2, keepdims=True).astype(np.uint8), 3, axis=2)
    found = look_at_photo(replace(photo, pixels=grey), fit)
    assert found is not None
    assert found.bald is None


def horseshoe_photo() -> Portrait:
    """A bald crown whose hair at the sides stands off beyond the fitted head's outline, where alone it is seen."""
    fit, _, portrait, shown, _ = scene()
    head = (shown >= 0).astype(np.uint8)
    pixels, shares = portrait.pixels.copy(), portrait.parsing.shares.copy()
    pixels[head > 0] = SKIN
    shares[:, head > 0] = 0
    shares[CLASSES.index("skin"), head > 0] = 1
    ears = fit.camera.project(fit.posed[fit.model.regions["ears"]].astype(np.float64))[:, 1]
    top = np.nonzero(head.any(1))[0][0]
    rows = np.arange(len(head))
    beside = (rows > (ears.mean() + top) / 2) & (rows < ears.mean())
    ring = (cv2.dilate(head, np.ones((3, 25), np.uint8)) > head) & beside[:, None]
    pixels[ring] = (70, 50, 40)
    shares[:, ring] = 0
    shares[CLASSES.index("hair"), ring] = 1
    return replace(portrait, pixels=pixels, parsing=replace(portrait.parsing, shares=shares))


def test_hair_that_stands_off_at_the_sides_of_a_bald_crown_is_not_taken_for_skin():
    photo = horseshoe_photo()
    found = look_at_photo(photo, plain_fit())
    assert found is not None
    assert found.bald is not None
    assert found.parsing is not None
    before, after = (float(parsing.share("hair").sum()) for parsing in (photo.parsing, found.parsing))
    assert after > 0.8 * before


def test_hair_of_a_bald_crown_stands_at_the_sides_and_the_back_alone():
    fit, surface, _, _, _ = scene()
    photo = bald_photo()
    made = model_hair(photo, fit, surface, look_at_photo(photo, fit))
    assert made is not None
    seen = made.shell.vertices[made.shell.skin > 0.001]
    middle = fit.neutral[fit.model.regions["ears"]].mean(0)[1:]
    height = np.degrees(np.arctan2(seen[:, 1] - middle[0], np.hypot(seen[:, 0], seen[:, 2] - middle[1])))
    assert height.max() < 65
    assert (seen[:, 2] < middle[1] - 0.05).any(), "hair is left behind the head"
    assert made.layer.guides is not None
    roots = made.layer.guides.points[:, 0]
    assert np.degrees(np.arctan2(roots[:, 1] - middle[0], np.hypot(roots[:, 0], roots[:, 2] - middle[1]))).max() < 60
