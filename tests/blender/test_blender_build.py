"""The Blender object built from a head, in module bpy."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import bpy
import numpy as np
import pytest
from blender_axes import bone_rotation, from_blender
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Matrix, Vector
from sample_head import head_with_a_lined_mouth, sample_head

from seif_blender.build import blueprint as blueprint_module
from seif_blender.build import from_file
from seif_blender.build.head_object import build_blueprint, build_head
from seif_blender.build.names import BONE_NAMES, PHOTO_EXPRESSION_PROPERTY, SMOOTH_PROPERTY
from seif_blender.build.photo_camera import set_lens
from seif_blender.build.plan.axes import to_blender
from seif_blender.build.plan.camera import camera_from_head
from seif_blender.build.plan.correctives import PoseCorrective, pose_correctives
from seif_blender.build.plan.draw_up import draw_up
from seif_blender.build.plan.png import encode_png
from seif_blender.build.provenance import read_provenance
from seif_blender.build.settings import BuildSettings
from seif_blender.build.surfaces import SURFACES
from seif_blender.worker.environment import WorkerCommand
from seif_blender.write_blend import main as write_blend_main
from seif_core.errors import HeadFormatError
from seif_core.expressions.arkit import ARKIT_52
from seif_core.expressions.combination import combine
from seif_core.expressions.emotions import EMOTIONS
from seif_core.headmodel.skinning import pose_vertices, rotation_matrices

ROOT = Path(__file__).resolve().parents[2]
MILLIMETRE = 1e-3


@pytest.fixture(autouse=True)
def empty_scene():
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)


def evaluated(built) -> np.ndarray:
    """Vertices (V, 3) as Blender deforms them, in the library's axes, relative to the object."""
    built.rig[SMOOTH_PROPERTY] = False
    built.rig.update_tag()
    bpy.context.view_layer.update()
    mesh = built.mesh.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    flat = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", flat)
    return from_blender(flat.reshape(-1, 3))


def set_pose(built, pose: np.ndarray) -> None:
    for name, rotation in zip(BONE_NAMES, rotation_matrices(pose), strict=True):
        bone = built.rig.pose.bones[name]
        bone.rotation_quaternion = Matrix(bone_rotation(name, rotation)).to_quaternion()


def test_axes_nose_points_to_minus_y():
    assert np.allclose(to_blender(np.array([0.0, 0.0, 0.1])), [0, -0.1, 0])
    points = np.random.default_rng(0).normal(size=(5, 3))
    assert np.allclose(from_blender(to_blender(points)), points, atol=1e-6)


def test_mesh_has_the_head_s_vertices_quads_uvs_and_parts():
    head = sample_head()
    mesh = build_head(head).mesh.data
    assert len(mesh.vertices) == len(head.vertices)
    assert [len(p.vertices) for p in mesh.polygons] == (head.faces >= 0).sum(1).tolist()
    assert [list(p.vertices) for p in mesh.polygons] == [[v for v in f if v >= 0] for f in head.faces.tolist()]
    corners = head.uv_faces[head.faces >= 0]
    assert np.allclose([loop.vector for loop in mesh.uv_layers["UVMap"].uv], head.uvs[corners])
    assert not mesh.validate(verbose=False)
    assert all(p.use_smooth for p in mesh.polygons)
    names = [surface.name for surface in SURFACES]
    assert [m.name.split()[-1] for m in mesh.materials] == names
    eyes = np.isin(head.face_part, (1, 2))
    assert np.array_equal([p.material_index == names.index("eyes") for p in mesh.polygons], eyes)


def test_tongue_and_lining_of_the_mouth_do_not_shine_so_that_the_throat_is_dark_where_light_is_not_shadowed():
    head = head_with_a_lined_mouth()
    mesh = build_head(head).mesh.data
    slot = [surface.name for surface in SURFACES].index("mouth")
    assert np.array_equal([p.material_index == slot for p in mesh.polygons], head.mouth_lining)
    shine = [
        next(n for n in m.node_tree.nodes if n.type == "BSDF_PRINCIPLED").inputs["Specular IOR Level"].default_value
        for m in mesh.materials
    ]
    assert shine[slot] == 0
    tongue = next(n for n in mesh.materials[3].node_tree.nodes if n.type == "BSDF_PRINCIPLED")
    assert shine[3] == 0
    assert tongue.inputs["Coat Weight"].default_value == 0
    assert shine[0] == 0.5


