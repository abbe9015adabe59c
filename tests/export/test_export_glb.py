from __future__ import annotations

import dataclasses
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import REPOSITORY
from gltf_file import GlbFile
from node_programs import node_folder, output_of
from PIL import Image
from sample_hair import with_hair, with_hat
from sample_head import head_with_a_lined_mouth, sample_head
from scipy.spatial.transform import Rotation

from seif_core.errors import SettingsError
from seif_core.export import GlbSettings, write_glb
from seif_core.export.gltf_skin import four_influences
from seif_core.export.render_vertices import normals_of_targets, smooth_normals
from seif_core.expression_choice import parse_choice
from seif_core.expressions.visemes import VISEMES
from seif_core.headmodel.model import triangulate
from seif_core.headmodel.skinning import pose_vertices
from seif_core.headmodel.topology import JOINT_PARENTS

VALIDATOR = "gltf-validator@2.0.0-dev.3.10"


def written(tmp_path, head=None, settings=None):
    path = tmp_path / "head.glb"
    write_glb(head or sample_head(), path, settings)
    return GlbFile(path.read_bytes())


def head_vertices(glb, primitive, head):
    """The head's vertex of each of a primitive's vertices, found by position and checked to be exact."""
    lookup = {p.tobytes(): i for i, p in enumerate(head.vertices)}
    assert len(lookup) == len(head.vertices)
    return np.array([lookup[p.tobytes()] for p in glb.accessor(primitive["attributes"]["POSITION"])])


def validate(path: Path) -> dict:
    """Khronos' report on a GLB."""
    script = (
        f"const v = require({json.dumps(str(node_folder(VALIDATOR) / 'node_modules' / 'gltf-validator'))});"
        f"const bytes = new Uint8Array(require('fs').readFileSync({json.dumps(str(path))}));"
        "v.validateBytes(bytes, {maxIssues: 100}).then(r => console.log(JSON.stringify(r)));"
    )
    return json.loads(output_of(script))


@pytest.mark.parametrize("texture", [True, False])
def test_khronos_validator_finds_nothing_to_complain_about(tmp_path, texture):
    head = sample_head() if texture else dataclasses.replace(sample_head(), texture=None)
    written(tmp_path, head)
    report = validate(tmp_path / "head.glb")
    issues = report["issues"]
    assert issues["numErrors"] == 0, issues["messages"]
    assert issues["numWarnings"] == 0, issues["messages"]
    assert report["info"]["hasMorphTargets"]
    assert report["info"]["hasSkins"]
    assert report["info"]["totalTriangleCount"] == len(triangulate(head.faces)[0])


def test_every_target_has_its_name_and_the_heads_displacements(tmp_path):
    head = sample_head()
    glb = written(tmp_path)
    mesh = glb.document["meshes"][0]
    assert mesh["extras"]["targetNames"] == [*head.key_names, "photoExpression"]
    assert mesh["weights"] == [0] * 53
    deltas = np.concatenate([head.key_deltas, head.photo_delta[None]])
    seen = np.zeros(len(head.vertices), bool)
    for primitive in glb.primitives:
        rows = head_vertices(glb, primitive, head)
        seen[rows] = True
        assert len(primitive["targets"]) == 53
        for target, delta in zip(primitive["targets"], deltas, strict=True):
            np.testing.assert_allclose(glb.accessor(target["POSITION"]), delta[rows], rtol=0, atol=1e-8)
    assert seen.all()


def test_chosen_sets_become_targets_in_their_spelling(tmp_path):
    head = sample_head()
    glb = written(tmp_path, settings=GlbSettings(expressions=parse_choice("arkit,visemes,flame:2", "short")))
    names = glb.document["meshes"][0]["extras"]["targetNames"]
    assert names[0] == "eyeBlink_L"
    assert names[52:] == [*(f"viseme_{name}" for name in VISEMES), "expr_001", "expr_002", "photoExpression"]
    primitive = glb.primitives[0]
    rows = head_vertices(glb, primitive, head)
    last = primitive["targets"][-2]["POSITION"]
    np.testing.assert_allclose(glb.accessor(last), head.expression_deltas[1][rows], rtol=0, atol=1e-8)
    bare = written(tmp_path, settings=GlbSettings(expressions=parse_choice("none")))
    assert bare.document["meshes"][0]["extras"]["targetNames"] == ["photoExpression"]


