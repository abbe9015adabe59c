"""Presets for engines: what each writes is read back and compared with the head; losses are told, never silent."""

from __future__ import annotations

import dataclasses
import io
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from gltf_file import GlbFile
from node_programs import node, node_folder, output_of
from PIL import Image
from sample_hair import with_hair
from sample_head import sample_head
from test_export_glb import validate

from seif_core import cli
from seif_core.combination_shapes import CombinationShapes
from seif_core.errors import OutputError, SettingsError
from seif_core.export import losses_of, preset_named, write_for_engine, write_glb
from seif_core.export.glb import GlbSettings
from seif_core.export.presets import PRESETS, VRM_BONES
from seif_core.export.vrm import EXTENSION, NECK_SHARE, STATURE, VrmMeta
from seif_core.export.vrm_file import add_vrm_to_file
from seif_core.expression_choice import parse_choice
from seif_core.expressions.spelling import spelled
from seif_core.expressions.vrm import VRM_PRESETS

GLTF = [name for name, preset in PRESETS.items() if preset.suffix != ".fbx"]
REQUIRED = {"hips", "spine", "head"} | {
    f"{side}{bone}"
    for side in ("left", "right")
    for bone in ("UpperLeg", "LowerLeg", "Foot", "UpperArm", "LowerArm", "Hand")
}
"""Bones without which no VRM is one (VRMC_vrm-1.0, humanoid)."""
SUPPORT = Path(__file__).parents[1] / "support"
AVATAR = """
import type { Expression, ExpressionPresetName, VRMCVRM } from '@pixiv/types-vrmc-vrm-1.0';
type Expressed = Omit<Expression, 'preset'>;
type Expressions = { preset: Partial<Record<ExpressionPresetName, Expressed>>; custom: Record<string, Expressed> };
type Avatar = Omit<VRMCVRM, 'expressions'> & { expressions: Expressions };
"""
"""An expression's own ``preset`` is of a draft of the format, which the published types keep; its schema has none."""
MODULES = ("three@0.187.0", "@pixiv/three-vrm@3.5.5")


def big_head():
    """The sample head with hair, a pair of keys and a texture that the web preset makes smaller."""
    head = with_hair(sample_head())
    texture = np.repeat(np.repeat(head.texture, 32, 0), 32, 1)
    pair = CombinationShapes((("jawOpen", "mouthSmileLeft"),), head.key_deltas[:1].copy())
    return dataclasses.replace(head, texture=texture, combinations=pair)


def written(tmp_path: Path, name: str, head=None, **values) -> tuple[GlbFile, dict]:
    preset = preset_named(name)
    choice = parse_choice(preset.expressions, preset.spelling)
    write_for_engine(head or big_head(), tmp_path, preset, choice, **values)
    glb = GlbFile((tmp_path / f"head_{name}{preset.suffix}").read_bytes())
    return glb, json.loads((tmp_path / f"head_{name}.json").read_text(encoding="utf-8"))


def parents(glb: GlbFile) -> dict[int, int]:
    return {child: i for i, node in enumerate(glb.document["nodes"]) for child in node.get("children", [])}


def place(glb: GlbFile, node: int) -> np.ndarray:
    """Where a node stands in the world; nodes have no turns and no scale."""
    above = parents(glb)
    total = np.zeros(3)
    while True:
        assert set(glb.document["nodes"][node]) <= {"name", "translation", "children"}
        total += glb.document["nodes"][node].get("translation", (0, 0, 0))
        if node not in above:
            return total
        node = above[node]


