"""A head as one solid for a printer: watertight, with the size, the base, the walls and the files asked for."""

from __future__ import annotations

import io
import zipfile
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import trimesh
from sample_hair import with_hair
from sample_head import sample_head

from seif_core import cli
from seif_core.errors import OutputError, SettingsError
from seif_core.printing import PrintPart, PrintSettings, PrintSolid, head_parts, print_solid, write_solid
from seif_core.printing.features import printable
from seif_core.printing.files import check_target, stl_bytes, three_mf_bytes
from seif_core.printing.solid import _grounded
from seif_core.printing.voxels import Grid, union_values, winding_numbers

COARSE = PrintSettings(height_mm=60, pitch_mm=0.75, feature_mm=1.5)


def ball(name: str, centre: tuple[float, float, float], radius: float) -> PrintPart:
    sphere = trimesh.creation.icosphere(subdivisions=4, radius=radius)
    return PrintPart(name, sphere.vertices + np.array(centre), sphere.faces.astype(np.int64))


def box(name: str, size: tuple[float, float, float], centre: tuple[float, float, float] = (0, 0, 0)) -> PrintPart:
    made = trimesh.creation.box(size)
    return PrintPart(name, made.vertices + np.array(centre), made.faces.astype(np.int64))


def mesh_of(solid: PrintSolid) -> trimesh.Trimesh:
    return trimesh.Trimesh(solid.vertices, solid.triangles, process=False)


def assert_printable(solid: PrintSolid) -> None:
    """By trimesh: every edge has two triangles that agree, the volume is positive, one piece, on the ground."""
    mesh = mesh_of(solid)
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    welded = trimesh.load(io.BytesIO(stl_bytes(solid)), file_type="stl")  # a slicer joins what lies on one place
    assert welded.is_watertight
    assert len(welded.faces) == len(mesh.faces)
    assert mesh.volume == pytest.approx(solid.volume)
    assert solid.volume > 0
    assert len(trimesh.graph.connected_components(mesh.edges_unique)) == 1
    assert solid.vertices[:, 2].min() == 0


def test_inside_is_counted_through_surfaces_that_overlap_themselves():
    grid = Grid.around(np.full(3, -10.0), np.full(3, 10.0), 0.5, 3)
    one, two = ball("one", (-2, 0, 0), 6.0), ball("two", (2, 0, 0), 6.0)
    both = PrintPart(
        "both",
        np.concatenate([one.vertices, two.vertices]),
        np.concatenate([one.triangles, two.triangles + len(one.vertices)]),
    )
    places = grid.places(np.argwhere(np.ones(grid.shape, bool))).reshape(*grid.shape, 3)
    expected = sum((np.linalg.norm(places - [x, 0, 0], axis=-1) < 6).astype(int) for x in (-2, 2))
    wrong = winding_numbers(both, grid) != expected
    near = np.min([np.abs(np.linalg.norm(places - [x, 0, 0], axis=-1) - 6) for x in (-2, 2)], axis=0)
    assert not wrong[near > 0.03].any()
    values = union_values([one, two], grid)
    true = np.min([np.linalg.norm(places - [x, 0, 0], axis=-1) - 6 for x in (-2, 2)], axis=0)
    close = np.abs(true) < 0.4
    np.testing.assert_allclose(values[close], true[close], atol=0.02)


def test_two_vertices_above_one_another_do_not_fall_together_on_the_ground():
    points = np.array([[1.0, 2, 0.2], [1, 2, 0.5], [1, 2, 3], [4, 5, 0.6], [7, 8, -0.1], [7, 8, -0.2]])
    assert _grounded(points, 1.0).tolist() == [0.0, 0.5, 3.0, 0.0, 0.1, 0.0]


@pytest.mark.parametrize("base", ["flat", "bust"])
@pytest.mark.parametrize("expression", ["neutral", "photo"])
def test_a_head_with_hair_is_one_watertight_solid_of_the_asked_height(base, expression):
    head = with_hair(sample_head())
    settings = PrintSettings(height_mm=60, pitch_mm=0.75, feature_mm=1.5, base=base)
    solid = print_solid(*head_parts(head, expression), settings)
    assert_printable(solid)
    assert solid.vertices[:, 2].max() == pytest.approx(60, abs=0.75)
    on_ground = solid.vertices[solid.vertices[:, 2] == 0]
    assert len(on_ground) > 100
    grounded = mesh_of(solid).section([0, 0, 1], [0, 0, 0.3])
    assert grounded is not None
    assert np.isclose(grounded.extents[:2], np.ptp(on_ground[:, :2], axis=0), atol=1.6).all()


