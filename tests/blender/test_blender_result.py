"""What the artist is told of a result: the result line, what is guessed, diagnostics; and the colour layer of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest
from sample_head import sample_head

from seif_blender.build import blueprint as blueprint_module
from seif_blender.build.head_object import build_blueprint, build_head
from seif_blender.build.names import CONFIDENCE_LAYER
from seif_blender.build.plan.draw_up import draw_up
from seif_blender.build.settings import BuildSettings
from seif_blender.capture.job import CaptureJob
from seif_blender.reconstruct.summary import confidence_table, diagnostics, has_outcome, time_words
from seif_blender.worker.job import Job, State

REPORT = {
    "seconds": {"Fit": 1.2, "Surface": 6.4, "Texture": 2.0, "Head": 0.1},
    "confidence": {"face": {"seen": 0.8, "mirrored": 0.05, "guessed": 0.15}, "all": {"seen": 0.2, "guessed": 0.8}},
    "warnings": ["The photo is dark."],
}


@pytest.fixture(autouse=True)
def empty_scene():
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)


def head_with_confidence():
    head = sample_head()
    shares = np.zeros((len(head.vertices), 3), np.float32)
    shares[:, 2] = 1
    shares[:10] = (1, 0, 0)
    shares[10:20] = (0, 1, 0)
    return replace(head, confidence=shares)


def layer_of(mesh):
    values = np.empty(4 * len(mesh.vertices), np.float32)
    mesh.color_attributes[CONFIDENCE_LAYER].data.foreach_get("color", values)
    return values.reshape(-1, 4)


def test_a_colour_layer_shows_what_is_guessed_seen_and_mirrored():
    built = build_head(head_with_confidence())
    layer = layer_of(built.mesh.data)
    np.testing.assert_allclose(layer[:10], [[0, 1, 0, 1]] * 10, atol=0.01)
    np.testing.assert_allclose(layer[10:20], [[0, 0, 1, 1]] * 10, atol=0.01)
    np.testing.assert_allclose(layer[20:], [[1, 0, 0, 1]] * (len(layer) - 20), atol=0.01)


def test_a_head_of_an_older_file_has_no_such_layer():
    assert CONFIDENCE_LAYER not in build_head(replace(sample_head(), confidence=None)).mesh.data.color_attributes


def test_the_layer_travels_with_the_blueprint_as_text():
    text = blueprint_module.dumps(draw_up(head_with_confidence(), BuildSettings()))
    built = build_blueprint(blueprint_module.loads(text))
    assert layer_of(built.mesh.data)[0, 1] == pytest.approx(1, abs=0.01)


def test_the_result_line_tells_the_longest_stages_and_each_region():
    assert time_words(REPORT) == "shape 6 s, texture 2 s, fitting the head 1 s"
    assert confidence_table(REPORT) == [
        ("Colour", "Seen", "Mirrored", "Guessed"),
        ("Face", "80%", "5%", "15%"),
        ("Skin", "20%", "0%", "80%"),
    ]


@pytest.mark.parametrize("report", [{}, {"seconds": None, "confidence": {}}, {"seconds": 1}])
def test_a_report_that_tells_nothing_is_no_error(report):
    assert time_words(report) == ""
    assert confidence_table(report) == []


def test_diagnostics_name_no_folder_of_the_artist():
    job = Job(Path("/secret/anna.jpg"), {"head_model": "/secret/flame.pkl", "quality": "full"}, report=REPORT)
    job.finish(State.SUCCEEDED)
    text = diagnostics({"Blender": "5.0"}, job, ["a line of the log"])
    assert "secret" not in text
    assert "anna" not in text
    for words in ("Blender: 5.0", "*.jpg", "*.pkl", '"quality": "full"', "The photo is dark.", "a line of the log"):
        assert words in text
    assert "log:" in diagnostics({}, None, [])


def test_a_capture_that_went_well_leaves_no_box_with_a_button_to_run_it_again(tmp_path):
    capture = CaptureJob(tmp_path / "smile.jpg", {}, kind="image")
    capture.report = {"seconds": {"fit": 3.0}}
    assert not has_outcome(capture)
    capture.message = "No face was found in smile.jpg."
    assert has_outcome(capture)
    head = Job(tmp_path / "photo.jpg")
    assert not has_outcome(head)
    head.report = {"seconds": {"fit": 3.0}}
    assert has_outcome(head)
