"""Rhubarb's and Papagayo's mouth shapes to keyed visemes."""

from __future__ import annotations

import numpy as np
import pytest

from seif_core.capture.mouth_cues import read_mouth_cues
from seif_core.capture.phonemes import TABLES
from seif_core.capture.speech import read_speech
from seif_core.errors import PerformanceFileError
from seif_core.expressions.visemes import VISEMES

TSV = "0.00\tX\n0.50\tD\n1.00\tA\n1.20\tF\n2.00\tX\n"
JSON = (
    '{"metadata": {"duration": 2.5}, "mouthCues": [{"start": 0.0, "end": 0.5, "value": "X"},'
    '{"start": 0.5, "end": 1.0, "value": "D"}, {"start": 1.0, "end": 1.2, "value": "A"},'
    '{"start": 1.2, "end": 2.0, "value": "F"}, {"start": 2.0, "end": 2.5, "value": "X"}]}'
)
XML = (
    '<?xml version="1.0" encoding="utf-8"?><rhubarbResult><mouthCues><mouthCue start="0.00" end="0.50">X</mouthCue>'
    '<mouthCue start="0.50" end="1.00">D</mouthCue><mouthCue start="1.00" end="1.20">A</mouthCue>'
    '<mouthCue start="1.20" end="2.00">F</mouthCue><mouthCue start="2.00" end="2.50">X</mouthCue>'
    "</mouthCues></rhubarbResult>"
)
MOHO = "MohoSwitch1\n1 rest\n13 AI\n25 MBP\n30 U\n49 rest\n"


def written(tmp_path, text, name="voice"):
    file = tmp_path / name
    file.write_text(text)
    return file


@pytest.mark.parametrize("text", [TSV, JSON, XML])
def test_rhubarbs_three_forms_say_the_same(tmp_path, text):
    found = read_mouth_cues(written(tmp_path, text))
    assert [(cue.start, cue.shape) for cue in found.cues] == [(0, "X"), (0.5, "D"), (1, "A"), (1.2, "F"), (2, "X")]


def test_moho_counts_frames_from_one(tmp_path):
    found = read_mouth_cues(written(tmp_path, MOHO), 24.0)
    assert [(round(cue.start * 24), cue.shape) for cue in found.cues[:2]] == [(0, "rest"), (12, "AI")]


@pytest.mark.parametrize("text", [TSV, MOHO])
def test_vowels_open_closures_close_and_nothing_jumps(tmp_path, text):
    found = read_speech(written(tmp_path, text), 24.0)
    jaw = found.weights[:, found.key_names.index("jawOpen")]
    assert jaw[18] == pytest.approx(VISEMES["aa"]["jawOpen"], abs=0.02)
    pressed = found.weights[:, found.key_names.index("mouthPressLeft")]
    assert pressed[25:28].max() == pytest.approx(VISEMES["PP"]["mouthPressLeft"])
    assert jaw[int(np.argmax(pressed))] == 0
    assert 0 < jaw[11:14].min() < jaw[13] or 0 < jaw[12] < jaw[14]
    assert jaw[-1] == 0


def test_every_shape_has_a_viseme():
    for table in TABLES.values():
        assert set(table.values()) <= set(VISEMES)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "half past nine\n",
        "0.0\tZ\n",
        '{"mouthCues": 3}',
        '{"mouthCues": [{"start": "x", "end": 1, "value": "A"}]}',
        "<rhubarbResult><mouthCues>",
        '<!DOCTYPE a [<!ENTITY b "c">]><rhubarbResult>&b;</rhubarbResult>',
        "MohoSwitch1\n1 hm\n",
        "MohoSwitch1\nAI 1\n",
        "[" * 100_000,
        "{" + '"a":{' * 100_000,
        "99999999999999.0\tA\n",
    ],
)
def test_damaged_files_are_refused_in_a_sentence(tmp_path, text):
    with pytest.raises(PerformanceFileError):
        read_speech(written(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 rest\n13 AI\n", "MohoSwitch1"),
        ("0.5\tD\n0.0\tA\n", "out of order"),
        (JSON.replace('"end": 1.2', '"end": 0.2'), "ends at 0.2 s"),
        (XML.replace('end="1.20"', 'end="0.20"'), "ends at 0.2 s"),
        (MOHO.replace("30 U", "2 U"), "out of order"),
    ],
)
def test_cues_that_cannot_be_meant_so_are_refused(tmp_path, text, said):
    with pytest.raises(PerformanceFileError, match=said):
        read_speech(written(tmp_path, text, "voice.dat" if "AI" in text else "voice"))