def test_manifold3d_agrees_that_it_is_manifold():
    manifold3d = pytest.importorskip("manifold3d", reason="manifold3d is not installed: pip install manifold3d")
    for settings in (COARSE, PrintSettings(height_mm=60, pitch_mm=0.6, base="bust", wall_mm=2, drain_mm=4)):
        solid = print_solid(*head_parts(with_hair(sample_head())), settings)
        mesh = manifold3d.Mesh(solid.vertices.astype(np.float32), solid.triangles.astype(np.uint32))
        checked = manifold3d.Manifold(mesh)
        assert checked.status() == manifold3d.Error.NoError
        assert checked.volume() == pytest.approx(solid.volume, rel=1e-3)
        assert len(checked.decompose()) == 1


def test_the_face_looks_to_the_front_and_hair_adds_to_it():
    head = with_hair(sample_head())
    bald, haired = (print_solid(*head_parts(head, hair=hair), COARSE) for hair in (False, True))
    assert haired.volume != bald.volume
    widest = bald.vertices[np.abs(bald.vertices[:, 2] - 30) < 15]
    nose = widest[widest[:, 1].argmin()]
    assert abs(nose[0]) < 4  # the nose is the middle of the front, -Y


def test_parts_that_touch_nothing_are_left_out_and_told():
    parts = [box("skin", (0.1, 0.1, 0.1)), ball("far", (0.2, 0, 0), 0.02)]
    solid = print_solid(parts, -0.05, PrintSettings(height_mm=40, pitch_mm=0.5))
    assert_printable(solid)
    assert "1 loose piece was" in solid.notes[0]
    assert np.ptp(solid.vertices[:, 0]) == pytest.approx(40, abs=1)


def test_a_box_keeps_its_size_and_a_cavity_keeps_its_wall_and_has_a_hole():
    parts = [box("skin", (0.1, 0.1, 0.1))]
    massive = print_solid(parts, -0.05, PrintSettings(height_mm=40, pitch_mm=0.5))
    assert massive.volume == pytest.approx(40**3, rel=0.02)
    for drain in (0.0, 4.0):
        hollow = print_solid(parts, -0.05, PrintSettings(height_mm=40, pitch_mm=0.5, wall_mm=3, drain_mm=drain))
        hole = np.pi * (drain / 2) ** 2 * 3
        assert hollow.volume == pytest.approx(40**3 - 34**3 - hole, rel=0.05)
        pieces = len(trimesh.graph.connected_components(mesh_of(hollow).edges_unique))
        assert pieces == (1 if drain else 2)  # without a hole the cavity has a surface of its own
        inner = hollow.vertices[(np.abs(hollow.vertices[:, :2]) < 18.5).all(axis=1) & (hollow.vertices[:, 2] < 10)]
        inner = inner[(np.abs(inner[:, :2]) > 4).any(axis=1) & (inner[:, 2] > 0)]
        assert inner[:, 2].min() == pytest.approx(3, abs=0.5)  # the floor is as thick as the walls


def test_walls_that_leave_no_room_are_refused():
    with pytest.raises(SettingsError, match="no room"):
        print_solid([box("skin", (0.01, 0.1, 0.1))], -0.05, PrintSettings(height_mm=40, pitch_mm=0.5, wall_mm=4))