def test_morph_normals_lead_to_the_normals_of_the_displaced_head(tmp_path):
    head = sample_head()
    glb = written(tmp_path)
    triangles = triangulate(head.faces)[0]
    for index in (0, 17, 52):
        moved = head.vertices + (head.photo_delta if index == 52 else head.key_deltas[index])
        face = np.cross(
            moved[triangles[:, 1]] - moved[triangles[:, 0]], moved[triangles[:, 2]] - moved[triangles[:, 0]]
        )
        normals = np.zeros_like(moved)
        np.add.at(normals, triangles.reshape(-1), np.repeat(face, 3, 0))
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        primitive = glb.primitives[0]
        morphed = glb.accessor(primitive["attributes"]["NORMAL"]) + glb.accessor(primitive["targets"][index]["NORMAL"])
        np.testing.assert_allclose(morphed, normals[head_vertices(glb, primitive, head)], atol=2e-3)


def test_triangles_uvs_and_materials_follow_the_heads_faces(tmp_path):
    head = sample_head()
    glb = written(tmp_path)
    assert [m["name"] for m in glb.document["materials"]] == ["skin", "eyes", "teeth", "tongue", "lashes"]
    expected = {"skin": (0,), "eyes": (1, 2), "teeth": (3, 4), "tongue": (5,), "lashes": (6,)}
    for primitive in glb.primitives:
        rows = head_vertices(glb, primitive, head)
        uv = glb.accessor(primitive["attributes"]["TEXCOORD_0"]).astype(np.float64)
        indices = glb.accessor(primitive["indices"]).reshape(-1, 3)
        name = glb.document["materials"][primitive["material"]]["name"]
        own = np.isin(head.face_part, expected[name])
        triangles, uv_triangles = triangulate(head.faces[own])[0], triangulate(head.uv_faces[own])[0]
        np.testing.assert_array_equal(rows[indices], triangles)
        flipped = head.uvs[uv_triangles] * [1, -1] + [0, 1]
        np.testing.assert_allclose(uv[indices], flipped, atol=1e-6)


