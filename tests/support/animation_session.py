"""What the animation panels of the built zip do in a fresh Blender; run as `animation_session.py ZIP SCRATCH`.

Needs `SCRATCH/head.npz`; leaves found.json, which `test_blender_animation.py` judges, and head.blend.
"""

import importlib
import json
import os
import sys
from pathlib import Path

zip_file, scratch = Path(sys.argv[1]), Path(sys.argv[2])
os.environ["BLENDER_USER_RESOURCES"] = str(scratch / "user")

import bpy  # noqa: E402 - after its user folder is set
from mathutils import Quaternion, Vector  # noqa: E402

found: dict = {}
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.extensions.package_install_files(filepath=str(zip_file), repo="user_default", enable_on_install=True)
name = "bl_ext.user_default.seif_blender"
core = sys.modules[f"{name}.core"]
head_object = importlib.import_module(f"{name}.build.head_object")
settings = importlib.import_module(f"{name}.build.settings")
regions = importlib.import_module(f"{name}.animate.regions")
head = core.Head.load(scratch / "head.npz")
chosen = settings.BuildSettings("arkit,visemes,vrm,emotions,jaw,flame:3", "short")
built = head_object.build_head(head, settings=chosen)
rig, keys, bones = built.rig, built.mesh.data.shape_keys.key_blocks, built.rig.pose.bones


def values():
    return {key.name: round(key.value, 4) for key in keys[1:] if key.value}


def settle():
    rig.update_tag()
    bpy.context.view_layer.update()


found["panels"] = [getattr(bpy.types, f"SEIF_PT_{p}").poll(bpy.context) for p in ("controls", "emotions", "expression")]
found["regions"] = {}
for key in keys[1:]:
    found["regions"].setdefault(regions.region_of(key.name), []).append(key.name)
found["search"] = [key.name for key in keys if regions.found_by(key.name, "SMILE l")]

keys["browInnerUp"].value = 0.7
keys["viseme_aa"].value = 0.5
found["emotion"] = sorted(bpy.ops.seif.apply_emotion(emotion="contempt", strength=0.5))
found["contempt"] = values()
bpy.ops.seif.apply_emotion(emotion="surprise", strength=1.0, add=True)
found["added"] = values()

bpy.ops.seif.reset_expression()
found["reset"] = values()
keys["mouthSmile_L"].value, keys["mouthSmile_R"].value = 0.8, 0.2
keys["jawLeft"].value, keys["vrm_blinkLeft"].value = 0.4, 0.6
bones["eye.L"].rotation_quaternion = Quaternion((0, 0, 1), 0.2)
bones["neck"].rotation_quaternion = Quaternion((0, 1, 0), 0.3)
bpy.ops.seif.mirror_expression(direction="LEFT_TO_RIGHT")
found["copied"] = values()
found["copied_eye"] = list(bones["eye.R"].seif_turn)
found["copied_neck"] = list(bones["neck"].seif_turn)
bpy.ops.seif.mirror_expression(direction="SWAP")
found["swapped"] = values()
found["swapped_neck"] = list(bones["neck"].seif_turn)
bpy.ops.seif.reset_expression()

found["turns"] = []
for mode in ("QUATERNION", "XYZ", "ZYX", "AXIS_ANGLE"):
    bones["jaw"].rotation_mode = mode
    bones["jaw"].seif_turn = (0.3, 0.05, -0.1)
    settle()
    found["turns"].append([*bones["jaw"].seif_turn, *bones["jaw"].matrix_basis.to_quaternion()])
bones["jaw"].rotation_mode = "QUATERNION"
rig.seif_gaze = (0.2, -0.1)
found["gaze"] = [*bones["eye.L"].seif_turn, *bones["eye.R"].seif_turn]
bpy.ops.seif.reset_expression()


def off_target():
    """Degrees between each eye's axis and the direction to the target."""
    settle()
    posed = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
    place = posed.matrix_world.inverted() @ target.matrix_world.translation
    angles = []
    for eye in ("eye.L", "eye.R"):
        bone = posed.pose.bones[eye]
        axis = (bone.matrix.to_3x3() @ Vector((0, 1, 0))).normalized()
        angles.append(axis.angle(place - bone.head) * 57.2958)
    return angles


objects = set(bpy.data.objects)
bpy.ops.seif.look_at()
(target,) = set(bpy.data.objects) - objects
found["looks_straight"] = off_target()
target.location += Vector((0.15, 0.0, 0.1))
found["looks"] = off_target()