def test_the_inside_of_the_mouth_glows_in_its_texture_s_colours_so_that_no_renderer_shows_a_black_hole():
    strengths = {}
    for worn in build_head(head_with_a_lined_mouth()).mesh.data.materials:
        shader = next(n for n in worn.node_tree.nodes if n.type == "BSDF_PRINCIPLED")
        strengths[worn.name.split()[-1]] = shader.inputs["Emission Strength"].default_value
        picture = shader.inputs["Emission Color"]
        base = shader.inputs["Base Color"]
        assert not (strengths[worn.name.split()[-1]] and base.is_linked) or picture.is_linked
    assert [name for name, strength in strengths.items() if strength] == ["teeth", "tongue", "mouth"]


def test_normals_point_outwards():
    mesh = build_head(sample_head()).mesh.data
    skin = [p for p in mesh.polygons if p.material_index == 0]
    assert np.mean([p.normal.dot(p.center) > 0 for p in skin]) > 0.99


def test_all_keys_are_there_and_at_zero():
    keys = build_head(sample_head()).mesh.data.shape_keys.key_blocks
    names = [key.name for key in keys]
    assert names[0] == "Basis"
    assert set(ARKIT_52) < set(names)
    assert "photoExpression" in names
    assert [n for n in names if n.startswith("jaw_R")] == [f"jaw_R{r}{c}" for r in (1, 2, 3) for c in (1, 2, 3)]
    assert all(key.value == 0 for key in keys[1:])


def test_correctives_that_move_nothing_get_no_key():
    head = sample_head()
    assert {c.bone for c in pose_correctives(head)} == {"jaw"}
    still = dataclasses.replace(head, pose_deltas=np.zeros_like(head.pose_deltas))
    assert pose_correctives(still) == []


def test_expression_components_on_request():
    built = build_head(sample_head(), settings=BuildSettings("arkit,flame:3"))
    keys = built.mesh.data.shape_keys.key_blocks
    assert [k.name for k in keys if k.name.startswith("expr_")] == ["expr_001", "expr_002", "expr_003"]
    assert (keys["expr_001"].slider_min, keys["expr_001"].slider_max) == (-3, 3)


def test_sets_and_spelling_are_the_artist_s_choice_and_emotions_follow_the_rig_s_sliders():
    head = sample_head()
    built = build_head(head, settings=BuildSettings("arkit,visemes,emotions", "livelink"))
    keys = built.mesh.data.shape_keys.key_blocks
    assert {"JawOpen", "viseme_aa", "emotion_joy"} < {k.name for k in keys}
    built.rig["emotion_joy"] = 1.0
    expected = combine(EMOTIONS["joy"], head.key_names, head.key_deltas)
    assert np.abs(evaluated(built) - head.vertices - expected).max() < 1e-3 * MILLIMETRE
    assert built.rig.is_property_overridable_library('["emotion_joy"]')


@pytest.mark.parametrize("index", [0, 7, 51])
def test_a_key_moves_the_vertices_as_the_head_says(index):
    head = sample_head()
    built = build_head(head)
    built.mesh.data.shape_keys.key_blocks[ARKIT_52[index]].value = 1.0
    assert np.abs(evaluated(built) - head.vertices - head.key_deltas[index]).max() < 1e-3 * MILLIMETRE


@pytest.mark.parametrize("seed", range(3))
def test_bones_deform_as_the_library_s_skinning_with_pose_correctives(seed):
    rng = np.random.default_rng(seed)
    head = sample_head()
    everywhere = rng.normal(size=head.pose_deltas.shape).astype(np.float32) * 0.002
    head = dataclasses.replace(head, pose_deltas=everywhere)
    built = build_head(head)
    pose = rng.normal(size=(5, 3)) * 0.25
    set_pose(built, pose)
    expected = pose_vertices(head.vertices, head.joints, head.skin_weights, pose, head.pose_deltas)
    assert np.abs(evaluated(built) - expected).max() < 0.05 * MILLIMETRE


def test_jaw_about_local_x_opens_the_mouth_in_any_rotation_mode():
    head = sample_head()
    built = build_head(head)
    jaw = built.rig.pose.bones["jaw"]
    jaw.rotation_mode = "XYZ"
    jaw.rotation_euler = (0.2, 0, 0)
    pose = np.zeros((5, 3))
    pose[2] = (0.2, 0, 0)
    expected = pose_vertices(head.vertices, head.joints, head.skin_weights, pose, head.pose_deltas)
    assert np.abs(evaluated(built) - expected).max() < 0.05 * MILLIMETRE


