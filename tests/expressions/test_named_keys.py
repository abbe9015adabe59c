"""Expression sets on a head: names, spelling, displacements."""

from __future__ import annotations

import numpy as np
import pytest
from flame_head import flame_head, with_keys
from sample_head import sample_head
from tiny_model import tiny_model

from seif_core.errors import SettingsError
from seif_core.expression_choice import SETS, ExpressionChoice, parse_choice
from seif_core.expressions.arkit import ARKIT_52
from seif_core.expressions.emotions import ACTION_UNITS, EMOTION_UNITS, EMOTIONS
from seif_core.expressions.named_keys import named_keys
from seif_core.expressions.spelling import canonical, spelled
from seif_core.expressions.visemes import VISEMES
from seif_core.headmodel.skinning import pose_vertices


def keys_of(head, sets, spelling="apple"):
    return {key.name: key for key in named_keys(head, parse_choice(sets, spelling))}


def test_the_command_line_s_words_become_a_choice_in_the_sets_order():
    assert parse_choice("flame:50, VRM,arkit", "short") == ExpressionChoice(("arkit", "vrm", "flame"), 50, "short")
    assert parse_choice("arkit") == ExpressionChoice()
    assert parse_choice("none").sets == ()


@pytest.mark.parametrize(
    "words", ["", "smiles", "arkit,none", "flame:", "flame:-1", "flame:0", "flame:1e9", "vrm:3", "arkit,,vrm"]
)
def test_words_that_name_no_set_are_refused(words):
    with pytest.raises(SettingsError):
        parse_choice(words)
    with pytest.raises(SettingsError, match="spelling"):
        parse_choice("arkit", "klingon")


def test_each_spelling_is_told_apart_and_found_again():
    for spelling, expected in (("apple", "mouthSmileLeft"), ("livelink", "MouthSmileLeft"), ("short", "mouthSmile_L")):
        assert spelled("mouthSmileLeft", spelling) == expected
        names = [spelled(name, spelling) for name in ARKIT_52]
        assert len(set(names)) == len(ARKIT_52)
        assert [canonical(name) for name in names] == list(ARKIT_52)
    assert spelled("jawLeft", "short") == "jawLeft"
    assert spelled("jawOpen", "livelink") == "JawOpen"
    assert spelled("viseme_aa", "livelink") == canonical("viseme_aa") == "viseme_aa"


def test_every_set_together_has_unique_names_and_the_standards_counts():
    keys = [key.name for key in named_keys(sample_head(), parse_choice(",".join(SETS)))]
    assert len(keys) == len(set(keys)) == 52 + 15 + 18 + 7 + 3 + 10
    assert keys[:52] == list(ARKIT_52)


def test_a_viseme_is_the_sum_of_its_keys_and_silence_moves_nothing():
    head = sample_head()
    keys = keys_of(head, "visemes", "livelink")
    assert list(keys) == [f"viseme_{name}" for name in VISEMES]
    expected = 0.35 * head.key_deltas[ARKIT_52.index("jawOpen")] + 0.6 * head.key_deltas[ARKIT_52.index("mouthFunnel")]
    np.testing.assert_allclose(keys["viseme_O"].delta, expected, atol=1e-8)
    assert not keys["viseme_sil"].delta.any()


def test_components_are_signed_and_no_more_than_the_model_has():
    keys = keys_of(sample_head(), "flame:4")
    assert list(keys) == ["expr_001", "expr_002", "expr_003", "expr_004"]
    assert (keys["expr_001"].low, keys["expr_001"].high) == (-3, 3)
    assert len(keys_of(sample_head(), "flame:100")) == len(keys_of(sample_head(), "flame")) == 10


def test_jaw_keys_are_the_joint_s_turn_with_its_correctives():
    head = sample_head()
    pose = np.zeros((5, 3))
    pose[2] = (0.36, 0, 0)
    posed = pose_vertices(head.vertices, head.joints, head.skin_weights, pose, head.pose_deltas)
    np.testing.assert_allclose(keys_of(head, "jaw")["jaw_turn_open"].delta, posed - head.vertices, atol=1e-7)


def test_the_jaw_turns_to_the_subject_s_left():
    head = sample_head()
    chin = np.argmax(head.vertices[:, 2] * (head.skin_weights[:, 2] > 0.9))
    keys = keys_of(head, "jaw")
    assert keys["jaw_turn_left"].delta[chin, 0] > 0 > keys["jaw_turn_right"].delta[chin, 0]


def test_a_head_without_the_needed_keys_says_which_one_it_lacks():
    head = flame_head(with_keys(tiny_model(expressions=12)))
    assert len(keys_of(head, "arkit,flame")) == 6 + 12
    with pytest.raises(SettingsError, match="mouth"):
        keys_of(head, "visemes")


def test_emotions_are_their_action_units_in_arkit_s_keys():
    assert len(EMOTIONS) == 7
    assert EMOTIONS["joy"]["mouthSmileLeft"] == EMOTION_UNITS["joy"]["12"] * ACTION_UNITS["12"]["mouthSmileLeft"]
    for weights in (*EMOTIONS.values(), *ACTION_UNITS.values()):
        assert set(weights) <= set(ARKIT_52)
        assert all(0 < weight <= 1 for weight in weights.values())
    assert not any(name.endswith("Left") for name in EMOTIONS["contempt"])