target.location += Vector((30.0, 0.0, 0.0))
found["looks_too_far"] = off_target()
bpy.ops.seif.key_expression()
found["target_keyed"] = target.animation_data is not None
found["target_parent"] = target.parent == rig
bpy.ops.seif.look_at()
found["look_at_gone"] = [len(bones["eye.L"].constraints), len(bpy.data.objects) - len(objects)]

scene = bpy.context.scene
scene.frame_set(1)
bpy.ops.seif.key_expression()
scene.frame_set(11)
keys["mouthSmile_L"].value, rig["emotion_joy"] = 1.0, 1.0
bones["jaw"].seif_turn = (0.2, 0, 0)
bones["root"].location = (0, 0.1, 0)
keys["expr_002"].value = -2.5
bpy.ops.seif.key_expression()
found["played"] = []
for frame in (1, 6, 11):
    scene.frame_set(frame)
    found["played"].append(
        [
            keys["mouthSmile_L"].value,
            keys["emotion_joy"].value,
            keys["expr_002"].value,
            bones["jaw"].seif_turn[0],
            bones["root"].location[1],
        ]
    )

own_action = rig.animation_data.action
found["assets_made"] = [sorted(bpy.ops.seif.emotion_assets()) for _ in range(2)]
assets = {action.name: action for action in bpy.data.actions if action.asset_data is not None}
found["assets"] = {n: [a["seif_emotion"], a.asset_data.description] for n, a in sorted(assets.items())}
found["own_action_stays"] = rig.animation_data.action == own_action
rig.animation_data_clear()
built.mesh.data.shape_keys.animation_data.action = None
bpy.ops.seif.reset_expression()
rig["emotion_fear"] = 1.0
rig.pose.apply_pose_from_action(assets["Joy"], evaluation_time=1.0)
settle()
found["asset_applied"] = {n: round(rig[f"emotion_{n}"], 4) for n in ("joy", "fear")}
found["asset_moves"] = round(keys["emotion_joy"].value, 4)

bpy.ops.seif.reset_expression()
rig["emotion_joy"] = 0.0
bpy.ops.wm.save_as_mainfile(filepath=str(scratch / "head.blend"))
bpy.ops.preferences.addon_disable(module=name)
found["taken_back"] = not hasattr(bpy.types.PoseBone, "seif_turn")
bpy.ops.preferences.addon_enable(module=name)
found["given_again"] = hasattr(bpy.types.PoseBone, "seif_turn")


def tried(operator, file, text):
    """What a capture operator answers to a file, and what it keys at frames 0 and 6 of it."""
    path = scratch / file
    path.write_text(text)
    scene.frame_set(20)
    for holder in (rig, built.mesh.data.shape_keys):
        if holder.animation_data is not None:
            holder.animation_data.action = None
    try:
        answer = sorted(operator(filepath=str(path)))
    except RuntimeError as error:
        return [str(error)]
    weights = []
    for frame in (20, 26):
        scene.frame_set(frame)
        weights.append(round(keys["jawOpen"].value, 3))
    return [answer, weights, len(scene.timeline_markers)]


bpy.context.view_layer.objects.active = built.mesh
scene.render.fps = scene.seif_capture.rate = 24
columns = [*(n[0].upper() + n[1:] for n in head.key_names), *(f"Head{a}" for a in ("Yaw", "Pitch", "Roll"))]
open_jaw = ",".join("0.5" if name == "JawOpen" else "0" for name in columns)
shut = ",".join("0" for _ in columns)
take = [f"Timecode,BlendshapeCount,{','.join(columns)}"]
take += [f"00:00:00:{f:02}.000,61,{open_jaw if f >= 6 else shut}" for f in range(12)]
found["live_link"] = tried(bpy.ops.seif.import_live_link, "take.csv", "\n".join(take))
found["visemes"] = tried(bpy.ops.seif.import_visemes, "voice.tsv", "0.00\tX\n0.20\tD\n0.45\tX\n")
found["broken_take"] = tried(bpy.ops.seif.import_live_link, "broken.csv", "no,live,link\n1,2,3\n")
for object_ in list(bpy.context.scene.objects):
    object_.select_set(state=False)
bpy.context.view_layer.objects.active = None
found["capture_without_head"] = [
    getattr(bpy.ops.seif, name).poll()
    for name in ("copy_expression", "animate_video", "import_live_link", "import_visemes")
]
(scratch / "found.json").write_text(json.dumps(found))
