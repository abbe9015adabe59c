"""FBX for Unity and Unreal, imported again: names, displacements, bones, weights, textures, normals of shapes."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import REPOSITORY
from PIL import Image
from sample_hair import with_hair
from sample_head import sample_head

from seif_blender.export.fbx_tree import read_fbx, write_fbx_file
from seif_blender.export.shape_normals import array_of, mend_shape_normals, shapes_of
from seif_core import export
from seif_core.export.presets import PRESETS
from seif_core.expression_choice import parse_choice
from seif_core.expressions.spelling import spelled
from seif_core.fbx import write_fbx
from seif_core.head import Head

pytest.importorskip("bpy", reason="needs Blender's Python module")

_IMPORT = """
import sys
import bpy, numpy as np
bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
bpy.ops.import_scene.fbx(filepath=sys.argv[1], use_custom_normals=False)
mesh = next(o for o in bpy.data.objects if o.type == "MESH" and o.data.shape_keys)
hair = next(o for o in bpy.data.objects if o.type == "MESH" and o != mesh)
rig = next(o for o in bpy.data.objects if o.type == "ARMATURE")
keys = mesh.data.shape_keys.key_blocks
world = np.array(mesh.matrix_world)
def points(block):
    co = np.zeros(3 * len(block), np.float32)
    block.foreach_get("co", co)
    return co.reshape(-1, 3) @ world[:3, :3].T + world[:3, 3]
weights = np.zeros((len(mesh.data.vertices), len(mesh.vertex_groups)))
for v in mesh.data.vertices:
    for g in v.groups:
        weights[v.index, g.group] = g.weight
bones = rig.data.bones
np.savez(sys.argv[2], co=np.stack([points(k.points) for k in keys]), names=[k.name for k in keys],
    bones=[b.name for b in bones], parents=[b.parent.name if b.parent else "" for b in bones],
    heads=np.array([list(rig.matrix_world @ b.head_local) for b in bones]), groups=[g.name for g in mesh.vertex_groups],
    weights=weights, hair=points(hair.data.vertices), faces=len(mesh.data.polygons))
"""


def y_up(points):  # Blender's (x, y, z) is the library's (x, z, -y)
    return np.stack([points[..., 0], points[..., 2], -points[..., 1]], -1)


def write_engine_files(file: Path, out: Path, name: str, counts: tuple[int, ...] = ()) -> None:
    """What `seif export --preset` does, without the command line, which the newest Blender cannot load in its tests."""
    preset, head = PRESETS[name], Head.load(file)
    out.mkdir()
    write_fbx(file, out / f"head_{name}.fbx", name, (preset.expressions, preset.spelling), counts)
    choice = parse_choice(preset.expressions, preset.spelling)
    export.write_sidecar(head, out, preset, choice, export.losses_of(head, choice, preset.hair))


@pytest.mark.parametrize("name", ["unity", "unreal"])
def test_the_command_line_writes_the_same_files(tmp_path, name):
    pytest.importorskip("igl", reason="the newest Blender's environment lacks what the command line loads")
    from seif_core import cli

    with_hair(sample_head()).save(tmp_path / "head.npz")
    write_engine_files(tmp_path / "head.npz", tmp_path / "direct", name)
    assert cli.main(["export", str(tmp_path / "head.npz"), "--preset", name, "--out", str(tmp_path / "told")]) == 0
    names = [sorted(path.name for path in (tmp_path / folder).iterdir()) for folder in ("direct", "told")]
    assert names == [[f"head_{name}.fbx", f"head_{name}.json"]] * 2
    one, other = (json.loads((tmp_path / folder / f"head_{name}.json").read_text()) for folder in ("direct", "told"))
    assert one == other


@pytest.fixture(scope="module", params=["unity", "unreal"])
def exported(request, tmp_path_factory):
    """The preset, its FBX file and what Blender reads from it."""
    folder = tmp_path_factory.mktemp(request.param)
    with_hair(sample_head()).save(folder / "head.npz")
    write_engine_files(folder / "head.npz", folder / "out", request.param)
    (folder / "import.py").write_text(_IMPORT, encoding="utf-8")
    file = folder / "out" / f"head_{request.param}.fbx"
    command = [sys.executable, str(folder / "import.py"), str(file), str(folder / "back.npz")]
    subprocess.run(command, check=True, capture_output=True, cwd=REPOSITORY)
    return PRESETS[request.param], file, np.load(folder / "back.npz")


def test_keys_come_back_by_name_and_place(exported):
    preset, _, back = exported
    head = with_hair(sample_head())
    assert back["names"].tolist()[1:] == [*(spelled(n, preset.spelling) for n in head.key_names), "photoExpression"]
    basis = y_up(back["co"][0])
    np.testing.assert_allclose(basis, head.vertices, atol=1e-5)
    deltas = np.concatenate([head.key_deltas, head.photo_delta[None]])
    np.testing.assert_allclose(y_up(back["co"][1:]) - basis, deltas, atol=1e-4)
    assert back["faces"] == len(head.faces)


def test_bones_weights_and_hair_come_back(exported):
    preset, file, back = exported
    head = with_hair(sample_head())
    order = [back["bones"].tolist().index(name) for name in preset.bones]
    assert len(back["bones"]) == 5  # no leaf bones
    np.testing.assert_allclose(y_up(back["heads"][order]), head.joints, atol=1e-4)
    assert back["parents"][order].tolist() == ["", *(preset.bones[i] for i in (0, 1, 1, 1))]
    columns = [back["groups"].tolist().index(name) for name in preset.bones]
    np.testing.assert_allclose(back["weights"][:, columns], head.skin_weights, atol=2e-3)
    cards = head.hair.cards.vertices
    assert len(back["hair"]) == len(cards)
    np.testing.assert_allclose(y_up(back["hair"]), cards, atol=1e-4)
    told = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
    assert [key["name"] for key in told["keys"]] == back["names"].tolist()[1:]
    assert [bone["name"] for bone in told["bones"]] == list(preset.bones)


def test_textures_are_embedded_whole_and_named_so_that_engines_find_them(exported):
    _, file, _ = exported
    head = with_hair(sample_head())
    videos = [record for record in read_fbx(file).top(b"Objects").children if record.name == b"Video"]
    found = {}
    for video in videos:
        content, name = video.child(b"Content"), video.child(b"RelativeFilename")
        assert content is not None
        assert name is not None
        found[name.values()[0].decode()] = np.array(Image.open(io.BytesIO(content.values()[0])))
    pictures = {
        "sample_texture.png": head.texture,
        "sample_normals.png": head.texture_normals,
        "sample_Hair_Cards.png": head.hair.cards.texture,
    }
    assert set(found) == {f"{file.stem}.fbm{os.sep}{name}" for name in pictures}
    for name, pixels in pictures.items():
        np.testing.assert_array_equal(found[f"{file.stem}.fbm{os.sep}{name}"], pixels)


def normals_by_angles(points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Normals (V, 3) as Blender has them, corner by corner: a face's normal counts with its angle there."""
    summed = np.zeros(points.shape)
    for face in faces:
        corners = face[face >= 0]
        places, count = points[corners].astype(float), len(corners)
        normal = sum(np.cross(places[i], places[(i + 1) % count]) for i in range(count))
        normal /= np.linalg.norm(normal)
        for i in range(count):
            one, other = places[i - 1] - places[i], places[(i + 1) % count] - places[i]
            cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
            summed[corners[i]] += normal * np.arccos(np.clip(cosine, -1, 1))
    return summed / np.linalg.norm(summed, axis=1, keepdims=True)