def test_worked_number_of_the_jaw_drivers():
    value = {"w": np.cos(0.1), "x": np.sin(0.1), "y": 0.0, "z": 0.0}
    entries = {
        (r, c): eval(PoseCorrective("jaw", r, c, 0).expression, {}, value)  # noqa: S307
        for r in range(3)
        for c in range(3)
    }
    expected = rotation_matrices(np.array([[0.2, 0, 0]]))[0] - np.eye(3)
    assert np.allclose([[entries[r, c] for c in range(3)] for r in range(3)], expected)
    assert entries[1, 1] == pytest.approx(-0.01993, abs=1e-5)
    assert entries[2, 1] == pytest.approx(0.19867, abs=1e-5)


def test_every_driver_runs_without_python():
    keys = build_head(sample_head()).mesh.data.shape_keys
    drivers = [curve.driver for curve in keys.animation_data.drivers]
    assert len(drivers) == 10
    assert all(d.type == "SUM" or d.is_simple_expression for d in drivers)


def test_neutral_by_default_and_the_slider_gives_the_photo_s_expression():
    head = sample_head()
    built = build_head(head)
    assert np.abs(evaluated(built) - head.vertices).max() < 1e-3 * MILLIMETRE
    built.rig[PHOTO_EXPRESSION_PROPERTY] = 1.0
    assert np.abs(evaluated(built) - head.vertices - head.photo_delta).max() < 1e-3 * MILLIMETRE
    assert built.rig.is_property_overridable_library(f'["{PHOTO_EXPRESSION_PROPERTY}"]')


def photo_pixels(scene, built, points, camera) -> np.ndarray:
    """Pixels (V, 2) of the photo under `points`, by Blender's own projection and the fitted background image."""
    view = np.array(
        [world_to_camera_view(scene, built.camera, built.mesh.matrix_world @ Vector(p))[:2] for p in to_blender(points)]
    )
    frame = scene.render.resolution_x / scene.render.resolution_y
    by_height = frame > camera.width / camera.height
    scale = (camera.height * frame, camera.height) if by_height else (camera.width, camera.width / frame)
    x = (view[:, 0] - 0.5) * scale[0] + camera.width / 2
    y = (0.5 - view[:, 1]) * scale[1] + camera.height / 2
    return np.stack([x, y], axis=1)


@pytest.mark.parametrize("size", [(512, 640), (1920, 1080), (300, 900)])
@pytest.mark.parametrize("principal", [(256.0, 320.0), (230.5, 352.25)])
def test_head_lines_up_with_its_photo(size, principal):
    head = sample_head()
    camera = dataclasses.replace(head.photo_camera, cx=principal[0], cy=principal[1])
    head = dataclasses.replace(head, photo_camera=camera)
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y = size
    built = build_head(head, location=(3.0, -2.0, 1.0))
    built.rig[PHOTO_EXPRESSION_PROPERTY] = 1.0
    points = evaluated(built)[::7]
    root = rotation_matrices(head.photo_pose[:1].astype(float))[0]
    in_camera = (points - head.joints[0]) @ root.T + head.joints[0] + head.photo_translation
    assert np.abs(photo_pixels(scene, built, points, camera) - camera.project(in_camera)).max() < 0.05


def test_a_turned_neck_turns_the_photo_s_camera_with_the_head():
    head = sample_head()
    pose = head.photo_pose.copy()
    pose[1] = (0.05, -0.1, 0.03)
    head = dataclasses.replace(head, photo_pose=pose)
    transform = camera_from_head(head)
    stiff = np.zeros_like(head.skin_weights)
    stiff[:, 1] = 1
    posed = pose_vertices(head.vertices, head.joints, stiff, pose) + head.photo_translation
    assert np.allclose(head.vertices @ transform[:3, :3].T + transform[:3, 3], posed, atol=1e-6)


def test_lens_of_the_worked_number():
    head = sample_head()
    data = bpy.data.cameras.new("c")
    bpy.context.scene.render.resolution_x = bpy.context.scene.render.resolution_y = 500
    set_lens(
        data, dataclasses.replace(head.photo_camera, focal=1000.0, cx=260.0, width=500, height=500), bpy.context.scene
    )
    assert data.lens == pytest.approx(72.0)
    assert data.shift_x == pytest.approx(-0.02)


