"""The field's protocols on shapes with a known answer."""

from __future__ import annotations

import json

import measured_head
import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation
from test_scan_measures import person

from seif_core import cli
from seif_core.errors import SettingsError
from seif_core.evaluation.protocols.face_regions import REGIONS, region_labels
from seif_core.evaluation.protocols.files import measure_files
from seif_core.evaluation.protocols.nonrigid import nonrigid_errors
from seif_core.evaluation.protocols.now import face_ball
from seif_core.evaluation.protocols.run import PROTOCOLS, measure
from seif_core.evaluation.protocols.smooth_warp import warp_onto
from seif_core.evaluation.protocols.subject import Subject
from seif_core.geometry.alignment import Similarity
from seif_core.geometry.closest_point import SurfaceIndex

MOTION = Similarity(Rotation.from_rotvec([0.3, 0.9, -0.4]).as_matrix(), 1.3, np.array([0.2, -0.1, 0.5]))
AWAY = Similarity(scale=2.0, translation=np.array([0.0, 0, 0]))
CAMERA = Similarity(translation=np.array([0.0, 0, -0.7]))
FREE_OF_POSE = [name for name in PROTOCOLS if name != "facescape"]
MAIN = {
    "now": ("with scale", "mean_mm"),
    "realy": ("all", "mean_mm"),
    "facescape": ("in the camera's frame", "chamfer_mm"),
    "whole-head": ("with scale", "chamfer_mm"),
    "corresponding": ("with scale", "mean_mm"),
    "nonrigid": ("corresponding", "mean_mm"),
}
"""The row and figure that each protocol is known by."""


def said(name, truth, prediction):
    """A protocol's main figure, and all of it."""
    found = measure(truth, prediction, [name])[0]
    return found.figure(*MAIN[name]), found


def bent(vertices, centre, radius, shift):
    """Vertices moved smoothly around a place."""
    fade = np.clip(1 - np.linalg.norm(vertices - centre, axis=1) / radius, 0, 1)
    return vertices + (fade**2 * (3 - 2 * fade))[:, None] * np.asarray(shift)


@pytest.mark.parametrize("name", FREE_OF_POSE)
def test_a_head_against_itself_is_nothing_away_at_scale_one_under_any_similarity(name):
    head = measured_head.subject(1)
    for moved, scale in ((head, 1.0), (head.moved(MOTION), 1 / MOTION.scale)):
        figure, found = said(name, head, moved)
        assert figure < 0.005
        for row in found.rows:
            if row.name == "with scale":
                assert row.figures["scale"] == pytest.approx(scale, abs=5e-4 * scale)


def test_a_head_in_the_same_cameras_frame_is_nothing_away_nearer_or_farther_and_larger():
    head = measured_head.subject(1).moved(CAMERA)
    for moved in (head, head.moved(AWAY)):
        figure, found = said("facescape", head, moved)
        assert figure < 0.005
        assert found.rows[0].figures["normal_deg"] < 0.1
        assert found.rows[0].figures["completeness"] == pytest.approx(1, abs=1e-3)


def test_facescapes_protocol_counts_a_pose_that_is_wrong():
    head = measured_head.subject(1).moved(CAMERA)
    middle = head.vertices.mean(axis=0)
    turn = Rotation.from_rotvec([0, np.radians(5), 0]).as_matrix()
    turned = head.moved(Similarity(turn, 1.0, middle - turn @ middle))
    figure, found = said("facescape", head, turned)
    assert figure > 0.5
    assert found.rows[0].figures["normal_deg"] > 4


@pytest.mark.parametrize("shift", [[0, 0, 0.7], [0.06, 0, 0]], ids=["not before the camera", "beside"])
def test_facescapes_protocol_refuses_what_is_not_in_one_cameras_frame(shift):
    head = measured_head.subject(1).moved(CAMERA)
    with pytest.raises(SettingsError, match="one camera's frame"):
        measure(head, head.moved(Similarity(translation=np.array(shift, np.float64))), ["facescape"])


@pytest.mark.parametrize("name", ["now", "realy", "whole-head", "nonrigid"])
def test_the_truth_registered_to_the_truth_is_closer_than_a_sixth_of_a_millimetre(name):
    head = measured_head.subject(3)
    figure, _ = said(name, measured_head.remeshed(head), head)
    if name == "whole-head":  # the scan is a face: what it lacks is far from it
        figure = measure(measured_head.remeshed(head), head, [name])[0].figure("with scale", "from_scan_mm")
    assert figure <= 0.15


def test_a_nose_that_was_moved_is_found_in_the_region_nose():
    vertices = measured_head.vertices_of(1)
    truth = measured_head.subject_of(vertices)
    tip = truth.landmarks[30]
    longer = measured_head.subject_of(bent(vertices, tip, 0.022, [0, 0, 0.006]))
    for name in ("realy", "corresponding"):
        found = measure(truth, longer, [name])[0]
        errors = {region: found.figure(region, "mean_mm") for region in REGIONS}
        assert max(errors, key=lambda region: errors[region]) == "nose"
        assert errors["nose"] > 3 * max(errors[region] for region in REGIONS if region != "nose")


def test_a_mouth_that_slid_along_the_face_is_seen_by_the_nonrigid_error_and_missed_by_the_nearest():
    vertices = measured_head.vertices_of(1)
    truth = measured_head.subject_of(vertices)
    mouth = truth.landmarks[[48, 54]].mean(axis=0)
    found = nonrigid_errors(truth, measured_head.subject_of(bent(vertices, mouth, 0.04, [0.005, 0, 0])))
    there = np.linalg.norm(found.places - mouth, axis=1) < 0.02
    true = np.linalg.norm(bent(found.places, mouth, 0.04, [0.005, 0, 0]) - found.places, axis=1)[there].mean()
    assert found.nearest[there].mean() < 0.6 * true
    assert found.corresponding[there].mean() == pytest.approx(true, rel=0.2)


