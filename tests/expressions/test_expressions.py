from __future__ import annotations

import numpy as np
import pytest
from sample_head import sample_head

from seif_core.errors import SettingsError
from seif_core.expressions.arkit import ARKIT_52, mirrored_name
from seif_core.expressions.combination import both_sides, combine
from seif_core.expressions.visemes import VISEMES
from seif_core.expressions.vrm import VRM_PRESETS

ALL = {**{f"viseme {k}": v for k, v in VISEMES.items()}, **{f"vrm {k}": v for k, v in VRM_PRESETS.items()}}


def test_the_tables_hold_the_names_of_their_sources():
    assert list(VISEMES) == ["sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "I", "O", "U"]
    assert len(VRM_PRESETS) == 18
    assert {"happy", "angry", "sad", "relaxed", "surprised", "neutral"} < set(VRM_PRESETS)


@pytest.mark.parametrize("name", ALL)
def test_combinations_name_arkit_keys_with_weights_up_to_one(name):
    assert set(ALL[name]) <= set(ARKIT_52)
    assert all(0 < weight <= 1 for weight in ALL[name].values())


@pytest.mark.parametrize("name", ALL)
def test_combinations_are_symmetric_unless_their_name_has_a_side(name):
    mirrored = {mirrored_name(key): weight for key, weight in ALL[name].items()}
    if name.endswith(("Left", "Right")):
        assert mirrored == VRM_PRESETS[mirrored_name(name.removeprefix("vrm "))]
    else:
        assert mirrored == ALL[name]


def test_a_combination_displaces_by_the_weighted_sum_of_keys():
    head = sample_head()
    expected = 0.5 * head.key_deltas[17] + 1.0 * (head.key_deltas[0] + head.key_deltas[7])
    found = combine({"jawOpen": 0.5, **both_sides(eyeBlink=1.0)}, head.key_names, head.key_deltas)
    np.testing.assert_allclose(found, expected, atol=1e-8)
    with pytest.raises(SettingsError, match="jawOpen"):
        combine({"jawOpen": 1}, (), np.zeros((0, 5, 3), np.float32))
