"""Hair in Blender, in module bpy: its objects, the switch, posing, saving, appending, overriding, making cards."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import bpy
import numpy as np
import pytest
from blender_axes import bone_rotation, from_blender
from mathutils import Matrix
from sample_hair import STRIPS, with_hair, with_hat
from sample_head import sample_head

from seif_blender.animate import operators as animate_operators
from seif_blender.animate import removal
from seif_blender.animate.lookup import find_head
from seif_blender.build import blueprint as blueprint_module
from seif_blender.build import hair_nodes
from seif_blender.build.head_object import build_blueprint, build_head
from seif_blender.build.names import BONE_NAMES, HAIR_GROUP, HAIR_PROPERTY, HairForm
from seif_blender.build.plan.axes import to_blender
from seif_blender.build.plan.cards import atlas_strips, card_width
from seif_blender.build.plan.draw_up import draw_up
from seif_blender.build.plan.hair import root_uvs, turned
from seif_blender.build.settings import BuildSettings
from seif_blender.hair import operators as hair_operators
from seif_blender.hair.lookup import hair_objects, missing_nodes
from seif_core.headmodel.skinning import pose_vertices, rotation_matrices

SHELL, STRANDS, CARDS, NONE = HairForm
MILLIMETRE = 1e-3
POSE = np.array([[0.1, 0.3, 0.0], [0.2, -0.4, 0.1], [0, 0, 0], [0, 0, 0], [0, 0, 0]])
OPERATORS = (*hair_operators.CLASSES, *animate_operators.CLASSES)


@pytest.fixture(autouse=True)
def empty_scene():
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    for cls in OPERATORS:
        bpy.utils.register_class(cls)
    yield
    for cls in OPERATORS:
        bpy.utils.unregister_class(cls)


def update() -> None:
    bpy.context.view_layer.update()


def evaluated(ob) -> np.ndarray:
    """Points (N, 3) in the library's axes, in the space of the rig, as Blender shows them: vertices or curve points."""
    update()
    data = ob.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    if ob.type == "MESH":
        flat = np.empty(3 * len(data.vertices), np.float32)
        data.vertices.foreach_get("co", flat)
    else:
        flat = np.empty(3 * len(data.points), np.float32)
        data.attributes["position"].data.foreach_get("vector", flat)
    return from_blender(flat.reshape(-1, 3))


def set_pose(rig, pose=POSE) -> None:
    for name, rotation in zip(BONE_NAMES, rotation_matrices(pose), strict=True):
        rig.pose.bones[name].rotation_quaternion = Matrix(bone_rotation(name, rotation)).to_quaternion()
    rig.update_tag()


def choose(rig, form) -> None:
    rig[HAIR_PROPERTY] = int(form)
    rig.update_tag()
    update()


def without_children(guides) -> None:
    for modifier in guides.modifiers:
        modifier.show_viewport = modifier.name == "Follow Surface"


def test_the_layer_becomes_three_objects_of_which_the_shell_is_shown():
    built = build_head(with_hair(sample_head()))
    update()
    names = {form: ob.name for form, ob in built.hair.items()}
    assert names == {SHELL: "sample Hair", STRANDS: "sample Hair Guides", CARDS: "sample Hair Cards"}
    assert {form: ob.type for form, ob in built.hair.items()} == {SHELL: "MESH", STRANDS: "CURVES", CARDS: "MESH"}
    assert [form for form, ob in built.hair.items() if not ob.hide_viewport] == [SHELL]


