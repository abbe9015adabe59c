from __future__ import annotations

import numpy as np
import pytest
from haired_head import haired_scene
from scipy.spatial import KDTree

from seif_core.geometry.colour import decode
from seif_core.hair.card_atlas import STRIPS, card_atlas
from seif_core.hair.coverage import covering
from seif_core.hair.curls import wound
from seif_core.hair.layer import model_hair
from seif_core.hair.orientation import hair_orientation, orientation_at
from seif_core.hair.tracing import ShellField
from seif_core.hair_check import hair_fault


@pytest.fixture(scope="module")
def scene():
    """Fit, surface, which of its vertices are hair, and portrait of a head with a cap of hair."""
    return haired_scene()


@pytest.fixture(scope="module")
def made(scene):
    """Its layer, with what led to it."""
    fit, surface, _, portrait = scene
    return model_hair(portrait, fit, surface, None)


def test_layer_passes_the_check_of_head_files(made, scene):
    assert hair_fault(made.layer, scene[0].model.faces, scene[0].model.template) is None


def test_roots_lie_on_their_faces_of_the_head(made, scene):
    guides, faces = made.layer.guides, scene[0].model.faces
    chosen = faces[guides.root_faces]
    corners = np.where(guides.root_second[:, None], chosen[:, [0, 2, 3]], chosen[:, :3])
    places = np.einsum("gk,gkc->gc", guides.root_weights, scene[0].neutral[corners])
    assert guides.points[:, 0] == pytest.approx(places, abs=1e-5)
    assert 200 <= len(guides.points) <= 600


def test_no_strand_goes_under_the_skin(made):
    later = made.layer.guides.points[:, 1:].reshape(-1, 3).astype(np.float64)
    assert made.space.skin_distances(later).signed.min() > -0.001


def test_strands_lie_within_the_hair(made):
    tips = made.layer.guides.points[:, -1].astype(np.float64)
    outer = made.shell.vertices[made.shell.skin > 0]
    above = made.space.skin_distances(tips).signed
    assert above.max() < 0.026
    assert np.linalg.norm(tips[:, None] - outer[None], axis=2).min(1).max() < 0.03


def test_seen_strands_follow_the_photo(made):
    """The drawn photo's hair runs straight down. What lies more than 6 mm under the hair's outer side is not seen."""
    guides, space = made.layer.guides, made.space
    seen = guides.points[guides.seen].astype(np.float64)
    assert len(seen) > 10
    ends = space.project(seen)
    step = np.diff(ends, axis=1).reshape(-1, 2)
    along, trust = orientation_at(space, made.orientation, ends[:, :-1].reshape(-1, 2))
    long = np.linalg.norm(step, axis=1)
    cosine = np.abs((step * along).sum(1)) / np.maximum(long, 1e-9)
    off = np.degrees(np.arccos(np.clip(cosine, 0, 1)))
    outer = KDTree(made.shell.vertices[made.shell.skin > 0.004])
    shallow = outer.query(seen[:, :-1].reshape(-1, 3))[0] < 0.006
    assert np.average(off, weights=long * shallow * (trust > 0.3)) < 15


def test_orientation_of_upright_streaks_is_upright(scene, made):
    field = hair_orientation(made.space, scene[3].pixels)
    sure = field[..., 2] > 0.5
    assert sure.any()
    assert np.median(field[sure][:, 0]) < -0.5


def test_cards_are_a_few_thousand_triangles_with_whole_weights(made):
    cards = made.layer.cards
    assert 64 * 18 <= len(cards.faces) <= 200 * 18
    assert np.allclose(cards.skin_weights.sum(1), 1, atol=1e-5)
    assert cards.uvs.min() >= 0
    assert cards.uvs.max() <= 1


def test_atlas_has_the_hairs_colour_and_free_edges_between_its_strips():
    atlas = card_atlas(np.array([0.4, 0.25, 0.15]), 0.2, 0)
    width = atlas.shape[1] / STRIPS
    edges = [round(k * width) for k in range(1, STRIPS)]
    assert atlas[:, edges, 3].max() == 0
    linear = decode(atlas[..., :3])[atlas[..., 3] > 200].mean(0)
    assert linear == pytest.approx(decode(np.array([102, 64, 38], np.uint8)), rel=0.25)


def test_cards_end_in_tips_and_not_as_if_cut():
    """Strands of a strip ended side by side, and cards lay on the head like shingles."""
    opaque = card_atlas(np.array([0.4, 0.25, 0.15]), 0.2, 0)[..., 3] > 127
    covered = opaque.reshape(16, -1, opaque.shape[1])[:, :, : opaque.shape[1] // STRIPS].mean((1, 2))
    assert covered[4:10].min() > 0.7
    assert covered[14] < 0.6 * covered[8]
    assert covered[15] < 0.3 * covered[8]


def test_strands_of_curly_hair_wind_and_those_of_straight_hair_do_not(made):
    strands = made.layer.guides.points.astype(np.float64)
    field = ShellField(made.shell, made.directions)

    def longer(curls: float) -> float:
        curly = wound(field, strands, np.full(len(strands), curls), np.random.default_rng(0))
        assert np.allclose(curly[:, 0], strands[:, 0])
        lengths = [np.linalg.norm(np.diff(some, axis=1), axis=2).sum(1) for some in (curly, strands)]
        return float(np.median(lengths[0] / lengths[1]))

    assert longer(0.0) == 1.0
    assert 1.05 < longer(0.5) < longer(1.0)


def test_cards_lie_on_the_hair_and_do_not_stand_on_the_skin(made):
    rows = made.layer.cards.vertices.reshape(-1, 10, 3, 3)[:, :, 1].astype(np.float64)
    begin = rows[:, 1] - rows[:, 0]
    normals = made.space.on_skin(rows[:, 0], made.space.normals)
    rise = (begin * normals).sum(1) / np.linalg.norm(begin, axis=1) / np.linalg.norm(normals, axis=1)
    assert (rise > 0.8).mean() < 0.05


def test_chosen_strands_cover_more_of_the_shell_than_as_many_others(made):
    strands = made.layer.guides.points.astype(np.float64)
    chosen = covering(made.shell, strands, 0.02, 40)
    assert len(set(chosen)) == 40
    outer = made.shell.vertices[made.shell.skin > 0.004]
    best, others = (
        np.mean(KDTree(strands[some].reshape(-1, 3)).query(outer)[0] < 0.014) for some in (chosen, np.arange(40))
    )
    assert best > others


def test_of_two_strands_in_one_place_the_second_is_chosen_last(made):
    strands = made.layer.guides.points[:20].astype(np.float64)
    twice = np.concatenate([strands, strands[:1]])
    first = covering(made.shell, twice, 0.02, 21).tolist()
    assert max(first.index(0), first.index(20)) > min(first.index(0), first.index(20)) + 1
