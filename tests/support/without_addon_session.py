"""What a head does in a Blender without the add-on; run as `without_addon_session.py SCRATCH` after the other session.

Appends the head of SCRATCH/head.blend, then links it and makes a library override; leaves plain.json.
"""

import json
import os
import sys
from pathlib import Path

scratch = Path(sys.argv[1])
os.environ["BLENDER_USER_RESOURCES"] = str(scratch / "plain_user")

import bpy  # noqa: E402 - after its user folder is set
import numpy as np  # noqa: E402

library = str(scratch / "head.blend")
found: dict = {}


def points(ob):
    bpy.context.view_layer.update()
    mesh = ob.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    flat = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", flat)
    return flat.reshape(-1, 3)


def parts(collection):
    rig = next(ob for ob in collection.objects if ob.type == "ARMATURE")
    return rig, next(ob for ob in rig.children if ob.type == "MESH")


def exercise(rig, mesh):
    """How far, in metres, each control moves the head: slider of the rig, driven corrective, key, all at rest again."""
    rest, moved = points(mesh), {}
    keys = mesh.data.shape_keys.key_blocks
    rig["emotion_joy"] = 1.0
    rig.update_tag()
    moved["slider"] = float(np.abs(points(mesh) - rest).max())
    rig["emotion_joy"] = 0.0
    rig.pose.bones["jaw"].rotation_quaternion = (0.98, 0.199, 0, 0)
    rig.update_tag()
    moved["bone"] = float(np.abs(points(mesh) - rest).max())
    moved["corrective"] = keys["jaw_R32"].value
    rig.pose.bones["jaw"].rotation_quaternion = (1, 0, 0, 0)
    keys["mouthSmile_L"].value = 1.0
    rig.update_tag()
    moved["key"] = float(np.abs(points(mesh) - rest).max())
    return moved


bpy.ops.wm.read_factory_settings(use_empty=True)
found["addon"] = hasattr(bpy.types, "SEIF_PT_head")
with bpy.data.libraries.load(library) as (there, here):
    here.collections = ["sample"]
bpy.context.scene.collection.children.link(here.collections[0])
found["appended"] = exercise(*parts(here.collections[0]))

bpy.ops.wm.read_factory_settings(use_empty=True)
with bpy.data.libraries.load(library, link=True) as (there, here):
    here.collections = ["sample"]
scene = bpy.context.scene
scene.collection.children.link(here.collections[0])
local = here.collections[0].override_hierarchy_create(scene, bpy.context.view_layer, do_fully_editable=True)
rig, mesh = parts(local)
found["overridden"] = exercise(rig, mesh)
found["is_override"] = rig.override_library is not None and mesh.override_library is not None
mesh.data.shape_keys.key_blocks["mouthSmile_L"].value = 0.5
rig["emotion_joy"] = 0.75
rig.keyframe_insert('["emotion_joy"]', frame=1)
mesh.data.shape_keys.key_blocks["mouthSmile_L"].keyframe_insert("value", frame=1)
names = rig.name, mesh.name
bpy.ops.wm.save_as_mainfile(filepath=str(scratch / "override.blend"))
bpy.ops.wm.open_mainfile(filepath=str(scratch / "override.blend"))
rig = next(ob for ob in bpy.data.objects if ob.name == names[0] and ob.library is None)
mesh = next(ob for ob in bpy.data.objects if ob.name == names[1] and ob.library is None)
bpy.context.scene.frame_set(1)
found["reloaded_slider"] = rig["emotion_joy"]
found["reloaded_key"] = mesh.data.shape_keys.key_blocks["mouthSmile_L"].value
(scratch / "plain.json").write_text(json.dumps(found))