def test_two_people_differ_by_what_their_corresponding_points_differ_by():
    """Nearest places say less than corresponding ones; the non-rigid error lies between."""
    one, other = measured_head.subject(1), measured_head.subject(2, 0.7)
    true, warped, nearest = (said(name, one, other)[0] for name in ("corresponding", "nonrigid", "now"))
    assert nearest < warped
    assert nearest < true


def test_the_face_of_now_is_a_ball_of_95_millimetres_on_the_worked_number():
    seven = np.array([[-45, 20, 0], [-15, 20, 0], [15, 20, 0], [45, 20, 0], [0, -25.714, 0], [0, 0, 0], [0, 0, 0.0]])
    centre, radius = face_ball(seven)
    assert radius == pytest.approx(1.4 * (90 + 45.714) / 2)
    np.testing.assert_allclose(centre, [0, -25.714 + 0.3 * 45.714, 0])


def test_now_measures_a_millimetre_where_the_face_is_a_millimetre_away():
    head = measured_head.subject(1)
    grown = head.moved(Similarity(scale=1.02))
    found = measure(head, grown, ["now"])[0]
    assert found.figure("with scale", "mean_mm") < 0.005
    assert found.figure("with scale", "scale") == pytest.approx(1 / 1.02, abs=1e-4)
    assert 0.2 < found.figure("metrical", "mean_mm") < 1.5


def test_balls_whose_radii_differ_by_a_millimetre_have_chamfer_one_without_scale():
    ball = trimesh.creation.icosphere(subdivisions=4, radius=0.1)
    marks = np.array(ball.vertices[:7], np.float64)
    one = Subject(np.array(ball.vertices), np.array(ball.faces), marks)
    other = one.moved(Similarity(scale=1.01))
    found = measure(one, other, ["whole-head"])[0]
    assert found.figure("with scale", "chamfer_mm") < 0.01
    assert found.figure("with scale", "normal_consistency") == pytest.approx(1, abs=1e-3)


def test_the_landmarks_of_a_face_lie_in_its_regions():
    head = measured_head.subject(4)
    labels = region_labels(head.landmarks, head)
    for name, ids in (("nose", (28, 29, 30)), ("mouth", (51, 57, 62)), ("forehead", (19, 24, 38)), ("cheeks", (8, 5))):
        assert all(labels[i] == REGIONS.index(name) for i in ids), name


def test_seven_landmarks_alone_are_enough_but_for_the_regions_fineness():
    head, other = measured_head.subject(1), measured_head.subject(2, 0.7)
    few = [Subject(s.vertices, s.triangles, s.seven("scan")) for s in (head, other)]
    for name in FREE_OF_POSE:
        assert 0 < said(name, *few)[0] < 8


def test_points_that_lie_on_the_surface_already_stay_where_they_are():
    head = measured_head.subject(1)
    points = head.points(head.nose(), 0.05, 800)
    warped = warp_onto(
        points, SurfaceIndex(head.vertices, head.triangles), head.landmarks[27:36], head.landmarks[27:36]
    )
    assert np.linalg.norm(warped - points, axis=1).max() < 1e-6


def test_another_topology_has_no_corresponding_points_and_it_is_said():
    head = measured_head.subject(1)
    scan = measured_head.remeshed(head, 6000)
    with pytest.raises(SettingsError, match="one head model's topology"):
        measure(scan, head, ["corresponding"])
    several = measure(scan, head, ["now", "corresponding"])
    assert several[0].rows
    assert not several[1].rows
    assert "topology" in str(several[1])


def test_a_protocol_without_landmarks_is_refused_with_the_option_that_helps():
    head = measured_head.subject(1)
    bare = Subject(head.vertices, head.triangles)
    with pytest.raises(SettingsError, match="--landmarks"):
        measure(bare, head, ["now"])
    with pytest.raises(SettingsError, match="--prediction-landmarks"):
        measure(head, bare, ["now"])


def test_the_command_line_measures_by_every_protocol(tmp_path, capsys):
    for seed, name in ((1, "scan"), (2, "prediction")):
        person(seed, 0.7).save(tmp_path / f"{name}.npz")
    scan, prediction = str(tmp_path / "scan.npz"), str(tmp_path / "prediction.npz")
    assert (
        cli.main(["evaluate", "scan", "--scan", scan, "--prediction", prediction, "--protocol", "all", "--json"]) == 0
    )
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {"area", *PROTOCOLS}
    for name, (row, figure) in MAIN.items():
        assert 0 < told[name][row][figure] < 8, name
    assert cli.main(["evaluate", "scan", "--scan", scan, "--prediction", prediction, "--protocol", "realy"]) == 0
    assert "forehead" in capsys.readouterr().out


def test_whole_heads_are_measured_without_landmarks_too(tmp_path):
    head = measured_head.subject(1)
    turned = Similarity(Rotation.from_rotvec([0, 0.3, 0]).as_matrix(), 1.0, np.array([0.1, 0, 0]))
    trimesh.Trimesh(turned.apply(head.vertices), head.triangles, process=False).export(tmp_path / "scan.ply")
    person(1).save(tmp_path / "prediction.npz")
    found = measure_files(tmp_path / "scan.ply", tmp_path / "prediction.npz", ["whole-head", "now"])
    assert found[1].figure("without scale", "chamfer_mm") < 0.1
    assert "--landmarks" in found[0].remark


def test_the_command_line_knows_every_protocol():
    from seif_core.cli_evaluate import PROTOCOLS as OFFERED

    assert OFFERED[1:-1] == tuple(PROTOCOLS)
