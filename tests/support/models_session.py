"""Head models and FLAME parameters in a fresh Blender with the built zip; run as `models_session.py ZIP SCRATCH`.

Writes one JSON object of findings, which `test_blender_models.py` judges.
"""

import json
import os
import sys
from pathlib import Path

zip_file, scratch = Path(sys.argv[1]), Path(sys.argv[2])
os.environ["BLENDER_USER_RESOURCES"] = str(scratch / "user")

import bpy  # noqa: E402 - after its user folder is set
import numpy as np  # noqa: E402

HERE = Path(__file__).resolve().parent
found: dict = {}
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.extensions.package_install_files(filepath=str(zip_file), repo="user_default", enable_on_install=True)
name = "bl_ext.user_default.seif_blender"
own = bpy.context.preferences.addons[name].preferences
own.python = sys.executable
environment = sys.modules[f"{name}.worker.environment"]
defaults = environment.WorkerCommand.__init__.__defaults__
environment.WorkerCommand.__init__.__defaults__ = (*defaults[:-1], HERE / "model_worker.py")
core = sys.modules[f"{name}.core"]
scene = bpy.context.scene


def attempt(operator, **values):
    try:
        return [sorted(operator(**values)), ""]
    except RuntimeError as error:
        return [[], str(error)]


def listed():
    return [[m["name"], m["title"], m["licence"]] for m in json.loads(own.added_models)]


found["online"] = bpy.app.online_access
found["download_poll"] = bpy.ops.seif.download_gnm.poll()
found["hostile"] = attempt(bpy.ops.seif.add_head_model, filepath=str(scratch / "hostile.pkl"))
found["after_hostile"] = listed()
found["gnm"] = attempt(bpy.ops.seif.add_head_model, filepath=str(scratch / "gnm_head.npz"))
found["after_gnm"] = listed()
scene.seif.head_model = "added"
scene.seif.photo = str(scratch / "photo.jpg")
found["added_poll"] = bpy.ops.seif.reconstruct.poll()
scene.seif.added_model = "gnm"
found["added_settings"] = sys.modules[f"{name}.reconstruct.properties"].worker_settings(bpy.context)["head_model"]

head = core.Head.load(scratch / "head.npz")
build = __import__(f"{name}.build.head_object", fromlist=["build_head"])
built = build.build_head(head)
mesh_object, rig = built.mesh, built.rig
scene.frame_set(5)
found["no_flame"] = attempt(bpy.ops.seif.import_flame, filepath=str(scratch / "vhap.npz"))
found["flame"] = attempt(bpy.ops.seif.add_head_model, filepath=str(scratch / "flame2023_Open.pkl"))
found["after_flame"] = listed()
found["bad_parameters"] = attempt(bpy.ops.seif.import_flame, filepath=str(scratch / "bad.npz"))
found["unchanged"] = [key.name for key in mesh_object.data.shape_keys.key_blocks[1:] if key.value]
found["imported"] = attempt(bpy.ops.seif.import_flame, filepath=str(scratch / "vhap.npz"), head_turn=True)


def shown(frame):
    scene.frame_set(frame)
    values = {k.name: k.value for k in mesh_object.data.shape_keys.key_blocks[1:] if abs(k.value) > 1e-4}
    bones = {b.name: list(b.rotation_quaternion) for b in rig.pose.bones}
    return {"keys": values, "bones": bones}


found["frames"] = [shown(frame) for frame in (5, 6, 7)]
plan = __import__(f"{name}.build.plan.rig", fromlist=["BONE_AXES"])
apply = sys.modules[f"{name}.flame.apply"]
turn = np.array([0.1, -0.2, 0.3])
found["axes"] = {
    bone: float(
        np.abs(
            np.array(apply.quaternion_of(bone, turn.tolist()).to_matrix())
            - axes.T @ core.rotation_matrices(turn[None])[0] @ axes
        ).max()
    )
    for bone, axes in plan.BONE_AXES.items()
}
found["end"] = scene.frame_end
scene.frame_set(20)
found["single"] = attempt(bpy.ops.seif.import_flame, filepath=str(scratch / "single.npz"))
found["single_shown"] = shown(20)

flame_head = core.Head.load(scratch / "flame.npz")
settings = __import__(f"{name}.build.settings", fromlist=["BuildSettings"]).BuildSettings
with_components = build.build_head(flame_head, settings=settings(expressions="arkit,flame:3"))
mesh_object, rig = with_components.mesh, with_components.rig
found["components"] = attempt(bpy.ops.seif.import_flame, filepath=str(scratch / "components.npz"))
found["components_shown"] = shown(20)["keys"]

found["removed"] = attempt(bpy.ops.seif.remove_head_model, name="gnm")
found["after_remove"] = listed()
own.added_models = "not json"
found["refreshed"] = attempt(bpy.ops.seif.refresh_head_models)
found["after_refresh"] = listed()
found["heavy"] = sorted({"torch", "cv2", "skimage"} & set(sys.modules))
bpy.ops.preferences.addon_disable(module=name)
found["disabled"] = not hasattr(bpy.types, "SEIF_PT_flame")
(scratch / "found.json").write_text(json.dumps(found))
