from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rendered_head import make_fit, make_model, photograph

from seif_core.appearance.alignment import landmark_displacement
from seif_core.appearance.atlas import GATHER_STEP, build_atlas
from seif_core.appearance.colour import decode, from_srgb, is_grey, to_srgb
from seif_core.appearance.complexion import EYE_RINGS, foreign_colour, hair_colour, openings, skin_likeness
from seif_core.appearance.eyes import iris_colour
from seif_core.appearance.lighting import estimate_light, harmonics, shading
from seif_core.appearance.membrane import MeshMembrane, mesh_edges
from seif_core.appearance.numeric import sample, smoothstep
from seif_core.appearance.photograph import _inside, take_photograph
from seif_core.appearance.strands import strands
from seif_core.appearance.symmetry import mirror_vertices
from seif_core.appearance.zones import build_zones, scalp_share
from seif_core.headmodel.model import triangulate


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


def test_sampling_hits_pixel_centres_and_gives_nothing_outside():
    picture = np.arange(12, dtype=np.float32).reshape(3, 4)
    x, y = np.array([0, 3, 1.5, 50], np.float32), np.array([0, 2, 1, 0], np.float32)
    np.testing.assert_allclose(sample(picture, x, y), [0, 11, 5.5, 0])


@given(st.integers(0, 2**31))
@settings(max_examples=20, deadline=None)
def test_membrane_stays_between_the_values_it_is_given(seed):
    rng = np.random.default_rng(seed)
    count = len(model().template)
    values, weights = rng.random((count, 2)), (rng.random(count) < 0.1) * rng.random(count)
    weights[0] = 1.0
    solved = MeshMembrane(model().faces, count).solve(values, weights, stiffness=0.5)
    assert solved.min() > values.min() - 1e-3
    assert solved.max() < values.max() + 1e-3


def test_membrane_carries_one_known_value_everywhere_on_its_piece():
    count = len(model().template)
    weights = np.zeros(count)
    piece = model().faces[model().face_part == 0]
    ids = np.unique(piece[piece >= 0])
    weights[ids[0]] = 1.0
    solved = MeshMembrane(model().faces, count).solve(np.full((count, 1), 0.7), weights, stiffness=1.0)
    np.testing.assert_allclose(solved[ids], 0.7, atol=1e-3)


def test_edges_of_a_quad_and_a_triangle_are_counted_once():
    assert len(mesh_edges(np.array([[0, 1, 2, 3], [3, 2, 4, -1]], np.int32))) == 6


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


def test_atlas_blends_positions_of_the_texels_own_triangle():
    atlas = build_atlas(model(), 128)
    np.testing.assert_allclose(np.asarray(atlas.blend.sum(1)), 1.0, atol=1e-5)
    corners = model().uvs[np.unique(model().uv_faces[model().uv_faces >= 0])]
    assert len(atlas.texels) / 128**2 == pytest.approx(0.75 + 2 * 0.24 * 0.24, abs=0.05)
    assert corners.min() >= 0


def test_atlas_gathers_what_it_spread():
    atlas = build_atlas(model(), 256)
    values = model().template[:, 1:2].astype(np.float32)
    spread = atlas.spread(values)[::GATHER_STEP]
    gathered, seen = atlas.gather(spread, np.ones(len(spread), np.float32))
    known = seen > 0
    assert np.abs(gathered - values)[known].max() < 0.01
    np.testing.assert_allclose(seen[known], 1.0, atol=1e-4)


def test_every_texel_beyond_the_islands_repeats_one_on_them():
    atlas = build_atlas(model(), 128)
    image = atlas.image(np.arange(len(atlas.texels), dtype=np.int32)[:, None])[..., 0].reshape(-1)
    np.testing.assert_array_equal(image[atlas.texels], np.arange(len(atlas.texels)))
    assert image.min() >= 0


def test_mirrored_texels_lie_at_mirrored_places():
    atlas = build_atlas(model(), 256)
    place = atlas.image(atlas.spread(model().template))
    inner = (atlas.part == 0) & (np.abs(atlas.mirror_x - 128) < 110) & (atlas.mirror_y > 5)
    inner &= atlas.mirror_y < 180
    mirrored = sample(place, atlas.mirror_x, atlas.mirror_y)[inner]
    own = atlas.spread(model().template)[inner]
    assert atlas.mirrored.all()
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
    assert atlas.mirrored.mean() > 0.95
    place = atlas.image(atlas.spread(split.template))
    inner = atlas.mirrored & (atlas.part == 0) & (np.abs(atlas.mirror_x - 64) < 55) & (atlas.mirror_y > 5)
    inner &= atlas.mirror_y < 90
    mirrored = sample(place, atlas.mirror_x, atlas.mirror_y)[inner]
    assert np.abs(mirrored - atlas.spread(split.template)[inner] * np.array([-1, 1, 1])).mean() < 1e-3


def test_mirroring_vertices_twice_comes_back():
    mirror = mirror_vertices(model().template)
    np.testing.assert_array_equal(mirror[mirror], np.arange(len(mirror)))


def test_zones_find_cheeks_in_the_face_and_the_scalp_above_and_behind():
    zones = build_zones(model())
    x, y, z = model().template.T
    assert zones.reliable.any()
    assert (z[zones.reliable] > 0).all()
    scalp = scalp_share(zones.hair)
    assert (scalp[(y > 0.09) & zones.skin] > 0.9).all()
    assert (scalp[(z < -0.05) & (y > 0.0)] > 0.9).all()
    assert scalp[(z > 0.05) & (y < 0.05) & (np.abs(x) < 0.03)].max() < 0.1
    assert zones.below[(y < -0.115) & zones.skin].min() > 0.9


