from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from rendered_head import EYE_RINGS, make_fit, make_model, photograph

from seif_core.appearance.alignment import landmark_displacement
from seif_core.appearance.atlas import build_atlas
from seif_core.appearance.eyes import iris_colour
from seif_core.appearance.strands import strands
from seif_core.appearance.texture_regions import scalp_share, texture_regions
from seif_core.evidence.mesh_view import view_mesh
from seif_core.geometry.sampling import sample
from seif_core.geometry.screened_poisson import ScreenedPoisson
from seif_core.headmodel.model import triangulate


@lru_cache(maxsize=1)
def model():
    return make_model()


def portrait_of(fit):
    return photograph(fit, np.tile([0.5, 0.3, 0.22], (len(model().template), 1)))


def test_atlas_blends_positions_of_the_texels_own_triangle():
    atlas = build_atlas(model(), 128)
    np.testing.assert_allclose(atlas.weights.sum(axis=1), 1.0, atol=1e-5)
    corners = model().uvs[np.unique(model().uv_faces[model().uv_faces >= 0])]
    assert len(atlas.texels) / 128**2 == pytest.approx(0.75 + 2 * 0.24 * 0.24, abs=0.05)
    assert corners.min() >= 0


def test_atlas_gathers_what_it_spread():
    atlas = build_atlas(model(), 256)
    values = model().template[:, 1:2].astype(np.float32)
    spread = atlas.spread(values)[atlas.samples]
    gathered, seen = atlas.gather(spread, np.ones(len(spread), np.float32))
    known = seen > 0
    assert np.abs(gathered - values)[known].max() < 0.01
    np.testing.assert_allclose(seen[known], 1.0, atol=1e-4)


def test_what_samples_say_of_a_vertex_is_what_all_texels_say():
    atlas = build_atlas(model(), 1024)
    assert len(atlas.samples) < len(atlas.texels) / 4
    values = atlas.spread(model().template.astype(np.float32) ** 2)
    some, _ = atlas.gather(values[atlas.samples], np.ones(len(atlas.samples), np.float32))
    every = np.arange(len(atlas.texels))
    whole, seen = atlas.gather(values, np.ones(len(every), np.float32), every)
    apart = np.abs(some - whole)[seen > 0]
    assert np.quantile(apart, 0.99) < 3e-3 * np.ptp(whole)


def test_the_area_that_samples_stand_for_is_that_of_all_texels():
    atlas = build_atlas(model(), 512)
    trust = (atlas.part == 0).astype(np.float32)
    _, some = atlas.gather(trust[atlas.samples, None], trust[atlas.samples])
    every = np.arange(len(atlas.texels))
    _, whole = atlas.gather(trust[:, None], trust, every)
    assert np.abs(some - whole).mean() < 0.01


def test_no_texel_is_missed_that_a_vertex_reaches():
    atlas = build_atlas(model(), 256)
    chosen = model().template[:, 1] > np.quantile(model().template[:, 1], 0.7)
    reached = np.flatnonzero(atlas.spread(chosen[:, None].astype(np.float32))[:, 0] > 0)
    found = np.concatenate([atlas.touched(chosen, part) for part in atlas.parts])
    np.testing.assert_array_equal(found, atlas.touched(chosen))
    assert np.isin(reached, found).all()


def test_every_texel_beyond_the_islands_repeats_one_on_them():
    atlas = build_atlas(model(), 128)
    image = atlas.image(np.arange(len(atlas.texels), dtype=np.int32)[:, None])[..., 0].reshape(-1)
    np.testing.assert_array_equal(image[atlas.texels], np.arange(len(atlas.texels)))
    assert image.min() >= 0


def test_mirrored_texels_lie_at_mirrored_places():
    atlas = build_atlas(model(), 256)
    place, other = atlas.image(atlas.spread(model().template)), atlas.mirror()
    inner = (atlas.part == 0) & (np.abs(other.x - 128) < 110) & (other.y > 5)
    inner &= other.y < 180
    mirrored = sample(place, other.x, other.y)[inner]
    own = atlas.spread(model().template)[inner]
    assert other.known.all()
    assert np.abs(mirrored - own * np.array([-1, 1, 1])).mean() < 1e-3


def test_triangles_split_differently_on_both_sides_are_mirrored_too():
    triangles, origin = triangulate(model().faces)
    uv_triangles = triangulate(model().uv_faces)[0]
    pad = np.full((len(triangles), 1), -1, np.int32)
    split = replace(
        model(),
        faces=np.concatenate([triangles, pad], 1),
        uv_faces=np.concatenate([uv_triangles, pad], 1),
        face_part=model().face_part[origin],
    )
    atlas = build_atlas(split, 128)
    other = atlas.mirror()
    assert other.known.mean() > 0.95
    place = atlas.image(atlas.spread(split.template))
    inner = other.known & (atlas.part == 0) & (np.abs(other.x - 64) < 55) & (other.y > 5)
    inner &= other.y < 90
    mirrored = sample(place, other.x, other.y)[inner]
    assert np.abs(mirrored - atlas.spread(split.template)[inner] * np.array([-1, 1, 1])).mean() < 1e-3