def test_vertex_groups_hold_the_skin_weights_and_the_regions():
    head = sample_head()
    mesh_object = build_head(head).mesh
    assert [g.name for g in mesh_object.vertex_groups][:5] == list(BONE_NAMES)
    weights = np.zeros((len(head.vertices), len(mesh_object.vertex_groups)))
    for vertex in mesh_object.data.vertices:
        for group in vertex.groups:
            weights[vertex.index, group.group] = group.weight
    assert np.abs(weights[:, :5] - head.skin_weights).max() < 1e-5
    lips = mesh_object.vertex_groups["region.lips"].index
    assert np.array_equal(weights[:, lips] > 0.5, head.regions["lips"])


def test_texture_is_packed_and_unchanged():
    head = sample_head()
    material = build_head(head).mesh.data.materials[0]
    image = next(n.image for n in material.node_tree.nodes if n.type == "TEX_IMAGE")
    assert image.packed_file is not None
    flat = np.empty(image.size[0] * image.size[1] * 4, np.float32)
    image.pixels.foreach_get(flat)
    stored = np.rint(flat.reshape(*head.texture.shape[:2], 4)[::-1, :, :3] * 255)
    assert np.array_equal(stored, head.texture)
    assert image.colorspace_settings.name == "sRGB"


def test_the_skin_alone_has_the_normal_map_as_numbers_and_not_as_colours():
    head = sample_head()
    built = build_head(head)
    for slot, surface in zip(built.mesh.data.materials, SURFACES, strict=True):
        shader = next(n for n in slot.node_tree.nodes if n.type == "BSDF_PRINCIPLED")
        assert shader.inputs["Normal"].is_linked == (surface.name == "skin")
    tree = built.mesh.data.materials[0].node_tree
    shader = next(n for n in tree.nodes if n.type == "BSDF_PRINCIPLED")
    bump = shader.inputs["Normal"].links[0].from_node
    image = bump.inputs["Color"].links[0].from_node.image
    assert (bump.type, bump.space) == ("NORMAL_MAP", "TANGENT")
    assert image.colorspace_settings.name == "Non-Color"
    assert tree.nodes.active.image is not image  # solid shading shows the colours
    pixels = np.array(image.pixels[:]).reshape(*image.size, 4)[::-1, :, :3]
    np.testing.assert_allclose(pixels * 255, head.texture_normals, atol=0.51)


def test_the_displacement_lies_ready_and_off_and_its_picture_gives_back_the_metres():
    heights = np.random.default_rng(3).normal(0, 2e-4, (8, 8)).astype(np.float32)
    assert not any(n.type == "DISPLACEMENT" for n in build_head(sample_head()).mesh.data.materials[0].node_tree.nodes)
    built = build_head(dataclasses.replace(sample_head(), texture_heights=heights))
    tree = built.mesh.data.materials[0].node_tree
    node = next(n for n in tree.nodes if n.type == "DISPLACEMENT")
    assert not node.outputs["Displacement"].is_linked
    image = node.inputs["Height"].links[0].from_node.image
    assert image.colorspace_settings.name == "Non-Color"
    grey = np.array(image.pixels[:]).reshape(*image.size, 4)[::-1, :, 0]
    metres = (grey - node.inputs["Midlevel"].default_value) * node.inputs["Scale"].default_value
    np.testing.assert_allclose(metres, heights, atol=node.inputs["Scale"].default_value / 40000)


def test_png_reads_back_everywhere():
    import io

    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(encode_png(pixels)))), pixels)
    fine = np.random.default_rng(0).integers(0, 65536, (5, 7, 1), dtype=np.uint16)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(encode_png(fine)))), fine[..., 0])


def test_head_without_texture_gets_plain_colours():
    built = build_head(dataclasses.replace(sample_head(), texture=None))
    shader = built.mesh.data.materials[0].node_tree.nodes["Principled BSDF"]
    assert not shader.inputs["Base Color"].is_linked
    assert shader.inputs["Base Color"].default_value[0] > 0.3


def test_head_stands_where_asked_selected_and_active():
    bpy.ops.object.empty_add()
    built = build_head(sample_head(), location=(1.0, 2.0, 3.0))
    bpy.context.view_layer.update()
    assert tuple(built.mesh.matrix_world.translation) == (1.0, 2.0, 3.0)
    assert set(bpy.context.selected_objects) == {built.mesh, built.rig}
    assert bpy.context.view_layer.objects.active == built.mesh


def test_building_works_from_edit_mode_of_another_object():
    mesh = bpy.data.meshes.new("m")
    other = bpy.data.objects.new("o", mesh)
    bpy.context.collection.objects.link(other)
    bpy.context.view_layer.objects.active = other
    bpy.ops.object.mode_set(mode="EDIT")
    build_head(sample_head())
    assert bpy.context.mode == "OBJECT"