def test_photograph_weighs_the_silhouette_down_and_knows_what_faces_the_camera():
    fit = make_fit(model(), yaw=0.0)
    photo = take_photograph(portrait_of(fit), fit, 512)
    assert photo is not None
    assert photo.inside[~photo.covered].max() < 0.05
    assert photo.inside[photo.covered].mean() > 0.7
    assert photo.facing[np.argmax(model().template[:, 2])] > 0.5
    assert photo.facing[np.argmin(model().template[:, 2])] < -0.9


def test_photograph_of_a_head_elsewhere_is_none():
    fit = make_fit(model())
    away = replace(fit, posed=fit.posed + np.array([5, 0, 0], np.float32))
    assert take_photograph(portrait_of(fit), away, 512) is None


def test_landmarks_bend_the_photo_in_the_face_and_not_behind():
    fit = make_fit(model(), yaw=0.0)
    portrait = portrait_of(fit)
    moved = portrait.landmarks.copy()
    moved[:, 0] += 2.0
    zones = build_zones(model())
    photo = take_photograph(portrait, fit, 512)
    assert photo is not None
    membrane = MeshMembrane(model().faces, len(model().template))
    still = landmark_displacement(portrait, fit, membrane, photo.facing, zones.inner)
    np.testing.assert_allclose(still, 0, atol=1e-2)
    bent = landmark_displacement(replace(portrait, landmarks=moved), fit, membrane, photo.facing, zones.inner)
    x, y, z = model().template.T
    middle = zones.skin & (z > 0.06) & (np.abs(y) < 0.03) & (np.abs(x) < 0.03)
    assert np.median(bent[middle, 0]) == pytest.approx(2.0, abs=0.5)
    assert np.abs(bent[:, 1]).max() < 0.3
    assert np.abs(bent[z < -0.05]).max() < 0.2


def test_absurd_landmarks_do_not_bend_the_photo():
    fit = make_fit(model(), yaw=0.0)
    portrait = portrait_of(fit)
    zones = build_zones(model())
    far = replace(portrait, landmarks=portrait.landmarks + np.array([150, 0, 0], np.float32))
    facing = np.ones(len(model().template), np.float32)
    membrane = MeshMembrane(model().faces, len(model().template))
    np.testing.assert_allclose(landmark_displacement(far, fit, membrane, facing, zones.inner), 0, atol=1e-2)
    unknown = replace(portrait, landmark_scheme="ibug68", landmarks=portrait.landmarks[:68])
    assert not landmark_displacement(unknown, fit, membrane, facing, zones.inner).any()


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


def test_hair_colour_is_that_above_the_brows_and_none_for_the_bald():
    picture = np.full((200, 200, 3), (200, 150, 130), np.uint8)
    head = np.ones((200, 200), np.float32)
    where = {"between": np.array([100.0, 130.0]), "up": np.array([0.0, -1.0]), "unit": 40.0}
    likeness = np.ones((200, 200), np.float32)
    assert hair_colour(picture, head, likeness, **where) is None
    picture[:80], likeness[:80] = (60, 40, 20), 0.0
    found = hair_colour(picture, head, likeness, **where)
    np.testing.assert_allclose(found, np.array([60, 40, 20]) / 255, atol=0.01)


@pytest.mark.parametrize("toned", [False, True])
@pytest.mark.parametrize("hair", [45, 215])
def test_hair_has_a_colour_in_black_and_white_and_in_sepia_where_nothing_tells_it_from_skin(hair, toned):
    """Likeness to skin goes by colour: without any, dark and white hair look like shaded and lit skin."""
    grey = np.full((200, 200), 140.0) + np.random.default_rng(0).normal(0, 4, (200, 200))
    grey[100:] += np.linspace(-12, 12, 200)
    head = np.ones((200, 200), np.float32)
    where = {"between": np.array([100.0, 130.0]), "up": np.array([0.0, -1.0]), "unit": 40.0}
    likeness = np.ones((200, 200), np.float32)

    def printed(values):
        tones = (1.07, 0.95, 0.75) if toned else (1.0, 1.0, 1.0)
        return np.clip(np.stack([values * t for t in tones], -1), 0, 255).astype(np.uint8)

    assert hair_colour(printed(grey), head, likeness, **where) is None
    grey[:80] = hair + np.random.default_rng(1).normal(0, 4, (80, 200))
    found = hair_colour(printed(grey), head, likeness, **where)
    np.testing.assert_allclose(found, printed(np.full((1, 1), float(hair)))[0, 0] / 255, atol=0.04)


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


def test_smoothstep_rises_from_zero_to_one():
    np.testing.assert_allclose(smoothstep(np.array([0.0, 1.0, 1.5, 2.0, 3.0]), 1, 2), [0, 0, 0.5, 1, 1])


def test_a_blue_scarf_is_foreign_and_brows_and_lips_are_not():
    skin = np.array([0.5, 0.3, 0.22], np.float32)
    albedo = np.tile(skin, (90, 90, 1))
    albedo[:30] = (0.05, 0.10, 0.60)
    albedo[50:60, 20:70] = (0.04, 0.03, 0.025)
    albedo[70:80, 20:70] = (0.45, 0.15, 0.15)
    foreign = foreign_colour(albedo, skin, unit=150.0)
    assert foreign[:25].min() > 0.9
    assert foreign[45:].max() < 0.1


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


def test_a_loose_fit_keeps_farther_from_the_masks_edge():
    mask = np.zeros((80, 80), np.uint8)
    mask[10:70, 10:70] = 255
    tight, loose = (_inside(mask, 200.0, slack) for slack in (0.0, 0.03))
    assert tight[40, 16] > 0.5
    assert loose[40, 16] == 0
    assert loose[40, 40] == 1
