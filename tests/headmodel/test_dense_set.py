"""The dense points' places: enough of them, even on both sides, on the skin that a photo can show."""

import numpy as np
import pytest

from seif_core.headmodel import load_head_model
from seif_core.headmodel.dense_set import dense_set


@pytest.fixture(scope="module")
def head():
    return load_head_model("open")


def test_every_part_of_the_head_has_points_and_no_hidden_part_has_any(head):
    vertices = dense_set(head).vertices
    assert 500 <= len(vertices) <= 1000
    for name in ("face", "lids", "lips", "ears", "scalp", "neck"):
        assert head.regions[name][vertices].sum() >= 20
    for name in ("mouth_interior", "eyeballs"):
        assert not head.regions[name][vertices].any()


def test_the_mirror_of_a_point_lies_on_the_other_side(head):
    vertices, mirror = dense_set(head)
    assert (mirror[mirror] == np.arange(len(vertices))).all()
    across = head.template[vertices][mirror] * [-1, 1, 1]
    assert np.abs(across - head.template[vertices]).max() < 0.001


def test_lids_have_more_points_for_their_size_than_the_skull(head):
    vertices = dense_set(head).vertices
    share = {name: head.regions[name][vertices].sum() / head.regions[name].sum() for name in ("lids", "neck")}
    assert share["lids"] > share["neck"]
