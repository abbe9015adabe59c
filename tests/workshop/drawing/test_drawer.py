from __future__ import annotations

import numpy as np
import pytest
import torch
from conftest import SHARED

from seif_core.errors import SettingsError
from seif_core.headmodel import load_head_model
from seif_core.portrait.head_parsing import CLASSES

PACK = SHARED / "makehuman"
drawing = pytest.importorskip("seif_core.workshop.drawing.drawer")
needs_pack = pytest.mark.skipif(not PACK.is_dir(), reason="the MakeHuman pack lies beside the checkout, if anywhere")
BARE = drawing.DrawingSettings(size=96, bald=10, bearded=0, glasses=0, headwear=0, front=0, bare=1, turned=0)
FULL = drawing.DrawingSettings(size=96, bald=0, bearded=1, glasses=1, headwear=0.5, front=1, bare=0)


@pytest.fixture(scope="module")
def drawer():
    torch.set_num_threads(1)
    return drawing.Drawer(load_head_model(), PACK, FULL)


@pytest.fixture(scope="module")
def heads(drawer):
    drawer.settings = FULL
    return [drawer.draw(7, number) for number in range(10)]


@pytest.fixture(scope="module")
def bare(drawer):
    drawer.settings = BARE
    return [drawer.draw(7, number) for number in range(2)]


@needs_pack
def test_the_same_number_draws_the_same_head_whatever_was_drawn_before(drawer, heads):
    drawer.settings = FULL
    again = drawer.draw(7, 3)
    for name, value in heads[3]._asdict().items():
        assert np.array_equal(value, getattr(again, name)), name
    assert not np.array_equal(heads[3].picture, heads[4].picture)


@needs_pack
def test_every_class_is_drawn(heads):
    seen = {CLASSES[k] for head in heads for k in np.unique(head.labels)}
    assert seen == set(CLASSES)


@needs_pack
def test_labels_lie_where_the_head_is_projected(drawer, bare):
    for head in bare:
        person = drawer.bodies.person(
            drawing.Traits(*head.traits[:2].tolist(), tuple(head.traits[2:5].tolist()), *head.traits[5:].tolist()),
            head.identity.astype(np.float64),
            head.keys.astype(np.float64),
            head.pose.astype(np.float64),
        )
        points = person.posed(person.head, drawer.model.skin_weights.astype(np.float64))
        points = points[drawer.model.regions["face"]] @ head.placement[:, :3].T + head.placement[:, 3]
        pixels = head.camera[1:] + head.camera[0] * points[:, :2] / -points[:, 2:] * [1, -1]
        column, row = np.floor(pixels).astype(int).clip(0, 95).T
        shown = np.array(CLASSES)[head.labels[row, column]]
        assert np.isin(shown, ("skin", "brows")).mean() > 0.97


@needs_pack
def test_landmarks_lie_in_the_middle_as_the_parsing_sees_heads(bare):
    for head in bare:
        low, high = head.landmarks[:, :2].min(0), head.landmarks[:, :2].max(0)
        assert 96 / (high - low).max() == pytest.approx(BARE.view, rel=BARE.jitter + 0.01)
        assert np.all(np.abs((low + high) / 2 - 48) < 96 * 0.12)
        chin, brow = head.landmarks[152, :2], head.landmarks[9, :2]
        assert chin[1] - brow[1] > np.abs(chin[0] - brow[0])


@needs_pack
def test_background_has_no_normals_and_all_else_has_some(heads):
    for head in heads:
        length = np.linalg.norm(head.normals, axis=2)
        assert (length[head.labels > 0] > 0.99).mean() > 0.999
        assert (length[head.labels == 0] == 0).mean() > 0.9


def test_a_folder_without_a_pack_is_named_in_a_sentence(tmp_path):
    with pytest.raises(SettingsError, match="no MakeHuman pack"):
        drawing.Drawer(load_head_model(), tmp_path)