@pytest.mark.parametrize("name", GLTF)
def test_names_displacements_bones_weights_texture_and_hair_are_the_heads(tmp_path, name):
    head, preset = big_head(), preset_named(name)
    glb, told = written(tmp_path, name)
    document = glb.document
    names = document["meshes"][0]["extras"]["targetNames"]
    assert names[:52] == [spelled(key, preset.spelling) for key in head.key_names]
    assert [key["name"] for key in told["keys"]] == names
    assert [key["arkit"] for key in told["keys"]][:52] == list(head.key_names)
    rows = {p.tobytes(): i for i, p in enumerate(head.vertices)}
    joints = document["skins"][0]["joints"]
    assert [document["nodes"][j]["name"] for j in joints] == list(preset.bones) == [b["name"] for b in told["bones"]]
    bind = glb.accessor(document["skins"][0]["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
    np.testing.assert_allclose(-bind[:, :3, 3], head.joints, atol=1e-6)
    seen = 0
    for primitive in glb.primitives:
        index = np.array([rows[p.tobytes()] for p in glb.accessor(primitive["attributes"]["POSITION"])])
        seen += len(set(index.tolist()))
        for key in range(52):
            moved = glb.accessor(primitive["targets"][key]["POSITION"])
            np.testing.assert_allclose(moved, head.key_deltas[key][index], atol=1e-4)
        weights = np.zeros((len(index), 5))
        four = glb.accessor(primitive["attributes"]["JOINTS_0"]), glb.accessor(primitive["attributes"]["WEIGHTS_0"])
        assert four[0].shape[1] == 4
        np.add.at(weights, (np.arange(len(index))[:, None], four[0].astype(int)), four[1])
        np.testing.assert_allclose(weights, head.skin_weights[index], atol=5e-2)  # a fifth joint is left out
        np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
    assert seen == len(head.vertices)
    image = document["images"][0]
    assert image["mimeType"] == f"image/{preset.texture_format}"
    size = Image.open(io.BytesIO(glb.view(image["bufferView"]))).size
    assert max(size) == told["texture"]["longer_side"] == min(2048, preset.texture_size or 2048)
    hair = getattr(head.hair, preset.hair)
    primitive = document["meshes"][1]["primitives"][0]
    points = {p.tobytes() for p in glb.accessor(primitive["attributes"]["POSITION"])}
    assert points == {p.tobytes() for p in hair.vertices}
    assert told["hair"]["form"] == preset.hair
    assert told["licence"] == head.model_licence
    assert told["attribution"] == head.attribution


@pytest.mark.parametrize("name", GLTF)
def test_khronos_validator_finds_no_error_in_any_preset(tmp_path, name):
    written(tmp_path, name)
    issues = validate(tmp_path / f"head_{name}{preset_named(name).suffix}")["issues"]
    assert issues["numErrors"] == issues["numWarnings"] == 0, issues["messages"]


def test_the_same_head_gives_the_same_bytes(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        written(tmp_path / folder, "vrm")
    for file in ("head_vrm.vrm", "head_vrm.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_every_loss_is_told_and_a_chosen_set_is_none(tmp_path):
    head = big_head()
    told = "\n".join(losses_of(head, parse_choice("arkit"), "shell"))
    for words in ("1 corrections of pairs", "turns of neck", "components", "strands", "shell"):
        assert words in told
    kept = "\n".join(losses_of(head, parse_choice("arkit,combinations,flame"), "shell"))
    assert "pairs" not in kept
    assert "components" not in kept
    assert "hair layer" in "\n".join(losses_of(head, parse_choice("arkit"), "none"))
    assert written(tmp_path, "web")[1]["lost"] == losses_of(head, parse_choice("arkit"), "shell")


def test_a_vrm_has_the_bones_that_the_format_wants_with_their_parents(tmp_path):
    glb, _ = written(tmp_path, "vrm")
    extension = glb.document["extensions"][EXTENSION]
    assert extension["specVersion"] == "1.0"
    assert EXTENSION in glb.document["extensionsUsed"]
    bones = {name: bone["node"] for name, bone in extension["humanoid"]["humanBones"].items()}
    assert set(bones) >= REQUIRED | set(VRM_BONES)
    assert len(set(bones.values())) == len(bones)
    above, names = parents(glb), {node: name for name, node in bones.items()}
    for child, parent in (
        ("spine", "hips"), ("chest", "spine"), ("neck", "chest"), ("head", "neck"), ("jaw", "head"),
        ("leftEye", "head"), ("rightHand", "rightLowerArm"), ("leftLowerLeg", "leftUpperLeg"), ("leftUpperLeg", "hips"),
    ):  # fmt: skip
        assert names[above[bones[child]]] == parent
    assert place(glb, bones["neck"])[1] == pytest.approx(NECK_SHARE * STATURE, abs=1e-5)
    assert 0 < place(glb, bones["leftFoot"])[1] < 0.1  # stands on the ground
    for side, sign in (("left", 1), ("right", -1)):
        hand, arm = place(glb, bones[f"{side}Hand"]), place(glb, bones[f"{side}UpperArm"])
        assert sign * hand[0] > sign * arm[0] > 0  # left is +X, a T pose
        assert hand[1] == pytest.approx(arm[1])
    head = big_head()
    apart = place(glb, bones["head"]) - place(glb, bones["neck"])
    np.testing.assert_allclose(apart, head.joints[1] - head.joints[0], atol=1e-5)
    roots = glb.document["scenes"][0]["nodes"]
    assert not set(roots) & set(above)  # nothing is drawn twice
    assert bones["hips"] in roots


def test_a_vrm_has_every_preset_expression_its_gaze_and_its_licence(tmp_path):
    glb, told = written(tmp_path, "vrm", author="Ada")
    extension = glb.document["extensions"][EXTENSION]
    presets, names = extension["expressions"]["preset"], glb.document["meshes"][0]["extras"]["targetNames"]
    assert set(presets) == set(VRM_PRESETS)
    for name, expression in presets.items():
        (bind,) = expression["morphTargetBinds"]
        assert names[bind["index"]] == f"vrm_{name}"
        assert glb.document["nodes"][bind["node"]]["mesh"] == 0
    assert "jawOpen" in extension["expressions"]["custom"]
    assert not set(extension["expressions"]["custom"]) & set(presets)
    assert extension["lookAt"]["type"] == "bone"
    assert {a["type"] for a in extension["firstPerson"]["meshAnnotations"]} == {"thirdPersonOnly"}
    meta = extension["meta"]
    assert meta["authors"] == ["Ada"]
    assert meta["licenseUrl"] == "https://vrm.dev/licenses/1.0/"
    assert told["attribution"] in meta["thirdPartyLicenses"]
    with pytest.raises(SettingsError, match="author"):
        VrmMeta("x", (" ",))


def test_a_glb_without_the_set_vrm_binds_the_keys_that_an_expression_is_made_of(tmp_path):
    path = tmp_path / "head.glb"
    write_glb(big_head(), path, GlbSettings(bones=VRM_BONES))
    add_vrm_to_file(path, VrmMeta("head", ("Ada",)))
    glb = GlbFile(path.read_bytes())
    names = glb.document["meshes"][0]["extras"]["targetNames"]
    happy = glb.document["extensions"][EXTENSION]["expressions"]["preset"]["happy"]["morphTargetBinds"]
    assert {names[bind["index"]]: bind["weight"] for bind in happy} == VRM_PRESETS["happy"]
    write_glb(big_head(), path)
    with pytest.raises(SettingsError, match="joint"):
        add_vrm_to_file(path, VrmMeta("head", ("Ada",)))
    path.write_bytes(b"glTF")
    with pytest.raises(OutputError, match="no GLB"):
        add_vrm_to_file(path, VrmMeta("head", ("Ada",)))


def loaded(path: Path) -> dict:
    """What three.js and three-vrm make of a file."""
    return json.loads(output_of(SUPPORT / "load_model.mjs", node_folder(*MODULES), path))


def test_a_vrm_is_as_the_types_that_its_makers_publish_say(tmp_path):
    folder = node_folder("typescript@5.9.3", "@pixiv/types-vrmc-vrm-1.0@3.5.5")
    extension = written(tmp_path, "vrm", author="Ada")[0].document["extensions"][EXTENSION]

    def complaints(value: dict) -> str:
        (folder / "avatar.ts").write_text(f"{AVATAR}export const vrm: Avatar = {json.dumps(value)};", encoding="utf-8")
        options = ["--noEmit", "--strict", "--skipLibCheck", "--moduleResolution", "node10", "--module", "es2020"]
        command = [node(), str(folder / "node_modules" / "typescript" / "bin" / "tsc"), *options, "avatar.ts"]
        return subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True).stdout

    assert complaints(extension) == ""
    assert "nobody" in complaints({**extension, "meta": {**extension["meta"], "avatarPermission": "nobody"}})
    assert complaints({**extension, "lookAt": {"type": "none"}})


def test_three_js_loads_a_web_head_and_its_jaw_opens(tmp_path):
    head = big_head()
    written(tmp_path, "web")
    found = loaded(tmp_path / "head_web.glb")
    assert all(mesh["bones"] == list(PRESETS["web"].bones) for mesh in found["meshes"])
    low, high = (
        np.min([m["box"][0] for m in found["meshes"][:-1]], 0),
        np.max([m["box"][1] for m in found["meshes"]], 0),
    )
    np.testing.assert_allclose(low, head.vertices.min(0), atol=1e-4)
    np.testing.assert_allclose(high, np.maximum(head.vertices.max(0), head.hair.shell.vertices.max(0)), atol=1e-4)
    opened = head.vertices + head.key_deltas[head.key_names.index("jawOpen")]
    lowest = np.min([mesh["opened"][0] for mesh in found["meshes"][:-1]], 0)
    np.testing.assert_allclose(lowest, opened.min(0), atol=1e-4)


def test_three_vrm_finds_bones_expressions_gaze_and_licence(tmp_path):
    head = big_head()
    written(tmp_path, "vrm", author="Ada")
    found = loaded(tmp_path / "head_vrm.vrm")
    vrm = found["vrm"]
    assert set(vrm["bones"]) >= REQUIRED | set(VRM_BONES)
    assert set(vrm["moved"]) >= set(VRM_PRESETS)
    for name in set(VRM_PRESETS) - {"lookUp", "lookDown", "lookLeft", "lookRight"}:
        assert vrm["moved"][name] == {f"vrm_{name}": 1}
    assert vrm["eyeTurn"] == pytest.approx(25 / 3, abs=0.1)  # 30 of 90 degrees of gaze, to the left
    assert vrm["meta"]["authors"] == ["Ada"]
    lift = NECK_SHARE * STATURE - head.joints[0, 1]
    low = np.min([mesh["box"][0] for mesh in found["meshes"][:-1]], 0)
    np.testing.assert_allclose(low, head.vertices.min(0) + np.array([0, lift, 0]), atol=1e-4)


def test_the_command_line_writes_a_preset_and_tells_what_is_lost(tmp_path, capsys):
    big_head().save(tmp_path / "head.npz")
    options = [
        "export",
        str(tmp_path / "head.npz"),
        "--out",
        str(tmp_path / "out"),
        "--preset",
        "vrm",
        "--author",
        "Ada",
    ]
    assert cli.main(options) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"head_vrm.vrm", "head_vrm.json"}
    assert "left out" in capsys.readouterr().out


def test_presets_in_one_folder_take_no_file_from_each_other_nor_from_a_plain_export(tmp_path):
    big_head().save(tmp_path / "head.npz")
    files: dict[str, bytes] = {}
    for options in (
        (),
        ("--lods", "900"),
        *(("--preset", name, "--lods", "900") for name in ("godot", "web", "generic")),
    ):
        assert cli.main(["export", str(tmp_path / "head.npz"), "--out", str(tmp_path / "out"), *options]) == 0
        now = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
        assert files.items() <= now.items()
        files = now
    assert len(files) == 2 + 3 * 3


@pytest.mark.parametrize(
    "options",
    [("--preset", "web", "--formats", "obj"), ("--preset", "web", "--author", "Ada"), ("--author", "Ada")],
)
def test_options_that_do_not_go_together_are_refused(tmp_path, options):
    big_head().save(tmp_path / "head.npz")
    out = tmp_path / "out"
    assert cli.main(["export", str(tmp_path / "head.npz"), "--out", str(out), *options]) == SettingsError.exit_code
    assert not out.exists()
    with pytest.raises(SettingsError, match="preset"):
        preset_named("quake")


@pytest.mark.parametrize("name", ["generic", "godot"])
def test_levels_of_detail_are_files_of_their_own_with_all_keys_bones_and_the_texture(tmp_path, name):
    big_head().save(tmp_path / "head.npz")
    arguments = ["export", str(tmp_path / "head.npz"), "--preset", name, "--lods", "900,500"]
    assert cli.main([*arguments, "--out", str(tmp_path / "out")]) == 0
    told = json.loads((tmp_path / "out" / f"head_{name}.json").read_text(encoding="utf-8"))
    assert [level["file"] for level in told["levels"]] == [
        f"head_{name}{level}.glb" for level in ("", "_LOD1", "_LOD2")
    ]
    documents = [GlbFile((tmp_path / "out" / level["file"]).read_bytes()).document for level in told["levels"]]
    full = documents[0]
    for document, level, bound in zip(documents[1:], told["levels"][1:], (900, 500), strict=True):
        head = document["meshes"][0]
        counts = [document["accessors"][p["indices"]]["count"] // 3 for p in head["primitives"]]
        assert sum(counts) == level["triangles"] <= bound
        assert head["extras"]["targetNames"] == full["meshes"][0]["extras"]["targetNames"]
        joints = [[d["nodes"][j]["name"] for j in d["skins"][0]["joints"]] for d in (document, full)]
        assert joints[0] == joints[1]
        assert len(document["images"]) == len(full["images"])
        assert 0 < level["hair_triangles"] <= told["levels"][0]["hair_triangles"]


@pytest.mark.parametrize("words", [[], ["--preset", "generic"]])
def test_levels_and_components_that_the_head_does_not_have_are_told(tmp_path, capsys, words):
    big_head().save(tmp_path / "head.npz")
    asked = ["--lods", "99999999,900", "--expressions", "flame:999"]
    assert cli.main(["export", str(tmp_path / "head.npz"), "--out", str(tmp_path / "out"), *asked, *words]) == 0
    told = capsys.readouterr().err
    assert "no level of 99999999 triangles" in told
    assert "expression components, not 999" in told


@pytest.mark.parametrize("words", [["--preset", "vrm", "--lods"], ["--lods", "many"], ["--formats", "obj", "--lods"]])
def test_levels_of_detail_that_cannot_be_are_refused(tmp_path, words):
    big_head().save(tmp_path / "head.npz")
    assert cli.main(["export", str(tmp_path / "head.npz"), "--out", str(tmp_path / "out"), *words]) == 9
    assert not (tmp_path / "out").exists()
