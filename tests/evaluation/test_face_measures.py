"""Facts about a face: each measure sees what it is named after, and nothing else."""

from __future__ import annotations

import measured_head
import numpy as np
import pytest

from seif_core.errors import SettingsError
from seif_core.evaluation.face_measures import MEASURES, face_measures
from seif_core.headmodel import load_head_model


def landmarks():
    model = load_head_model()
    return model.embeddings["ibug68"].points(model.template.astype(np.float64))


def test_a_mouth_of_fifty_millimetres_is_fifty_millimetres_wide():
    points = landmarks()
    points[48], points[54] = [-0.025, 0, 0], [0.025, 0, 0]
    assert face_measures(points)["mouth width"] == pytest.approx(50)


def test_the_average_face_has_the_measures_of_people():
    """Within three standard deviations of Farkas' young adults, women and men together; millimetres."""
    found = face_measures(landmarks())
    between = {
        "nose length": (42, 60),
        "nose projection": (14, 26),
        "mouth width": (42, 62),
        "face width": (118, 160),
        "inner eye distance": (25, 40),
    }
    for name, (low, high) in between.items():
        assert low < found[name] < high, name


@pytest.mark.parametrize(
    ("ids", "shift", "name"),
    [
        ((30,), (0, 0, 0.004), "nose projection"),
        ((8,), (0, -0.005, 0), "chin height"),
        ((31,), (-0.003, 0, 0), "nose width"),
    ],
)
def test_what_grows_is_found_by_the_measure_that_is_named_after_it(ids, shift, name):
    points = landmarks()
    before = face_measures(points)
    points[list(ids)] += shift
    after = face_measures(points)
    grown = {key: after[key] - before[key] for key in MEASURES}
    assert grown[name] > 2
    assert not [key for key in ("mouth width", "eye distance", "face width", "cheeks") if abs(grown[key]) > 1e-9]


def test_seven_landmarks_have_no_jaw_to_measure():
    with pytest.raises(SettingsError, match="68"):
        face_measures(measured_head.subject(1).landmarks[:7])