def test_regions_find_the_scalp_above_and_behind_and_the_neck_below():
    regions = texture_regions(model())
    x, y, z = model().template.T
    scalp = scalp_share(regions.over_hairline)
    assert (scalp[(y > 0.09) & regions.outer_skin] > 0.9).all()
    assert (scalp[(z < -0.05) & (y > 0.0)] > 0.9).all()
    assert scalp[(z > 0.05) & (y < 0.05) & (np.abs(x) < 0.03)].max() < 0.1
    assert regions.below[(y < -0.115) & regions.outer_skin].min() > 0.9


def test_landmarks_bend_the_photo_in_the_face_and_not_behind():
    fit = make_fit(model(), yaw=0.0)
    portrait = portrait_of(fit)
    moved = portrait.landmarks.copy()
    moved[:, 0] += 2.0
    regions = texture_regions(model())
    facing = view_mesh(fit, fit.camera).facing
    smoother = ScreenedPoisson(model().faces, len(model().template))
    still = landmark_displacement(portrait, fit, smoother, facing, regions.inner)
    np.testing.assert_allclose(still, 0, atol=1e-2)
    bent = landmark_displacement(replace(portrait, landmarks=moved), fit, smoother, facing, regions.inner)
    x, y, z = model().template.T
    middle = regions.outer_skin & (z > 0.06) & (np.abs(y) < 0.03) & (np.abs(x) < 0.03)
    assert np.median(bent[middle, 0]) == pytest.approx(2.0, abs=0.5)
    assert np.abs(bent[:, 1]).max() < 0.3
    assert np.abs(bent[z < -0.05]).max() < 0.2
    to_dense = landmark_displacement(
        replace(portrait, landmarks=moved), replace(fit, measured="dense"), smoother, facing, regions.inner
    )
    assert np.median(to_dense[regions.outer_skin & (z > 0.06) & (y < -0.03), 0]) < 1.0  # a chin follows its own points


def test_absurd_landmarks_do_not_bend_the_photo():
    fit = make_fit(model(), yaw=0.0)
    portrait = portrait_of(fit)
    regions = texture_regions(model())
    far = replace(portrait, landmarks=portrait.landmarks + np.array([150, 0, 0], np.float32))
    facing = np.ones(len(model().template), np.float32)
    smoother = ScreenedPoisson(model().faces, len(model().template))
    np.testing.assert_allclose(landmark_displacement(far, fit, smoother, facing, regions.inner), 0, atol=1e-2)
    unknown = replace(portrait, landmark_scheme="ibug68", landmarks=portrait.landmarks[:68])
    assert not landmark_displacement(unknown, fit, smoother, facing, regions.inner).any()


def eye_portrait(colour, radius=8.0):
    """A portrait with two drawn eyes of a known iris colour, black pupils and a highlight."""
    fit = make_fit(model(), yaw=0.0)
    portrait = portrait_of(fit)
    pixels = np.full((120, 200, 3), 230, np.uint8)
    landmarks = portrait.landmarks.copy()
    rows, columns = np.mgrid[:120, :200]
    for ring, iris, centre in ((EYE_RINGS[0], 473, (140, 60)), (EYE_RINGS[1], 468, (60, 60))):
        away = np.hypot(columns + 0.5 - centre[0], rows + 0.5 - centre[1])
        pixels[away < radius] = colour
        pixels[away < 0.35 * radius] = 5
        pixels[centre[1] - 4 : centre[1] - 2, centre[0] + 2 : centre[0] + 4] = 255
        landmarks[iris : iris + 5, :2] = centre
        landmarks[iris + 1 : iris + 5, :2] += np.array([[radius, 0], [0, -radius], [-radius, 0], [0, radius]])
        turn = np.linspace(0, 2 * np.pi, len(ring), endpoint=False)
        landmarks[list(ring), :2] = np.stack([18 * np.cos(turn), 9 * np.sin(turn)], 1) + centre
    return replace(portrait, pixels=pixels, mask=np.full((120, 200), 255, np.uint8), landmarks=landmarks)


@pytest.mark.parametrize("colour", [(70, 110, 160), (90, 60, 35), (80, 120, 80)])
def test_iris_colour_is_measured_between_pupil_and_rim(colour):
    np.testing.assert_allclose(iris_colour(eye_portrait(colour)), np.array(colour) / 255, atol=0.04)


def test_irises_of_a_few_pixels_are_plain_brown():
    tiny = iris_colour(eye_portrait((70, 110, 160), radius=1.5))
    assert tiny[0] > tiny[1] > tiny[2]


def test_strands_have_no_seam_at_the_back_and_no_weight_of_their_own():
    down = np.linspace(-0.02, 0.08, 200)
    behind = np.stack([np.zeros(200), down, np.full(200, -0.09)], 1)
    left, right = (strands(model(), behind + np.array([side * 1e-6, 0, 0])) for side in (1, -1))
    np.testing.assert_allclose(left, right, atol=0.25)
    directions = np.random.default_rng(0).normal(size=(5000, 3))
    place = directions / np.linalg.norm(directions, axis=1, keepdims=True) * 0.1
    light = strands(model(), place)
    assert abs(light.mean()) < 0.1
    assert 0.5 < light.std() < 1.3
