from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rendered_head import EYE_RINGS, make_fit, make_model, photograph

from seif_core.evidence import look_at_photo
from seif_core.evidence.lighting import estimate_light, harmonics, shading
from seif_core.evidence.mesh_view import view_mesh
from seif_core.evidence.openings import openings
from seif_core.evidence.photo_evidence import inside_share
from seif_core.evidence.skin_colour_model import skin_likeness
from seif_core.geometry.colour import decode, from_srgb, is_grey, to_srgb


@lru_cache(maxsize=1)
def model():
    return make_model()


def portrait_of(fit):
    return photograph(fit, np.tile([0.5, 0.3, 0.22], (len(model().template), 1)))


@given(st.floats(0, 1))
def test_srgb_and_linear_light_invert_each_other(value):
    x = np.array([value])
    np.testing.assert_allclose(from_srgb(to_srgb(x)), x, atol=1e-6)


def test_mid_grey_of_srgb_is_a_fifth_of_the_light():
    assert decode(np.array([128], np.uint8))[0] == pytest.approx(0.2158, abs=1e-3)


def test_only_pictures_without_colour_are_grey():
    picture = np.full((80, 80, 3), 100, np.uint8)
    assert is_grey(picture)
    picture[20:50, 20:50, 0] = 180
    assert not is_grey(picture)


def sphere_normals(count=4000, seed=0):
    normals = np.random.default_rng(seed).normal(size=(count, 3))
    normals[:, 2] = np.abs(normals[:, 2])
    return normals / np.linalg.norm(normals, axis=1, keepdims=True)


def test_light_of_harmonics_is_recovered_in_spite_of_brows_and_highlights():
    normals = sphere_normals()
    truth = harmonics(normals) @ np.array([1.0, 0.25, 0.1, 0.2, 0.05, 0, 0.05, 0, 0.05])
    colours = truth[:, None] * np.array([0.5, 0.3, 0.2])
    rng = np.random.default_rng(1)
    colours[rng.random(len(colours)) < 0.15] *= 0.2
    colours[rng.random(len(colours)) < 0.05] += 0.5
    light = estimate_light(colours, normals, np.ones(len(colours)))
    ratio = shading(light, normals) / truth[:, None]
    ratio /= np.median(ratio, axis=0)
    assert np.abs(ratio - 1).mean() < 0.04


def test_light_is_one_for_the_median_pixel_whatever_the_exposure():
    normals = sphere_normals()
    for exposure in (0.1, 1.0):
        colours = exposure * np.tile([0.5, 0.3, 0.2], (len(normals), 1)) * (1 + 0.3 * normals[:, :1])
        light = estimate_light(colours, normals, np.ones(len(normals)))
        np.testing.assert_allclose(np.median(shading(light, normals), axis=0), 1.0, atol=0.02)


def test_evidence_keeps_off_the_silhouette_and_the_view_knows_what_faces_the_camera():
    fit = make_fit(model(), yaw=0.0)
    evidence = look_at_photo(portrait_of(fit), fit)
    assert evidence is not None
    view = view_mesh(fit, evidence.camera)
    assert evidence.inside[~view.covered].max() < 0.05
    assert evidence.inside[view.covered].mean() > 0.7
    assert view.facing[np.argmax(model().template[:, 2])] > 0.5
    assert view.facing[np.argmin(model().template[:, 2])] < -0.9


def test_a_mesh_that_was_looked_at_is_not_drawn_again_and_another_is():
    fit = make_fit(model(), yaw=0.0)
    evidence = look_at_photo(portrait_of(fit), fit)
    assert evidence is not None
    assert evidence.view_of(fit) is evidence.view
    other = replace(fit, posed=fit.posed * np.float32(1.01))
    assert not np.array_equal(evidence.view_of(other).nearest, evidence.view.nearest)


def test_there_is_no_evidence_of_a_head_outside_the_picture():
    fit = make_fit(model())
    away = replace(fit, posed=fit.posed + np.array([5, 0, 0], np.float32))
    assert look_at_photo(portrait_of(fit), away) is None


def test_evidence_reaches_as_far_as_the_hair_that_stands_off_the_mesh():
    fit = make_fit(model(), yaw=0.0)
    portrait = portrait_of(fit)
    mask = portrait.mask.copy()
    top = int(np.nonzero(mask.any(axis=1))[0][0])
    mask[max(0, top - 40) : top + 5, 120:200] = 255  # hair as a tower
    evidence = look_at_photo(replace(portrait, mask=mask), fit)
    plain = look_at_photo(portrait, fit)
    assert evidence is not None
    assert plain is not None
    scale = evidence.camera.focal / fit.camera.focal
    assert evidence.camera.focal == pytest.approx(plain.camera.focal, rel=0.01)
    column, row = round(160 * scale + evidence.camera.cx - fit.camera.cx * scale), evidence.camera.cy
    assert evidence.inside[: int(row - (fit.camera.cy - top + 15) * scale), column].max() > 0.5


def test_the_skins_colour_is_measured_under_an_even_light():
    fit = make_fit(model(), yaw=0.3)
    evidence = look_at_photo(portrait_of(fit), fit)
    assert evidence is not None
    linear = evidence.skin_colour**2.2
    np.testing.assert_allclose(linear / linear.sum(), np.array([0.5, 0.3, 0.22]) / 1.02, atol=0.02)
    assert evidence.hair_colour is None


def complexion_picture():
    albedo = np.tile(np.array([0.5, 0.3, 0.22], np.float32), (120, 120, 1))
    albedo += np.random.default_rng(0).normal(0, 0.01, albedo.shape).astype(np.float32)
    albedo[:40] = 0.02  # black hair
    albedo[60:64, 60:64] *= 0.4  # a mole
    albedo[100:] = (0.1, 0.2, 0.6)  # a collar
    reliable = np.zeros((120, 120), bool)
    reliable[50:90, 20:100] = True
    return albedo.clip(0, 1), reliable


def test_hair_and_collar_are_no_skin_and_a_mole_is():
    albedo, reliable = complexion_picture()
    likeness = skin_likeness(albedo, reliable, unit=200.0)
    assert likeness[:36].max() < 0.1
    assert likeness[104:].max() < 0.1
    assert likeness[50:90, 10:110].min() > 0.9


def test_without_reliable_skin_everything_may_be_skin():
    albedo, reliable = complexion_picture()
    assert (skin_likeness(albedo, reliable & False, unit=200.0) == 1).all()


def test_openings_cover_the_eyes_and_leave_the_cheeks():
    fit = make_fit(model(), yaw=0.0)
    portrait = portrait_of(fit)
    hole = openings(portrait, 1.0, np.zeros(2), portrait.pixels.shape[:2])
    for ring in EYE_RINGS:
        x, y = portrait.landmarks[list(ring), :2].mean(0).astype(int)
        assert hole[y, x] == 255
    assert (hole > 0).mean() < 0.05
    other = replace(portrait, landmark_scheme="other", landmarks=portrait.landmarks[:68])
    assert not openings(other, 1.0, np.zeros(2), (50, 60)).any()


def test_a_loose_fit_keeps_farther_from_the_masks_edge():
    mask = np.zeros((80, 80), np.uint8)
    mask[10:70, 10:70] = 255
    tight, loose = (inside_share(mask, 200.0, slack) for slack in (0.0, 0.03))
    assert tight[40, 16] > 0.5
    assert loose[40, 16] == 0
    assert loose[40, 40] == 1
