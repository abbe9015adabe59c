"""Exports and prints from Blender's scene: the built zip, installed; what it wrote is read back."""

from __future__ import annotations

import dataclasses
import importlib.util
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import trimesh
from gltf_file import GlbFile
from PIL import Image
from sample_hair import with_hair
from sample_head import sample_head

from seif_blender.export.fbx_tree import read_fbx
from seif_blender.export.shape_normals import array_of, shapes_of
from seif_core.export.presets import PRESETS
from seif_core.expressions.spelling import spelled

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "support"
sys.path.insert(0, str(ROOT / "tools"))
import stage_extension  # noqa: E402 - after the path is set

GLTF = [name for name, preset in PRESETS.items() if preset.suffix != ".fbx"]


def lit_head():
    """The sample head with hair, a large texture, and the photo's light: its materials mix two pictures."""
    head, light = with_hair(sample_head()), np.full((16, 16, 3), 0.8, np.float32)
    texture = np.repeat(np.repeat(head.texture, 32, 0), 32, 1)
    return dataclasses.replace(head, texture_light=light, texture=texture)


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    scratch = tmp_path_factory.mktemp("export")
    zip_file = stage_extension.build(tmp_path_factory.mktemp("dist"))
    lit_head().save(scratch / "head.npz")
    command = [sys.executable, str(HERE / "export_session.py"), str(zip_file), str(scratch)]
    done = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return scratch, json.loads((scratch / "found.json").read_text()), done.stdout + done.stderr


def test_an_export_that_is_cancelled_leaves_no_file_and_the_scene_as_it_was(session):
    _, found, _ = session
    assert found["given_up"] == [False, True, True, [], []]
    assert found["given_up_same"] == []


def test_the_buttons_need_a_head(session):
    _, found, _ = session
    assert found["no_head"] == [False, False]
    assert found["polls"] == [True, True]
    assert found["menu"]
    assert found["disabled"]


@pytest.mark.parametrize("name", list(PRESETS))
def test_an_export_succeeds_and_leaves_the_scene_as_it_was(session, name):
    scratch, found, _ = session
    assert found[name] == [["FINISHED"], ""]
    assert found[f"{name}_same"] == []
    told = json.loads((scratch / f"{name}.json").read_text(encoding="utf-8"))
    assert told["preset"] == name
    assert [bone["name"] for bone in told["bones"]] == list(PRESETS[name].bones)
    assert any("Subdivision" in loss for loss in told["lost"])
    assert any("move by themselves" in loss for loss in told["lost"])
    assert told["licence"] == sample_head().model_licence


def test_the_files_name_follows_the_preset_so_that_no_export_takes_anothers_place(session):
    _, found, _ = session
    assert found["renamed"] == {
        "head_unity.fbx": "head_web.glb",
        "head_unity": "head_web.glb",
        "mine.vrm": "mine.glb",
        "a.b": "a.b.glb",
    }
    assert found["beside"] == ["same.glb", "same_godot.json", "same_web.json"]


@pytest.mark.parametrize("name", GLTF)
def test_what_blender_writes_as_gltf_has_the_keys_the_bones_and_the_pictures(session, name):
    scratch, _, _ = session
    head, preset = lit_head(), PRESETS[name]
    glb = GlbFile((scratch / f"{name}{preset.suffix}").read_bytes())
    document = glb.document
    mesh = next(m for m in document["meshes"] if "extras" in m and m["extras"].get("targetNames"))
    names = mesh["extras"]["targetNames"]
    assert {spelled(key, preset.spelling) for key in head.key_names} <= set(names)
    bones = {document["nodes"][joint]["name"] for joint in document["skins"][0]["joints"]}
    assert bones == set(preset.bones)
    assert all(material.get("pbrMetallicRoughness", {}).get("baseColorTexture") for material in document["materials"])
    assert len(document["meshes"]) == 2  # the head, and the hair of the preset
    sparse = [accessor for accessor in document["accessors"] if "sparse" in accessor]
    assert sparse
    assert all("bufferView" in accessor for accessor in sparse)  # Godot before 4.1 does not know that it may lack
    sizes = [Image.open(io.BytesIO(glb.view(image["bufferView"]))).size for image in document["images"]]
    assert max(max(size) for size in sizes) == (preset.texture_size or 2048)
    jaw = names.index("jawOpen")
    lowest = 0.0
    for primitive in mesh["primitives"]:
        moved = glb.accessor(primitive["targets"][jaw]["POSITION"])
        lowest = min(lowest, float(moved[:, 1].min()))
    assert lowest == pytest.approx(head.key_deltas[head.key_names.index("jawOpen")][:, 1].min(), abs=1e-4)


def test_a_vrm_from_the_scene_is_an_avatar(session):
    scratch, _, _ = session
    glb = GlbFile((scratch / "vrm.vrm").read_bytes())
    extension = glb.document["extensions"]["VRMC_vrm"]
    nodes = glb.document["nodes"]
    bones = {name: nodes[bone["node"]]["name"] for name, bone in extension["humanoid"]["humanBones"].items()}
    assert {"hips", "head", "leftEye", "rightHand"} <= set(bones)
    assert extension["meta"]["authors"] == ["Ada"]
    names = next(m["extras"]["targetNames"] for m in glb.document["meshes"] if m.get("extras", {}).get("targetNames"))
    aa = extension["expressions"]["preset"]["aa"]["morphTargetBinds"]
    assert {names[bind["index"]] for bind in aa} >= {"jawOpen"}


@pytest.mark.parametrize("name", ["unity", "unreal"])
def test_fbx_from_the_scene_embeds_textures_and_has_normals_of_shapes(session, name):
    scratch, _, _ = session
    file = read_fbx(scratch / f"{name}.fbx")
    objects = file.top(b"Objects").children
    videos = [r for r in objects if r.name == b"Video" and r.child(b"Content") is not None]
    assert len(videos) == 3  # colours, the skin's normal map, hair
    shapes = {shape.values()[1].split(b"\0")[0].decode(): shape for shape, _ in shapes_of(file)}
    key = spelled("jawOpen", PRESETS[name].spelling)
    assert array_of(shapes[key], b"Normals").any()


def test_a_print_from_the_scene_is_watertight_and_has_the_open_mouth(session):
    scratch, found, output = session
    pytest.importorskip("torch", reason="the newest Blender's environment has no torch, which the worker needs")
    assert found["print"] == [["FINISHED"], ""], output[-2000:]
    mesh = trimesh.load(scratch / "head.stl")
    assert mesh.is_watertight
    assert mesh.extents[2] == pytest.approx(60, abs=0.4)


def test_what_cannot_be_written_is_told_in_a_sentence_and_an_animation_that_is_lost_too(session):
    scratch, found, _ = session
    for name in ("nowhere", *(["bad_print"] if importlib.util.find_spec("torch") else [])):  # a print is the worker's
        outcome, message = found[name]
        assert outcome == []
        assert "cannot be written" in message
        assert "Traceback" not in message
    assert found["animated"] == [["FINISHED"], ""]
    told = json.loads((scratch / "moving_vrm.json").read_text(encoding="utf-8"))
    assert any("animation is left out" in loss for loss in told["lost"])