def test_the_mouth_s_lining_has_a_material_of_its_own_that_hardly_shines(tmp_path):
    head = head_with_a_lined_mouth()
    glb = written(tmp_path, head)
    shine = {m["name"]: m.get("extensions", {}).get("KHR_materials_specular", {}) for m in glb.document["materials"]}
    assert [name for name, told in shine.items() if told] == ["tongue", "mouth"]
    assert shine["tongue"]["specularFactor"] <= 0.1
    assert shine["mouth"]["specularFactor"] <= 0.1
    assert "KHR_materials_specular" in glb.document["extensionsUsed"]
    skin, mouth = (glb.accessor(glb.primitives[k]["indices"]).size // 3 for k in (0, -1))
    assert mouth == len(triangulate(head.faces[head.mouth_lining])[0]) > 0
    assert skin + mouth == len(triangulate(head.faces[head.face_part == 0])[0])


def test_the_inside_of_the_mouth_is_no_black_hole_where_no_light_falls_and_nothing_else_glows(tmp_path):
    glb = written(tmp_path, head_with_a_lined_mouth())
    materials = {m["name"]: m for m in glb.document["materials"]}
    assert [name for name, told in materials.items() if "emissiveFactor" in told] == ["teeth", "tongue", "mouth"]
    mouth = materials["mouth"]
    if "baseColorTexture" in mouth["pbrMetallicRoughness"]:
        assert mouth["emissiveTexture"] == mouth["pbrMetallicRoughness"]["baseColorTexture"]
    assert 0 < max(mouth["emissiveFactor"]) <= 0.5


def test_turning_a_joint_node_moves_vertices_as_the_heads_own_skinning_does(tmp_path):
    head = sample_head()
    glb = written(tmp_path)
    pose = np.array([[0, 0.1, 0], [0.05, 0.2, 0], [0.3, 0, 0], [0.1, 0.2, 0], [0, -0.3, 0]])
    skin, nodes = glb.document["skins"][0], glb.document["nodes"]
    assert [nodes[j]["name"] for j in skin["joints"]] == ["root", "neck", "jaw", "eye.L", "eye.R"]
    inverse_bind = glb.accessor(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
    world = []
    for j, (node, parent) in enumerate(zip(skin["joints"], JOINT_PARENTS, strict=True)):
        local = np.eye(4)
        local[:3, :3] = Rotation.from_rotvec(pose[j]).as_matrix()
        local[:3, 3] = nodes[node]["translation"]
        world.append(local if parent < 0 else world[parent] @ local)
        if parent >= 0:
            assert node in nodes[skin["joints"][parent]]["children"]
    palette = np.stack(world) @ inverse_bind
    expected = pose_vertices(head.vertices, head.joints, head.skin_weights, pose)
    for primitive in glb.primitives:
        joints = glb.accessor(primitive["attributes"]["JOINTS_0"])
        weights = glb.accessor(primitive["attributes"]["WEIGHTS_0"])
        points = glb.accessor(primitive["attributes"]["POSITION"])
        blended = np.einsum("vk,vkab->vab", weights, palette[joints])
        posed = np.einsum("vab,vb->va", blended[:, :3, :3], points) + blended[:, :3, 3]
        np.testing.assert_allclose(posed, expected[head_vertices(glb, primitive, head)], atol=2e-5)


def test_the_normal_map_is_the_skin_s_alone_and_comes_back_as_it_was(tmp_path):
    glb = written(tmp_path)
    materials = {m["name"]: m for m in glb.document["materials"]}
    assert [name for name, m in materials.items() if "normalTexture" in m] == ["skin"]
    texture = glb.document["textures"][materials["skin"]["normalTexture"]["index"]]
    image = glb.document["images"][texture["source"]]
    assert image["mimeType"] == "image/png"
    pixels = np.asarray(Image.open(io.BytesIO(glb.view(image["bufferView"]))))
    np.testing.assert_array_equal(pixels, sample_head().texture_normals)


def test_the_texture_is_embedded_and_the_licence_travels_along(tmp_path):
    head = sample_head()
    for kind, tolerance in (("png", 0), ("jpeg", 12)):
        glb = written(tmp_path, settings=GlbSettings(texture_format=kind))
        image = glb.document["images"][0]
        assert image["mimeType"] == f"image/{kind}"
        pixels = np.array(Image.open(io.BytesIO(glb.view(image["bufferView"])))).astype(int)
        assert np.abs(pixels - head.texture).mean() <= tolerance
    asset = glb.document["asset"]
    assert head.model_licence in asset["copyright"]
    assert asset["extras"]["attribution"] == head.attribution


def test_the_same_head_gives_the_same_bytes_and_sparse_targets_save_space(tmp_path):
    for name in ("a", "b"):
        write_glb(sample_head(), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    glb = GlbFile((tmp_path / "a").read_bytes())
    assert any("sparse" in a for a in glb.document["accessors"])
    write_glb(sample_head(), tmp_path / "c", GlbSettings(morph_normals=False))
    assert (tmp_path / "c").stat().st_size < (tmp_path / "a").stat().st_size


def test_four_influences_are_the_strongest_and_sum_to_one():
    rng = np.random.default_rng(0)
    weights = rng.dirichlet(np.ones(5) * 0.3, 500).astype(np.float32)
    joints, kept = four_influences(weights)
    assert np.abs(kept.sum(1, dtype=np.float64) - 1).max() < 1.2e-7
    assert (kept >= 0).all()
    assert (joints[kept == 0] == 0).all()
    lost = weights.min(1)
    full = np.zeros((500, 5))
    np.add.at(full, (np.arange(500)[:, None], joints), kept)
    assert (np.abs(full - weights).max(1) <= lost + 1e-3).all()


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(SettingsError, match="texture format"):
        GlbSettings(texture_format="gif")
    with pytest.raises(SettingsError, match="quality"):
        GlbSettings(jpeg_quality=0)


_IMPORT = """
import sys, json
import bpy, numpy as np
bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
bpy.ops.import_scene.gltf(filepath=sys.argv[1])
mesh = next(o for o in bpy.data.objects if o.type == "MESH" and o.data.shape_keys)
rig = next(o for o in bpy.data.objects if o.type == "ARMATURE")
keys = mesh.data.shape_keys.key_blocks
co = np.zeros((len(keys), len(mesh.data.vertices) * 3), np.float32)
for i, key in enumerate(keys):
    key.points.foreach_get("co", co[i])
np.savez(sys.argv[2], co=co.reshape(len(keys), -1, 3), names=[k.name for k in keys],
         bones=[b.name for b in rig.data.bones], heads=np.array([list(b.head_local) for b in rig.data.bones]),
         groups=[g.name for g in mesh.vertex_groups], materials=[m.name for m in mesh.data.materials],
         faces=len(mesh.data.polygons))
"""


def test_blender_reads_back_the_keys_bones_and_materials(tmp_path):
    pytest.importorskip("bpy", reason="needs Blender's Python module")
    head = sample_head()
    write_glb(head, tmp_path / "head.glb")
    (tmp_path / "import.py").write_text(_IMPORT, encoding="utf-8")
    command = [sys.executable, tmp_path / "import.py", tmp_path / "head.glb", tmp_path / "back.npz"]
    subprocess.run(command, check=True, capture_output=True, cwd=REPOSITORY)
    back = np.load(tmp_path / "back.npz")
    assert back["names"].tolist() == ["Basis", *head.key_names, "photoExpression"]
    assert back["faces"] == len(triangulate(head.faces)[0])
    assert set(back["groups"]) == set(back["bones"]) == {"root", "neck", "jaw", "eye.L", "eye.R"}
    assert back["materials"].tolist() == ["skin", "eyes", "teeth", "tongue", "lashes"]

    def y_up(points):  # Blender's (x, y, z) is glTF's (x, -z, y)
        return np.stack([points[..., 0], points[..., 2], -points[..., 1]], -1)

    basis = y_up(back["co"][0])
    nearest = np.linalg.norm(basis[:, None] - head.vertices[None], axis=2).argmin(1)
    np.testing.assert_allclose(basis, head.vertices[nearest], atol=1e-6)
    assert len(np.unique(nearest)) == len(head.vertices)
    deltas = np.concatenate([head.key_deltas, head.photo_delta[None]])
    np.testing.assert_allclose(y_up(back["co"][1:]) - basis, deltas[:, nearest], atol=1e-6)
    order = [back["bones"].tolist().index(n) for n in ("root", "neck", "jaw", "eye.L", "eye.R")]
    np.testing.assert_allclose(y_up(back["heads"][order]), head.joints, atol=1e-5)


@pytest.mark.parametrize(
    ("wear", "choice", "mesh"),
    [(with_hair, "shell", "shell"), (with_hair, "cards", "cards"), (with_hat, "cards", "shell")],
)
@pytest.mark.parametrize("texture", [True, False])
def test_hair_is_a_second_mesh_on_the_head_s_skin_and_the_validator_agrees(tmp_path, wear, choice, mesh, texture):
    head = wear(sample_head()) if texture else dataclasses.replace(wear(sample_head()), texture=None)
    glb = written(tmp_path, head, GlbSettings(hair=choice))
    hair = getattr(head.hair, mesh)
    nodes, document = glb.document["nodes"], glb.document
    assert [n["name"] for n in nodes if "mesh" in n] == ["sample", "sample Hair"]
    assert nodes[-1]["skin"] == nodes[0]["skin"] == 0
    assert len(nodes) - 1 in document["scenes"][0]["nodes"]
    (primitive,) = document["meshes"][1]["primitives"]
    material = document["materials"][primitive["material"]]
    assert (material["alphaMode"], material["alphaCutoff"], material["doubleSided"]) == ("MASK", 0.5, True)
    image = document["images"][
        document["textures"][material["pbrMetallicRoughness"]["baseColorTexture"]["index"]]["source"]
    ]
    pixels = np.array(Image.open(io.BytesIO(glb.view(image["bufferView"]))))
    np.testing.assert_array_equal(pixels, hair.texture)
    triangles, uv_triangles = triangulate(hair.faces)[0], triangulate(hair.uv_faces)[0]
    indices = glb.accessor(primitive["indices"]).reshape(-1, 3)
    attributes = {name: glb.accessor(index)[indices] for name, index in primitive["attributes"].items()}
    np.testing.assert_array_equal(attributes["POSITION"], hair.vertices[triangles])
    np.testing.assert_allclose(attributes["TEXCOORD_0"], hair.uvs[uv_triangles] * [1, -1] + [0, 1], atol=1e-6)
    weights = np.zeros((*triangles.shape, 5))
    np.put_along_axis(weights, attributes["JOINTS_0"].astype(int), 0.0, 2)
    for k in range(4):
        np.add.at(
            weights.reshape(-1, 5),
            (np.arange(triangles.size), attributes["JOINTS_0"][..., k].ravel()),
            attributes["WEIGHTS_0"][..., k].ravel(),
        )
    np.testing.assert_allclose(weights, hair.skin_weights[triangles], atol=2e-3)
    issues = validate(tmp_path / "head.glb")["issues"]
    assert issues["numErrors"] == issues["numWarnings"] == 0, issues["messages"]


def test_hair_may_be_left_out_or_blended(tmp_path):
    head = with_hair(sample_head())
    write_glb(head, tmp_path / "none.glb", GlbSettings(hair="none"))
    write_glb(sample_head(), tmp_path / "bald.glb")
    assert (tmp_path / "none.glb").read_bytes() == (tmp_path / "bald.glb").read_bytes()
    material = written(tmp_path, head, GlbSettings(hair_alpha="blend")).document["materials"][-1]
    assert material["alphaMode"] == "BLEND"
    assert "alphaCutoff" not in material
    for wrong in ({"hair": "wig"}, {"hair_alpha": "soft"}):
        with pytest.raises(SettingsError, match="hair"):
            GlbSettings(**wrong)


def test_the_eyes_are_wet(tmp_path):
    eyes = next(m for m in written(tmp_path).document["materials"] if m["name"] == "eyes")
    assert eyes["extensions"]["KHR_materials_clearcoat"]["clearcoatFactor"] == 1


_IMPORT_HAIR = """
import sys
import bpy, numpy as np
bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
bpy.ops.import_scene.gltf(filepath=sys.argv[1])
hair = bpy.data.objects["sample Hair"]
rig = next(o for o in bpy.data.objects if o.type == "ARMATURE")
co = np.zeros(len(hair.data.vertices) * 3, np.float32)
hair.data.vertices.foreach_get("co", co)
shader = next(n for n in hair.data.materials[0].node_tree.nodes if n.type == "BSDF_PRINCIPLED")
np.savez(sys.argv[2], co=co.reshape(-1, 3), rig=hair.modifiers[0].object == rig, alpha=shader.inputs["Alpha"].is_linked,
         faces=len(hair.data.polygons))
"""


def test_blender_reads_the_hair_back_on_the_same_rig(tmp_path):
    pytest.importorskip("bpy", reason="needs Blender's Python module")
    head = with_hair(sample_head())
    write_glb(head, tmp_path / "head.glb")
    (tmp_path / "import.py").write_text(_IMPORT_HAIR, encoding="utf-8")
    command = [sys.executable, tmp_path / "import.py", tmp_path / "head.glb", tmp_path / "back.npz"]
    subprocess.run(command, check=True, capture_output=True, cwd=REPOSITORY)
    back = np.load(tmp_path / "back.npz")
    assert back["rig"]
    assert back["alpha"]
    assert back["faces"] == len(triangulate(head.hair.shell.faces)[0])
    y_up = np.stack([back["co"][:, 0], back["co"][:, 2], -back["co"][:, 1]], 1)
    nearest = np.linalg.norm(y_up[:, None] - head.hair.shell.vertices[None], axis=2).min(1)
    assert nearest.max() < 1e-5


def test_normals_of_a_target_are_those_of_the_moved_mesh():
    head = sample_head()
    triangles = triangulate(head.faces)[0]
    rng = np.random.default_rng(3)
    moves = np.zeros((3, *head.vertices.shape), np.float32)
    moves[0, :20] = rng.normal(size=(20, 3)) * 1e-3
    moves[2] = rng.normal(size=head.vertices.shape) * 1e-3
    found = normals_of_targets(head.vertices, moves, triangles)
    for move, normals in zip(moves, found, strict=True):
        np.testing.assert_allclose(normals, smooth_normals(head.vertices + move, triangles), atol=2e-6)
