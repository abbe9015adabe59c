"""Every expression set on every kind of head model: the Open head's own keys, and those that a transfer gives."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from gnm_file import write_gnm
from model_head import head_of
from sample_head import sample_model

from seif_core.expression_choice import SETS, parse_choice
from seif_core.expressions.named_keys import named_keys
from seif_core.headmodel import load_head_model
from seif_core.headmodel.gnm_completion import complete_gnm
from seif_core.headmodel.gnm_file import read_gnm_file
from seif_core.headmodel.transfer import complete_model

STILL = {"viseme_sil", "vrm_neutral"}


def model_of(kind, folder):
    if kind == "open":
        return load_head_model("open")
    if kind == "gnm":
        write_gnm(folder / "gnm_head.npz")
        return complete_gnm(read_gnm_file(folder / "gnm_head.npz"), "gnm_head.npz", sample_model())
    given = sample_model()
    lacking = dataclasses.replace(given, name="flame", key_names=(), key_basis=given.key_basis[:0], embeddings={})
    return complete_model(lacking, given)  # as a FLAME file is completed


@pytest.mark.parametrize("kind", ["open", "flame", "gnm"])
def test_all_sets_are_there_and_every_key_moves_the_head(kind, tmp_path):
    head = head_of(model_of(kind, tmp_path))
    keys = {key.name: key for key in named_keys(head, parse_choice(",".join(SETS)))}
    assert len([name for name in keys if name.startswith(("viseme_", "vrm_", "emotion_", "jaw_turn_"))]) == 43
    assert set(head.key_names) <= set(keys)
    moves = {name: np.linalg.norm(key.delta, axis=1).max() for name, key in keys.items() if name not in STILL}
    assert all(np.isfinite(list(moves.values())))
    weak = {name for name, move in moves.items() if move < 1e-4 and not name.startswith("expr_")}
    assert not weak
    assert keys["jaw_turn_open"].delta[:, 1].min() < -0.01