@pytest.mark.parametrize("form", [SHELL, CARDS])
def test_a_mesh_of_the_layer_has_its_vertices_faces_uvs_weights_and_texture(form):
    head = with_hair(sample_head())
    hair = head.hair.shell if form is SHELL else head.hair.cards
    ob = build_head(head).hair[form]
    mesh = ob.data
    assert [list(p.vertices) for p in mesh.polygons] == [[v for v in f if v >= 0] for f in hair.faces.tolist()]
    assert np.allclose([u.vector for u in mesh.uv_layers["UVMap"].uv], hair.uvs[hair.uv_faces[hair.faces >= 0]])
    weights = np.zeros((len(hair.vertices), 5))
    for vertex in mesh.vertices:
        for group in vertex.groups:
            weights[vertex.index, BONE_NAMES.index(ob.vertex_groups[group.group].name)] = group.weight
    assert np.abs(weights - hair.skin_weights).max() < 1e-4
    shader = mesh.materials[0].node_tree.nodes["Principled BSDF"]
    image = shader.inputs["Alpha"].links[0].from_node.image
    assert shader.inputs["Base Color"].links[0].from_node.image == image
    bump = shader.inputs["Normal"].links[0].from_node
    assert bump.inputs["Height"].links[0].from_node.image == image  # strands stand out
    flat = np.empty(image.size[0] * image.size[1] * 4, np.float32)
    image.pixels.foreach_get(flat)
    stored = np.rint(flat.reshape(hair.texture.shape)[::-1] * 255)
    assert np.array_equal(stored, hair.texture)


def test_guides_are_hair_curves_that_stand_on_the_head_by_its_uv_map():
    head = with_hair(sample_head())
    built = build_head(head)
    guides = built.hair[STRANDS].data
    flat = np.empty(3 * len(guides.points), np.float32)
    guides.attributes["position"].data.foreach_get("vector", flat)
    assert np.allclose(flat.reshape(head.hair.guides.points.shape), to_blender(head.hair.guides.points))
    assert guides.surface == built.mesh
    assert guides.surface_uv_map in built.mesh.data.uv_layers
    uvs = np.array([tuple(d.vector) for d in guides.attributes["surface_uv_coordinate"].data])
    assert np.allclose(uvs, root_uvs(head, head.hair.guides), atol=1e-6)
    assert [d.value for d in guides.attributes["seen"].data] == head.hair.guides.seen.tolist()
    assert guides.materials[0].node_tree.nodes["Principled Hair BSDF"].parametrization == "COLOR"


def test_roots_lie_where_their_face_and_weights_say_in_the_uv_map():
    head = with_hair(sample_head())
    guides = head.hair.guides
    corners = head.uv_faces[guides.root_faces]
    for uv, four, second, weights in zip(
        root_uvs(head, guides), corners, guides.root_second, guides.root_weights, strict=True
    ):
        three = four[[0, 2, 3]] if second else four[:3]
        assert np.allclose(uv, weights @ head.uvs[three], atol=1e-6)


def test_the_switch_shows_one_form_for_view_and_render_and_offers_what_there_is():
    built = build_head(with_hair(sample_head()))
    items = built.rig.id_properties_ui(HAIR_PROPERTY).as_dict()["items"]
    assert [item[1] for item in items] == ["Shell", "Strands", "Cards", "None"]
    for form in HairForm:
        choose(built.rig, form)
        for other, ob in built.hair.items():
            assert ob.hide_viewport == ob.hide_render == (other is not form)
    drivers = [curve.driver for ob in built.hair.values() for curve in ob.animation_data.drivers]
    assert len(drivers) == 6
    assert all(driver.is_simple_expression for driver in drivers)
    assert built.rig.is_property_overridable_library(f'["{HAIR_PROPERTY}"]')


def test_a_hat_is_a_shell_and_a_bald_head_has_no_switch():
    built = build_head(with_hat(sample_head()))
    assert set(built.hair) == {SHELL}
    items = built.rig.id_properties_ui(HAIR_PROPERTY).as_dict()["items"]
    assert [item[1] for item in items] == ["Shell", "None"]
    bald = build_head(sample_head())
    assert bald.hair == {}
    assert HAIR_PROPERTY not in bald.rig


@pytest.mark.parametrize("form", [SHELL, CARDS])
def test_shell_and_cards_follow_neck_and_head_as_the_library_s_skinning(form):
    head = with_hair(sample_head())
    hair = head.hair.shell if form is SHELL else head.hair.cards
    built = build_head(head)
    choose(built.rig, form)
    assert np.abs(evaluated(built.hair[form]) - hair.vertices).max() < 1e-3 * MILLIMETRE
    set_pose(built.rig)
    expected = pose_vertices(hair.vertices, head.joints, hair.skin_weights, POSE)
    assert np.abs(evaluated(built.hair[form]) - expected).max() < 0.05 * MILLIMETRE


