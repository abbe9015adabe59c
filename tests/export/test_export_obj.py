from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
import trimesh
from PIL import Image
from sample_hair import with_hair, with_hat
from sample_head import head_with_a_lined_mouth, sample_head

from seif_core.export import write_obj
from seif_core.headmodel.model import triangulate


def parse(path):
    rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    numbers = {k: np.array([[float(x) for x in r[1:]] for r in rows if r[0] == k]) for k in ("v", "vt", "vn")}
    faces = [[[int(i) for i in corner.split("/")] for corner in r[1:]] for r in rows if r[0] == "f"]
    return numbers, faces, [r[1] for r in rows if r[0] == "g"], [r[1] for r in rows if r[0] == "usemtl"]


def test_positions_uvs_quads_groups_and_materials_are_the_heads(tmp_path):
    head = sample_head()
    write_obj(head, tmp_path / "head.obj")
    numbers, faces, groups, materials = parse(tmp_path / "head.obj")
    np.testing.assert_allclose(numbers["v"], head.vertices, atol=1e-7)
    np.testing.assert_allclose(numbers["vt"], head.uvs, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(numbers["vn"], axis=1), 1, atol=1e-3)
    order = np.argsort(head.face_part, kind="stable")
    for face, corners, uvs in zip(faces, head.faces[order], head.uv_faces[order], strict=True):
        assert [c[0] - 1 for c in face] == [c for c in corners if c >= 0]
        assert [c[1] - 1 for c in face] == [u for u in uvs if u >= 0]
        assert all(c[2] == c[0] for c in face)
    assert groups == ["skin", "eye_left", "eye_right", "teeth_upper", "teeth_lower", "tongue", "lashes"]
    assert materials == ["skin", "eyes", "eyes", "teeth", "teeth", "tongue", "lashes"]


def test_the_mouth_s_lining_has_its_material_within_the_group_of_the_skin(tmp_path):
    head = head_with_a_lined_mouth()
    write_obj(head, tmp_path / "head.obj")
    _, faces, groups, materials = parse(tmp_path / "head.obj")
    assert groups[:2] == ["skin", "eye_left"]
    assert materials[:3] == ["skin", "mouth", "eyes"]
    assert len(faces) == len(head.faces)


def test_the_material_file_names_the_texture_that_lies_beside_it(tmp_path):
    head = sample_head()
    write_obj(head, tmp_path / "head.obj")
    text = (tmp_path / "head.mtl").read_text(encoding="utf-8")
    assert text.count("newmtl") == 6
    assert text.count("map_Kd head.png") == 6
    np.testing.assert_array_equal(np.array(Image.open(tmp_path / "head.png")), head.texture)
    bare = tmp_path / "bare"
    bare.mkdir()
    write_obj(dataclasses.replace(head, texture=None), bare / "head.obj")
    assert sorted(p.name for p in bare.iterdir()) == ["head.mtl", "head.obj"]
    assert "map_Kd" not in (bare / "head.mtl").read_text(encoding="utf-8")


def test_another_reader_finds_the_same_surface_and_the_licence_is_inside(tmp_path):
    head = sample_head()
    write_obj(head, tmp_path / "head.obj")
    mesh = trimesh.load_mesh(tmp_path / "head.obj", process=False, skip_materials=True)
    corners = head.vertices[triangulate(head.faces)[0]]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1).sum() / 2
    assert abs(mesh.area - area) / area < 1e-3
    assert head.model_licence in (tmp_path / "head.obj").read_text(encoding="utf-8")


def test_the_same_head_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_obj(sample_head(), tmp_path / name / "head.obj")
    for suffix in ("obj", "mtl", "png"):
        assert (tmp_path / "a" / f"head.{suffix}").read_bytes() == (tmp_path / "b" / f"head.{suffix}").read_bytes()


def test_hair_is_a_second_object_with_its_own_material_and_opacity(tmp_path):
    head = with_hair(sample_head())
    write_obj(head, tmp_path / "head.obj")
    lines = (tmp_path / "head.obj").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("o ")] == ["o sample", "o sample_Hair"]
    numbers, faces, groups, materials = parse(tmp_path / "head.obj")
    assert groups[-1] == materials[-1] == "hair"
    shell = head.hair.shell
    np.testing.assert_allclose(numbers["v"], np.concatenate([head.vertices, shell.vertices]), atol=1e-7)
    for face, corners, uvs in zip(faces[len(head.faces) :], shell.faces, shell.uv_faces, strict=True):
        assert [c[0] - 1 - len(head.vertices) for c in face] == [c for c in corners if c >= 0]
        assert [c[1] - 1 - len(head.uvs) for c in face] == [u for u in uvs if u >= 0]
    text = (tmp_path / "head.mtl").read_text(encoding="utf-8")
    assert text.endswith("map_Kd head_hair.png\nmap_d head_hair.png\n")
    np.testing.assert_array_equal(np.array(Image.open(tmp_path / "head_hair.png")), shell.texture)


def test_cards_or_no_hair_on_request(tmp_path):
    head = with_hair(sample_head())
    for choice, count in (("cards", len(head.hair.cards.faces)), ("none", 0)):
        (tmp_path / choice).mkdir()
        write_obj(head, tmp_path / choice / "head.obj", choice)
        assert len(parse(tmp_path / choice / "head.obj")[1]) == len(head.faces) + count
    assert not (tmp_path / "none" / "head_hair.png").exists()
    write_obj(with_hat(sample_head()), tmp_path / "head.obj", "cards")
    assert (tmp_path / "head_hair.png").exists()


def test_blender_reads_the_hair_s_opacity(tmp_path):
    pytest.importorskip("bpy", reason="needs Blender's Python module")
    write_obj(with_hair(sample_head()), tmp_path / "head.obj")
    code = (
        "import sys, bpy; bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True); "
        "bpy.ops.wm.obj_import(filepath=sys.argv[1]); hair = bpy.data.objects['sample_Hair']; "
        "shader = next(n for n in hair.data.materials[0].node_tree.nodes if n.type == 'BSDF_PRINCIPLED'); "
        "link = shader.inputs['Alpha'].links[0]; print('FROM', link.from_socket.name, link.from_node.image.name)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "head.obj"], check=True, capture_output=True, text=True
    )
    assert "FROM Alpha head_hair" in done.stdout


def test_heights_lie_beside_the_head_and_their_line_gives_back_the_metres(tmp_path):
    heights = np.random.default_rng(3).normal(0, 2e-4, (16, 16)).astype(np.float32)
    write_obj(dataclasses.replace(sample_head(), texture_heights=heights), tmp_path / "head.obj")
    text = (tmp_path / "head.mtl").read_text(encoding="utf-8")
    skin = text.split("newmtl ")[1].splitlines()
    words = next(line for line in skin if line.startswith("disp")).split()
    assert (skin[0], text.count("disp")) == ("skin", 1)
    base, gain = (float(word) for word in words[2:4])
    grey = np.array(Image.open(tmp_path / words[4])).astype(float) / 65535
    np.testing.assert_allclose(base + gain * grey, heights, atol=gain / 65535)
