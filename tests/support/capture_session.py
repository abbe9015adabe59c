"""Copy Expression from Image and Animate from Video in a fresh Blender with the built zip.

Run as `capture_session.py ZIP SCRATCH PHOTO VIDEO [--real]`: with the stand-in `capture_worker.py`, or with the worker
that ships. Writes one JSON object of findings, which `test_blender_capture_operators.py` judges.
"""

import json
import os
import sys
from pathlib import Path

zip_file, scratch, photo, video = (Path(argument) for argument in sys.argv[1:5])
os.environ["BLENDER_USER_RESOURCES"] = str(scratch / "user")

import bpy  # noqa: E402 - after its user folder is set

HERE = Path(__file__).resolve().parent
found: dict = {}
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.extensions.package_install_files(filepath=str(zip_file), repo="user_default", enable_on_install=True)
name = "bl_ext.user_default.seif_blender"
bpy.context.preferences.addons[name].preferences.python = sys.executable
if "--real" not in sys.argv:
    environment = sys.modules[f"{name}.worker.environment"]
    defaults = environment.WorkerCommand.__init__.__defaults__
    environment.WorkerCommand.__init__.__defaults__ = (*defaults[:-1], HERE / "capture_worker.py")
core = sys.modules[f"{name}.core"]
scene, chosen = bpy.context.scene, bpy.context.scene.seif_capture
scene.render.fps, scene.frame_end = 25, 5


def attempt(operator, **values):
    try:
        return [sorted(operator(**values)), ""]
    except RuntimeError as error:
        return [[], str(error)]


def asked():
    file = photo.parent / "asked.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None


def shown(frame):
    scene.frame_set(frame)
    keys = {key.name: key.value for key in built.mesh.data.shape_keys.key_blocks[1:] if key.name in head.key_names}
    return {"keys": keys, "bones": {b.name: list(b.rotation_quaternion) for b in built.rig.pose.bones}}


found["poll_without_a_head"] = [bpy.ops.seif.copy_expression.poll(), bpy.ops.seif.animate_video.poll()]
head = core.Head.load(scratch / "head.npz")
built = __import__(f"{name}.build.head_object", fromlist=["build_head"]).build_head(head)
found["poll"] = [bpy.ops.seif.copy_expression.poll(), bpy.ops.seif.animate_video.poll()]
scene.frame_set(7)
found["copied"] = attempt(bpy.ops.seif.copy_expression, filepath=str(photo))
found["copied_asked"] = asked()
found["copied_shown"] = shown(7)
chosen.rate, chosen.neutral, chosen.smoothing = 30.0, 3, 0.5
scene.frame_set(10)
found["animated"] = attempt(bpy.ops.seif.animate_video, filepath=str(video))
found["animated_asked"] = asked()
found["end"] = scene.frame_end
found["frames"] = {frame: shown(frame) for frame in (10, 17, 22)}
before = shown(22)
found["refused"] = attempt(bpy.ops.seif.animate_video, filepath=str(photo.parent / "noface.mp4"))
found["missing"] = attempt(bpy.ops.seif.copy_expression, filepath=str(photo.parent / "nowhere.jpg"))
found["no_name"] = attempt(bpy.ops.seif.copy_expression)
found["kept"] = shown(22) == before
found["poll_after"] = [bpy.ops.seif.copy_expression.poll(), bpy.ops.seif.animate_video.poll()]
found["heavy"] = sorted({"torch", "cv2", "skimage"} & set(sys.modules))
if "--real" in sys.argv:
    bpy.ops.wm.save_as_mainfile(filepath=str(scratch / "captured.blend"))
bpy.ops.preferences.addon_disable(module=name)
(scratch / "found.json").write_text(json.dumps(found), encoding="utf-8")