def posed_guides(head) -> np.ndarray:
    """The guides carried rigidly by the head where they stand: the skull turns as one piece."""
    stiff = np.zeros((head.hair.guides.points.size // 3, 5), np.float32)
    stiff[:, 1] = 1
    return pose_vertices(head.hair.guides.points.reshape(-1, 3), head.joints, stiff, POSE)


def stiff_head():
    """A head with hair whose skin has no weights between: the whole head turns with the neck's bone."""
    head = sample_head()
    weights = np.zeros_like(head.skin_weights)
    weights[:, 1] = 1
    return with_hair(dataclasses.replace(head, skin_weights=weights, pose_deltas=np.zeros_like(head.pose_deltas)))


def test_guides_follow_the_skin_on_which_they_stand():
    head = stiff_head()
    built = build_head(head, location=(1.0, 2.0, 3.0))
    choose(built.rig, STRANDS)
    guides = built.hair[STRANDS]
    without_children(guides)
    assert np.abs(evaluated(guides) - head.hair.guides.points.reshape(-1, 3)).max() < 0.01 * MILLIMETRE
    set_pose(built.rig)
    assert np.abs(evaluated(guides) - posed_guides(head)).max() < 0.5 * MILLIMETRE
    assert np.allclose(guides.matrix_world, built.mesh.matrix_world)


def test_strands_between_the_guides_come_from_blender_s_own_node_groups():
    head = with_hair(sample_head())
    built = build_head(head)
    choose(built.rig, STRANDS)
    guides = built.hair[STRANDS]
    assert [m.node_group.name for m in guides.modifiers][:-1] == list(hair_nodes.HAIR_GROUPS)
    strands = guides.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    assert 3000 < len(strands.curves) < 15000
    points = evaluated(guides)
    low, high = (bound(head.hair.guides.points.reshape(-1, 3), axis=0) for bound in (np.min, np.max))
    inside = ((points > low - 0.03) & (points < high + 0.03)).all(axis=1)
    assert inside.mean() > 0.95
    assert missing_nodes(guides) == ""


def test_strands_between_guides_that_wind_wind_too():
    head = with_hair(sample_head())
    straight = head.hair.guides.points
    share = np.linspace(0, 1, straight.shape[1])
    angle = 2 * np.pi * (2 * share + np.random.default_rng(0).random((len(straight), 1)))
    offset = np.stack([np.cos(angle), np.zeros_like(angle), np.sin(angle)], axis=2)
    points = (straight + 0.006 * share[:, None] * offset).astype(np.float32)
    guides = dataclasses.replace(head.hair.guides, points=points)
    built = build_head(dataclasses.replace(head, hair=dataclasses.replace(head.hair, guides=guides)))
    choose(built.rig, STRANDS)
    built.hair[STRANDS].modifiers[hair_nodes.FRIZZ].show_viewport = False
    strands = evaluated(built.hair[STRANDS]).reshape(-1, *points.shape[1:])
    assert np.median(turned(strands)) > 0.8 * np.median(turned(points))


def test_strands_grow_on_the_skin_among_the_roots_alone():
    head = with_hair(sample_head())
    built = build_head(head)
    group = built.mesh.vertex_groups[HAIR_GROUP]
    weight = np.zeros(len(head.vertices))
    for vertex in built.mesh.data.vertices:
        weight[vertex.index] = sum(g.weight for g in vertex.groups if g.group == group.index)
    scalp, part = head.regions["scalp"], np.zeros(len(head.vertices), bool)
    part[np.unique(head.faces[(head.face_part != 0)])] = True
    assert weight[scalp].mean() > 0.8
    assert weight[part & ~scalp].max() == 0
    assert weight[head.regions["lips"]].max() == 0


def test_a_second_head_uses_the_node_groups_of_the_first():
    build_head(with_hair(sample_head()))
    before = {g.name for g in bpy.data.node_groups}
    build_head(with_hair(sample_head(1)))
    assert {g.name for g in bpy.data.node_groups} == before
    assert not any(g.asset_data for g in bpy.data.node_groups if g.name in hair_nodes.HAIR_GROUPS)


def test_a_blender_without_the_library_leaves_the_modifiers_out_and_says_so(monkeypatch):
    monkeypatch.setattr(hair_nodes, "hair_nodes_file", lambda: None)
    head = stiff_head()
    built = build_head(head)
    guides = built.hair[STRANDS]
    assert [m.name for m in guides.modifiers] == ["Follow Surface"]
    assert all(name in missing_nodes(guides) for name in hair_nodes.HAIR_GROUPS)
    choose(built.rig, STRANDS)
    set_pose(built.rig)
    assert np.abs(evaluated(guides) - posed_guides(head)).max() < 0.5 * MILLIMETRE


def test_any_object_of_the_hair_leads_to_its_head():
    built = build_head(with_hair(sample_head()))
    for form, ob in built.hair.items():
        choose(built.rig, form)
        bpy.context.view_layer.objects.active = ob
        found = find_head(bpy.context)
        assert (found.mesh, found.rig) == (built.mesh, built.rig)
        assert hair_objects(found) == built.hair


def saved(tmp_path, built) -> Path:
    file = tmp_path / "head.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(file))
    return file


def hair_in_scene():
    rig = next(ob for ob in bpy.context.scene.objects if ob.type == "ARMATURE")
    mesh = next(ob for ob in rig.children if "seif_format_version" in ob)
    bpy.context.view_layer.objects.active = rig
    return rig, mesh, hair_objects(find_head(bpy.context))


def check_posed(head) -> None:
    """Switch and pose what is in the scene; everything must follow."""
    rig, _, hair = hair_in_scene()
    assert set(hair) == {SHELL, STRANDS, CARDS}
    set_pose(rig)
    for form in (SHELL, CARDS, STRANDS):
        choose(rig, form)
        assert [f for f, ob in hair.items() if not ob.hide_viewport] == [form]
        if form is STRANDS:
            break
        mesh = head.hair.shell if form is SHELL else head.hair.cards
        expected = pose_vertices(mesh.vertices, head.joints, mesh.skin_weights, POSE)
        assert np.abs(evaluated(hair[form]) - expected).max() < 0.05 * MILLIMETRE
    if hair[STRANDS].library is None and hair[STRANDS].override_library is None:
        without_children(hair[STRANDS])
        assert np.abs(evaluated(hair[STRANDS]) - posed_guides(head)).max() < 0.5 * MILLIMETRE


def test_saved_and_reopened_it_still_follows(tmp_path):
    head = stiff_head()
    bpy.ops.wm.open_mainfile(filepath=str(saved(tmp_path, build_head(head))))
    check_posed(head)


def test_appended_with_its_collection_it_still_follows(tmp_path):
    head = stiff_head()
    file = saved(tmp_path, build_head(head))
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    with bpy.data.libraries.load(str(file), link=False) as (_, here):
        here.collections = ["sample"]
    bpy.context.scene.collection.children.link(here.collections[0])
    check_posed(head)


def test_linked_and_overridden_it_still_follows(tmp_path):
    head = stiff_head()
    built = build_head(head)
    without_children(built.hair[STRANDS])
    file = saved(tmp_path, built)
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    with bpy.data.libraries.load(str(file), link=True) as (_, here):
        here.collections = ["sample"]
    linked = here.collections[0]
    linked.override_hierarchy_create(bpy.context.scene, bpy.context.view_layer)
    update()
    rig, mesh, hair = hair_in_scene()
    assert rig.override_library is not None
    check_posed(head)
    assert hair[STRANDS].data.surface == mesh
    assert np.abs(evaluated(hair[STRANDS]) - posed_guides(head)).max() < 0.5 * MILLIMETRE


def test_cards_are_made_of_the_guides_as_groomed():
    head = stiff_head()
    built = build_head(head)
    guides, moved = built.hair[STRANDS], np.array([0.0, -0.05, 0.0])
    positions = guides.data.attributes["position"].data
    flat = to_blender(head.hair.guides.points + moved).astype(np.float32).ravel()
    positions.foreach_set("vector", flat)
    old = built.hair[CARDS]
    material = old.data.materials[0]
    bpy.context.view_layer.objects.active = built.mesh
    assert bpy.ops.seif.make_hair_cards(count=50) == {"FINISHED"}
    cards = hair_objects(find_head(bpy.context))[CARDS]
    assert cards.name == "sample Hair Cards"
    assert not cards.hide_viewport
    assert cards.data.materials[0] == material
    points = evaluated(cards)
    chosen = [i * 200 // 50 for i in range(50)]
    middles = points.reshape(50, -1, 2, 3).mean(2)
    assert np.abs(middles[:, 0] - (head.hair.guides.points + moved)[chosen, 0]).max() < 0.01 * MILLIMETRE
    assert np.abs(middles[:, -1] - (head.hair.guides.points + moved)[chosen, -1]).max() < 0.01 * MILLIMETRE
    across = np.linalg.norm(np.diff(points.reshape(50, -1, 2, 3), axis=2), axis=3)
    assert np.abs(across - card_width(head.hair.cards)).max() < 0.01 * MILLIMETRE
    uvs = np.array([tuple(u.vector) for u in cards.data.uv_layers["UVMap"].uv])
    assert {round(u * STRIPS) for u in uvs[:, 0]} == set(range(STRIPS + 1))
    set_pose(built.rig)
    rigid = np.eye(5, dtype=np.float32)[np.ones(len(points), int)]
    assert np.abs(evaluated(cards) - pose_vertices(points, head.joints, rigid, POSE)).max() < 0.05 * MILLIMETRE
    outward = np.array([p.normal.dot(p.center) for p in cards.data.polygons])
    assert (outward > 0).mean() > 0.9


def test_cards_are_made_where_there_were_none_and_the_switch_offers_them():
    head = stiff_head()
    head = dataclasses.replace(head, hair=dataclasses.replace(head.hair, cards=None))
    built = build_head(head)
    bpy.context.view_layer.objects.active = built.mesh
    assert [i[1] for i in built.rig.id_properties_ui(HAIR_PROPERTY).as_dict()["items"]] == ["Shell", "Strands", "None"]
    assert bpy.ops.seif.make_hair_cards() == {"FINISHED"}
    assert "Cards" in [i[1] for i in built.rig.id_properties_ui(HAIR_PROPERTY).as_dict()["items"]]
    assert len(hair_objects(find_head(bpy.context))[CARDS].data.polygons) == 8 * 200


def test_cards_of_a_head_that_was_moved_while_its_strands_were_hidden_lie_on_it():
    built = build_head(with_hair(sample_head()))
    bpy.context.view_layer.objects.active = built.mesh
    assert bpy.ops.seif.make_hair_cards(count=50) == {"FINISHED"}
    before = evaluated(hair_objects(find_head(bpy.context))[CARDS])
    choose(built.rig, SHELL)
    built.rig.location.x = 0.3
    update()
    assert bpy.ops.seif.make_hair_cards(count=50) == {"FINISHED"}
    cards = hair_objects(find_head(bpy.context))[CARDS]
    np.testing.assert_allclose(evaluated(cards), before, atol=1e-6)
    assert cards.matrix_world.translation.x == pytest.approx(0.3)


def test_a_head_made_anew_takes_the_names_of_the_one_it_replaces():
    first = build_head(with_hair(sample_head()))
    names = {ob.name for ob in bpy.data.objects}
    images = {image.name for image in bpy.data.images}
    second = build_head(with_hair(sample_head()))
    removal.remove_head(first.rig)
    removal.drop_counters(second.rig)
    assert {ob.name for ob in bpy.data.objects} == names
    assert {image.name for image in bpy.data.images} == images
    assert second.mesh.data.name == second.mesh.name
    assert [c.name for c in second.rig.users_collection] == ["sample"]
    assert not any(material.name.endswith(".001") for material in second.mesh.data.materials)


def test_a_head_without_guides_makes_no_cards():
    built = build_head(with_hat(sample_head()))
    bpy.context.view_layer.objects.active = built.mesh
    assert not bpy.ops.seif.make_hair_cards.poll()


def test_deleting_a_head_deletes_its_hair_and_leaves_other_heads():
    keep = build_head(with_hair(sample_head(1)))
    kept = {ob.name for ob in bpy.data.objects}
    built = build_head(with_hair(sample_head()))
    bpy.context.view_layer.objects.active = built.hair[SHELL]
    assert bpy.ops.seif.delete_head() == {"FINISHED"}
    assert {ob.name for ob in bpy.data.objects} == kept
    assert len(bpy.data.hair_curves) == 1
    assert len(bpy.data.collections) == 2  # the other head's, and its bones' shapes
    choose(keep.rig, STRANDS)
    assert len(evaluated(keep.hair[STRANDS])) > 0


def test_the_blueprint_of_hair_survives_the_way_from_the_worker_s_python():
    plan = draw_up(with_hair(sample_head()), BuildSettings())
    back = blueprint_module.loads(blueprint_module.dumps(plan))
    assert back == plan
    assert set(build_blueprint(back).hair) == {SHELL, STRANDS, CARDS}


def test_the_atlas_s_strips_run_from_root_to_tip():
    head = with_hair(sample_head())
    strips = atlas_strips(head.hair.cards, head.hair.guides.points[:, 0])
    expected = [[c / STRIPS, 1, (c + 1) / STRIPS, 0] for c in range(STRIPS)]
    assert np.allclose(strips, expected, atol=1e-6)
    assert card_width(head.hair.cards) == pytest.approx(0.012, rel=0.05)


_IMPORT_BACK = """
import sys, json
import bpy
bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
kind, file = sys.argv[1:]
if kind == "fbx":
    import addon_utils
    addon_utils.enable("io_scene_fbx")
(bpy.ops.import_scene.fbx if kind == "fbx" else bpy.ops.import_scene.gltf)(filepath=file)
found = {}
for ob in bpy.data.objects:
    if ob.type == "MESH":
        shaders = [n for m in ob.data.materials for n in m.node_tree.nodes if n.type == "BSDF_PRINCIPLED"]
        rigged = any(m.type == "ARMATURE" and m.object is not None for m in ob.modifiers)
        found[ob.name] = [rigged, any(s.inputs["Alpha"].is_linked for s in shaders), len(ob.data.vertices)]
print("FOUND" + json.dumps(found))
"""


@pytest.mark.parametrize("kind", ["gltf", "fbx"])
def test_blender_s_own_exporters_carry_the_hair_that_is_shown(tmp_path, kind):
    built = build_head(with_hair(sample_head()))
    choose(built.rig, CARDS)
    file = tmp_path / ("head.glb" if kind == "gltf" else "head.fbx")
    if kind == "gltf":
        bpy.ops.export_scene.gltf(
            filepath=str(file), export_format="GLB", export_apply=False, use_visible=True, export_skins=True
        )
    else:
        import addon_utils

        addon_utils.enable("io_scene_fbx")
        bpy.ops.export_scene.fbx(
            filepath=str(file), use_visible=True, use_mesh_modifiers=False, add_leaf_bones=False, path_mode="COPY",
            embed_textures=True, object_types={"ARMATURE", "MESH"}, bake_anim=False,
        )  # fmt: skip
    (tmp_path / "back.py").write_text(_IMPORT_BACK, encoding="utf-8")
    command = [sys.executable, tmp_path / "back.py", kind, file]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = json.loads(next(line for line in said.splitlines() if line.startswith("FOUND"))[5:])
    hair = {name: values for name, values in found.items() if "Hair" in name}
    assert list(hair) == ["sample Hair Cards"]
    rigged, clear, vertices = hair["sample Hair Cards"]
    assert rigged
    assert clear
    assert vertices >= len(with_hair(sample_head()).hair.cards.vertices)
    assert "sample" in found