def test_two_heads_live_side_by_side():
    first, second = build_head(sample_head(0)), build_head(sample_head(1))
    first.rig[PHOTO_EXPRESSION_PROPERTY] = 1.0
    assert np.abs(evaluated(second) - sample_head(1).vertices).max() < 1e-3 * MILLIMETRE
    assert first.mesh.modifiers["Armature"].object == first.rig


def test_custom_properties_say_photo_model_and_licence():
    head = sample_head()
    built = build_head(head)
    for block in (built.mesh, built.rig):
        origin = read_provenance(block)
        assert (origin.photo, origin.model, origin.licence) == (head.photo_name, head.model_title, head.model_licence)
    assert read_provenance(bpy.data.objects.new("x", None)) is None


def test_head_blend_is_written_and_opens(tmp_path):
    from PIL import Image

    sample_head().save(tmp_path / "head.npz")
    photo = tmp_path / "upright.jpg"
    Image.new("RGB", (512, 640), (90, 120, 60)).save(photo)
    out = tmp_path / "head.blend"
    assert write_blend_main([str(tmp_path / "head.npz"), str(out), "--photo", str(photo)]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["head.blend", "head.npz", "upright.jpg"]
    bpy.ops.wm.open_mainfile(filepath=str(out))
    scene = bpy.context.scene
    assert (scene.render.resolution_x, scene.render.resolution_y) == (512, 640)
    background = scene.camera.data.background_images[0].image
    assert background.packed_file is not None
    assert tuple(background.size) == (512, 640)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [("missing.npz o.blend", 8), ("head.npz nowhere/o.blend", 3), ("head.npz o.blend --photo x", 2)],
)
def test_write_blend_says_what_is_wrong_and_leaves_nothing(tmp_path, capsys, monkeypatch, arguments, code):
    monkeypatch.chdir(tmp_path)
    sample_head().save(tmp_path / "head.npz")
    assert write_blend_main(arguments.split()) == code
    assert capsys.readouterr().err.strip().count("\n") == 0
    assert [p.name for p in tmp_path.iterdir()] == ["head.npz"]


def test_a_blueprint_survives_the_way_from_the_worker_s_python(tmp_path):
    head = sample_head()
    plan = draw_up(head, BuildSettings("arkit,visemes,emotions,flame:2", "short"))
    assert blueprint_module.loads(blueprint_module.dumps(plan)) == plan
    for text in ("", "{}", "[]", '{"kind": "x"}', '{"kind": "KeyPlan"}'):
        with pytest.raises(ValueError):  # noqa: PT011 - any sentence will do
            blueprint_module.loads(text)


def test_without_numpy_the_worker_s_python_plans_the_same_head(tmp_path, monkeypatch):
    head = sample_head()
    head.save(tmp_path / "head.npz")
    command = WorkerCommand(Path(sys.executable), ROOT)
    settings = BuildSettings("arkit,visemes,emotions,flame:2", "short")
    here = from_file.blueprint_of_file(tmp_path / "head.npz", settings, command)
    monkeypatch.setattr(from_file.importlib.util, "find_spec", lambda _name: None)
    there = from_file.blueprint_of_file(tmp_path / "head.npz", settings, command)
    assert there == here
    assert np.abs(evaluated(build_blueprint(there)) - head.vertices).max() < 1e-3 * MILLIMETRE
    (tmp_path / "bad.npz").write_bytes(b"bad")
    with pytest.raises(HeadFormatError, match=r"bad\.npz"):
        from_file.blueprint_of_file(tmp_path / "bad.npz", settings, command)


def test_building_needs_no_numpy_in_blender():
    code = (
        "import sys; sys.modules['numpy'] = None; sys.path.insert(0, '.'); import types; "
        "import seif_blender.build.blueprint, seif_blender.build.names, seif_blender.build.surfaces, "
        "seif_blender.build.from_file, seif_blender.worker.registry"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_solid_view_lays_no_grey_highlight_over_the_throat():
    built = build_head(head_with_a_lined_mouth())
    for name in ("mouth", "tongue"):
        worn = next(m for m in built.mesh.data.materials if m.name.split()[-1] == name)
        shader = next(node for node in worn.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
        assert (worn.metallic, worn.roughness) == (1.0, 1.0)  # viewport alone
        assert shader.inputs["Metallic"].default_value == 0.0
