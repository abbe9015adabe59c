"""The Open head's mouth under its keys: what is seen of it."""

from __future__ import annotations

import numpy as np
import pytest

from seif_core.expressions.arkit import ARKIT_52
from seif_core.headmodel import load_head_model
from seif_core.headmodel.topology import PART_NAMES


@pytest.fixture(scope="module")
def model():
    return load_head_model("open")


def heights(model, points, part):
    ids = np.unique(model.faces[model.face_part == PART_NAMES.index(part)])
    return points[ids[ids >= 0], 1]


def test_an_open_mouth_shows_its_throat_above_the_tongue(model):
    key = model.template + model.key_basis[ARKIT_52.index("jawOpen")]
    upper = heights(model, key, "teeth_upper").min()
    lower = heights(model, key, "teeth_lower").max()
    assert heights(model, key, "tongue").max() < (upper + lower) / 2


def test_a_lower_lip_that_is_rolled_in_is_no_wave(model):
    key = model.key_basis[ARKIT_52.index("mouthRollLower")]
    edge = model.embeddings["ibug68"].points(key)[[60, 67, 66, 65, 64], 2]  # the inner lower lip, corner to corner
    assert edge.min() < -0.002
    steps = np.abs(np.diff(edge))
    assert steps.max() < 0.62 * np.ptp(edge)