def test_shapes_carry_how_normals_change(exported):
    _, file, _ = exported
    head = sample_head()
    shapes = {shape.values()[1].split(b"\0")[0].decode(): (shape, mesh) for shape, mesh in shapes_of(read_fbx(file))}
    name = next(n for n in shapes if n.lower() == "jawopen")
    shape, mesh = shapes[name]
    changes = array_of(shape, b"Normals").reshape(-1, 3)
    moved = array_of(shape, b"Indexes").astype(int)
    opened = head.vertices + head.key_deltas[head.key_names.index("jawOpen")]
    turned = normals_by_angles(opened, head.faces) - normals_by_angles(head.vertices, head.faces)
    assert np.abs(changes).max() > 0.05
    lengths = np.linalg.norm(changes, axis=1), np.linalg.norm(turned[moved], axis=1)
    np.testing.assert_allclose(*lengths, atol=1e-3)
    assert len(array_of(mesh, b"Vertices")) == 3 * len(head.vertices)


def test_a_file_is_written_back_byte_by_byte_and_mended_once(exported, tmp_path):
    _, file, _ = exported
    write_fbx_file(read_fbx(file), tmp_path / "again.fbx")
    assert (tmp_path / "again.fbx").read_bytes() == file.read_bytes()
    assert mend_shape_normals(tmp_path / "again.fbx") == 0
    (tmp_path / "none.fbx").write_bytes(b"; FBX 7.3.0 project file")
    with pytest.raises(ValueError, match="no binary FBX"):
        read_fbx(Path(tmp_path / "none.fbx"))


_IMPORT_LEVELS = """
import json, sys
import bpy
bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
found = {}
for file in sys.argv[2:]:
    bpy.ops.import_scene.fbx(filepath=file)
    for ob in [o for o in bpy.data.objects if o.type == "MESH"]:
        keys = ob.data.shape_keys
        triangles = sum(len(p.vertices) - 2 for p in ob.data.polygons)
        found[ob.name] = [triangles, len(keys.key_blocks) if keys else 0, len(ob.vertex_groups)]
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
open(sys.argv[1], "w").write(json.dumps(found))
"""


@pytest.mark.parametrize("name", ["unity", "unreal"])
def test_levels_of_detail_have_the_names_or_files_that_the_engine_knows_and_all_keys(tmp_path, name):
    with_hair(sample_head()).save(tmp_path / "head.npz")
    out = tmp_path / "out"
    write_engine_files(tmp_path / "head.npz", out, name, (900, 500))
    files = sorted(path.name for path in out.glob("*.fbx"))
    wanted = ("",) if name == "unity" else ("", "_LOD1", "_LOD2")
    assert files == [f"head_{name}{level}.fbx" for level in wanted]
    command = [sys.executable, "-c", _IMPORT_LEVELS, str(tmp_path / "found.json"), *(str(out / f) for f in files)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    found = json.loads((tmp_path / "found.json").read_text())
    numbers = ("_LOD0", "_LOD1", "_LOD2") if name == "unity" else ("", " LOD1", " LOD2")
    heads = [found[f"sample{number}"] for number in numbers]
    assert heads[0][0] > heads[1][0] > heads[2][0] > 0
    assert heads[1][0] <= 900
    assert {keys for _, keys, _ in heads} == {54}  # the basis, 52 keys, the photo's expression
    assert {groups for _, _, groups in heads} == {5}
    if name == "unity":
        assert {f"sample_Hair_LOD{level}" for level in range(3)} <= set(found)