def test_a_thin_sheet_becomes_as_thick_as_a_printer_needs_and_a_slit_is_filled():
    grid = Grid.around(np.array([-10.0, -10, -10]), np.array([10.0, 10, 10]), 0.25, 4)
    sheet = [box("body", (16, 6, 16), (0, -6, 0)), box("sheet", (14, 12, 0.4), (0, 0, 0))]
    values, _ = printable(union_values(sheet, grid), grid.spacing, 1.0)
    middle = values[grid.shape[0] // 2, int(np.searchsorted(grid.axis(1), 2.0))]
    assert 0.8 <= (middle < 0).sum() * grid.spacing <= 1.8
    halves = [box("left", (5, 10, 10), (-2.7, 0, 0)), box("right", (5, 10, 10), (2.7, 0, 0))]  # 0.4 apart
    values, crumbs = printable(union_values(halves, grid), grid.spacing, 1.0)
    assert crumbs == 0
    assert (values[int(np.searchsorted(grid.axis(0), 0.0)), grid.shape[1] // 2, grid.shape[2] // 2]) < 0


def test_both_formats_hold_the_solid_in_millimetres_and_the_same_bytes_each_time():
    solid = print_solid(*head_parts(sample_head()), COARSE)
    read = trimesh.load(io.BytesIO(stl_bytes(solid)), file_type="stl", process=False)
    np.testing.assert_allclose(read.triangles, solid.vertices[solid.triangles], atol=1e-4)
    packed = three_mf_bytes(solid, "A & <b>", "CC0", 'Made of "x"')
    assert packed == three_mf_bytes(solid, "A & <b>", "CC0", 'Made of "x"')
    with zipfile.ZipFile(io.BytesIO(packed)) as package:
        assert package.namelist() == ["[Content_Types].xml", "_rels/.rels", "3D/3dmodel.model"]
        model = ET.fromstring(package.read("3D/3dmodel.model"))  # noqa: S314 - just written here
    space = "{http://schemas.microsoft.com/3dmanufacturing/core/2015/02}"
    assert model.get("unit") == "millimeter"
    points = np.array([[float(v.get(k)) for k in "xyz"] for v in model.iter(f"{space}vertex")])
    triangles = np.array([[int(t.get(f"v{k}")) for k in (1, 2, 3)] for t in model.iter(f"{space}triangle")])
    np.testing.assert_allclose(points, solid.vertices, atol=1e-4)
    np.testing.assert_array_equal(triangles, solid.triangles)
    told = {m.get("name"): m.text for m in model.iter(f"{space}metadata")}
    assert told["Title"] == "A & <b>"
    assert told["LicenseTerms"] == "CC0"


@pytest.mark.parametrize("name", ["head.stl", "head.3mf"])
def test_the_command_line_writes_a_print(tmp_path, capsys, name):
    with_hair(sample_head()).save(tmp_path / "head.npz")
    options = ["--height-mm", "60", "--pitch-mm", "0.75", "--base", "bust", "--expression", "photo"]
    assert cli.main(["print", str(tmp_path / "head.npz"), "--out", str(tmp_path / name), *options]) == 0
    assert (tmp_path / name).stat().st_size > 10_000
    assert "x 60 mm" in capsys.readouterr().out


def test_hair_that_cannot_be_left_out_is_told(tmp_path, capsys):
    sample_head().save(tmp_path / "head.npz")
    options = ["--height-mm", "40", "--pitch-mm", "1", "--no-hair", "--out", str(tmp_path / "a.stl")]
    assert cli.main(["print", str(tmp_path / "head.npz"), *options]) == 0
    assert "no layer of hair to leave out" in capsys.readouterr().err


def test_what_makes_no_sense_is_refused_before_the_work(tmp_path):
    sample_head().save(tmp_path / "head.npz")
    for options in (
        ["--out", str(tmp_path / "head.obj")],
        ["--out", str(tmp_path / "head.stl"), "--height-mm", "2"],
        ["--out", str(tmp_path / "head.stl"), "--hollow", "0.1"],
        ["--out", str(tmp_path / "head.stl"), "--drain", "1000"],
    ):
        assert cli.main(["print", str(tmp_path / "head.npz"), *options]) == SettingsError.exit_code
    assert [path.name for path in tmp_path.iterdir()] == ["head.npz"]
    with pytest.raises(SettingsError, match="expression"):
        head_parts(sample_head(), "smile")
    solid = PrintSolid(np.zeros((3, 3)), np.array([[0, 1, 2]]), 0.0, ())
    with pytest.raises(OutputError):
        write_solid(solid, tmp_path / "nowhere" / "head.stl")


def test_a_folder_that_is_not_there_is_made_and_one_that_cannot_be_is_told_before_any_work(tmp_path):
    check_target(tmp_path / "a" / "b" / "x.stl")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot be made"):
        check_target(tmp_path / "file" / "x.stl")
