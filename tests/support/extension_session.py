"""What a fresh Blender does with the built zip; run as `extension_session.py ZIP SCRATCH` with its own user folder.

Prints one JSON object of findings, which `test_blender_extension.py` judges.
"""

import json
import os
import shutil
import sys
import time
from pathlib import Path

zip_file, scratch = Path(sys.argv[1]), Path(sys.argv[2])
os.environ["BLENDER_USER_RESOURCES"] = str(scratch / "user")

import bpy  # noqa: E402 - after its user folder is set
import numpy as np  # noqa: E402

HERE = Path(__file__).resolve().parent
found: dict = {}


def vertices(ob):
    bpy.context.view_layer.update()
    mesh = ob.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    flat = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", flat)
    return flat.reshape(-1, 3)


bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.extensions.package_install_files(filepath=str(zip_file), repo="user_default", enable_on_install=True)
name = "bl_ext.user_default.seif_blender"
found["enabled"] = name in bpy.context.preferences.addons
found["heavy"] = sorted({"torch", "cv2", "skimage", "ai_edge_litert"} & set(sys.modules))
found["on_path"] = [p for p in sys.path if "seif_blender" in p]

own = bpy.context.preferences.addons[name].preferences
found["no_photo_poll"] = bpy.ops.seif.reconstruct.poll()
scene = bpy.context.scene
scene.seif.photo = str(scratch / "ok.jpg")
found["photo_poll"] = bpy.ops.seif.reconstruct.poll()
scene.seif.photo = "//ok.jpg"
found["unsaved_relative_poll"] = bpy.ops.seif.reconstruct.poll()
scene.seif.photo = str(scratch / "ok.jpg")
thumbnails = sys.modules[f"{name}.reconstruct.thumbnails"]
found["forbidden_thumbnail"] = thumbnails.icon_of(scratch / ("x" * 300 + ".jpg"))
scene.seif.head_model = "flame"
found["flame_poll"] = bpy.ops.seif.reconstruct.poll()
try:
    bpy.ops.seif.import_photo(filepath=str(scratch / "ok.jpg"))
except RuntimeError as error:
    found["flame_import"] = str(error)
own.flame_file = str(scratch / "flame.pkl")
found["flame_settings"] = sys.modules[f"{name}.reconstruct.properties"].worker_settings(bpy.context)
scene.seif.head_model = "open"


def attempt(photo="ok.jpg"):
    scene.seif.photo = str(scratch / photo)
    try:
        return sorted(bpy.ops.seif.reconstruct()), ""
    except RuntimeError as error:
        return [], str(error)


found["no_runtime"] = attempt()
own.python = "/no/such/python"
found["no_python"] = attempt()

# the fake worker in place of the bootstrap, everything else as it is
own.python = sys.executable
environment = sys.modules[f"{name}.worker.environment"]
defaults = environment.WorkerCommand.__init__.__defaults__
environment.WorkerCommand.__init__.__defaults__ = (*defaults[:-1], HERE / "misbehaving_worker.py")
found["crash"] = attempt("crash.jpg")
found["no_face"] = attempt("noface.jpg")
found["alive_objects"] = len(bpy.data.objects)

scene.cursor.location = (1, 2, 3)
found["result"] = attempt()
mesh_object = bpy.context.view_layer.objects.active
rig = mesh_object.parent
found["location"] = list(mesh_object.matrix_world.translation)
found["keys"] = len(mesh_object.data.shape_keys.key_blocks)
found["camera"] = [ob.name for ob in rig.children if ob.type == "CAMERA"]
found["temporary"] = [p.name for p in Path(os.environ["TMPDIR"]).glob("seif-*")]

# made anew in its place; a failure leaves the head that is there
rig.users_collection[0].asset_mark()
rig.users_collection[0].asset_data.author = "Ada"
bpy.ops.seif.make_lods(triangles=(900, 700, 500))
objects, collections = len(bpy.data.objects), len(bpy.data.collections)
rig.location = (4, 5, 6)
own.python = "/no/such/python"
sys.modules[f"{name}.worker.registry"].end_worker()
try:
    bpy.ops.seif.rerun()
except RuntimeError:
    found["failed_rerun"] = [len(bpy.data.objects) - objects, rig.name in bpy.data.objects]
own.python = sys.executable
scene.seif.photo, scene.seif.face = str(scratch / "noface.jpg"), 3  # another person's: not what the head is made of
bpy.ops.seif.dismiss()
found["rerun"] = sorted(bpy.ops.seif.rerun())
asked = sys.modules[f"{name}.worker.registry"].last_head()
found["rerun_of"] = [asked.photo.stem, asked.photo.suffix, asked.settings["face"]]
scene.seif.photo = str(scratch / "ok.jpg")
mesh_object = bpy.context.view_layer.objects.active
rig = mesh_object.parent
found["rerun_counts"] = [len(bpy.data.objects) - objects, len(bpy.data.collections) - collections]
found["rerun_location"] = list(rig.matrix_world.translation)
marked = rig.users_collection[0].asset_data
levels = sys.modules[f"{name}.lods.lookup"].lod_objects(sys.modules[f"{name}.animate.lookup"].find_head(bpy.context))
found["rerun_carries"] = [marked and marked.author, len(levels)]
head_photo = sys.modules[f"{name}.reconstruct.head_photo"]
kept = head_photo.photo_of_head(bpy.context, rig)
found["rerun_keeps"] = [kept.name, kept.file is None, len(kept.image.packed_file.data), kept.image.users]
for unneeded in ("seif_photo_image",):
    image = rig.pop(unneeded)
backgrounds = next(ob for ob in rig.children if ob.type == "CAMERA").data.background_images
backgrounds.clear()
found["rerun_without_photo"] = bpy.ops.seif.rerun.poll()
rig["seif_photo_image"] = kept.image
found["rerun_linked_photo"] = bpy.ops.seif.rerun.poll()
found["diagnostics"] = sorted(bpy.ops.seif.copy_diagnostics())

# several photos, of which one fails; then one while the list is empty again
queue = sys.modules[f"{name}.reconstruct.photo_queue"].QUEUE
found["empty_queue_poll"] = bpy.ops.seif.run_queue.poll()
before = set(bpy.data.objects)
bpy.ops.seif.import_photo(
    directory=str(scratch), files=[{"name": photo} for photo in ("ok.jpg", "noface.jpg", "crash.jpg", "ok2.jpg")]
)
found["queue"] = [[one.photo.name, one.turn.value, one.message] for one in queue.photos]
made = [ob for ob in bpy.data.objects if ob not in before and ob.type == "ARMATURE"]
found["queue_places"] = sorted(round(ob.location.x, 3) for ob in made)
found["queue_left"] = [p.name for p in Path(os.environ["TMPDIR"]).glob("seif-*")]
for ob in made:
    bpy.context.view_layer.objects.active = ob
    bpy.ops.seif.delete_head()
bpy.ops.seif.queue_clear()
found["queue_cleared"] = len(queue.photos)
bpy.context.view_layer.objects.active = mesh_object

# a photo from the clipboard and from an image that is loaded
found["paste"] = []
for text in ("nothing", str(scratch / "photo.jpg")):
    bpy.context.window_manager.clipboard = text
    try:
        found["paste"].append([sorted(bpy.ops.seif.paste_photo()), scene.seif.photo])
    except RuntimeError as error:
        found["paste"].append(str(error))
image = bpy.data.images.new("Painted", 8, 8)
found["from_image"] = [sorted(bpy.ops.seif.photo_from_image(image="Painted")), str(scene.seif.photo_path())]
found["from_image_saved"] = scene.seif.photo
bpy.data.images.remove(image)

key = mesh_object.data.shape_keys.key_blocks["jawOpen"]
jaw = rig.pose.bones["jaw"]
rest = vertices(mesh_object)
for frame, amount in ((1, 0.0), (11, 1.0)):
    scene.frame_set(frame)
    key.value = amount
    jaw.rotation_quaternion = (np.cos(0.15 * amount), np.sin(0.15 * amount), 0, 0)
    found["keyed"] = sorted(bpy.ops.seif.key_expression())
moved = []
for frame in (1, 6, 11):
    scene.frame_set(frame)
    moved.append(float(np.abs(vertices(mesh_object) - rest).max()))
found["moved"] = moved
corrective = mesh_object.data.shape_keys.key_blocks["jaw_R22"]
found["driven"] = (
    corrective.evaluated_get(bpy.context.evaluated_depsgraph_get()).value
    if hasattr(corrective, "evaluated_get")
    else corrective.value
)
posed = vertices(mesh_object)

file = scratch / "scene.blend"
bpy.ops.wm.save_as_mainfile(filepath=str(file))
registry = sys.modules[f"{name}.worker.registry"]
running = sys.modules[f"{name}.worker.job"].Job(scratch / "gentle.jpg")
registry.submit(running, own.command)  # another file is loaded in the middle of a job, with a photo that waits
deadline = time.monotonic() + 60
while running.state.name != "RUNNING" and time.monotonic() < deadline:
    registry.poll()
    time.sleep(0.02)
queue.add([scratch / "ok.jpg"], {})
pasted = scene.seif.photo_path()
before = pasted.read_bytes()
shutil.rmtree(pasted.parent)  # as when Blender ends
bpy.ops.wm.open_mainfile(filepath=str(file))
again = bpy.context.scene.seif.photo_path()
found["pasted_reloaded"] = [again.is_file() and again.read_bytes() == before, again.name]
bpy.context.scene.seif.photo = str(scratch / "ok.jpg")
found["pasted_forgotten"] = bpy.context.scene.seif.photo_image is None
found["reloaded_job"] = [running.state.name, running.message, registry.current_job() is None, len(queue.photos)]
found["reloaded_left"] = [p.name for p in Path(os.environ["TMPDIR"]).glob("seif-*")]
scene = bpy.context.scene
mesh_object = bpy.context.view_layer.objects.active
scene.frame_set(11)
found["reloaded"] = float(np.abs(vertices(mesh_object) - posed).max())
scene.frame_set(1)
found["back"] = float(np.abs(vertices(mesh_object) - rest).max())

# a head whose hair is a layer of its own: switched, posed, saved, reloaded, carded, deleted
os.environ["FAKE_HEAD"] = str(scratch / "hairy.npz")
sys.modules[f"{name}.worker.registry"].shutdown()
found["hairy"] = attempt()
hairy = bpy.context.view_layer.objects.active
hairy_rig = hairy.parent
forms = {"shell": 0, "strands": 1, "cards": 2, "none": 3}


def hair_of(rig):
    return {
        ob["seif_hair"]: ob for ob in [*rig.children, *rig.children[0].children, *hairy.children] if "seif_hair" in ob
    }


def shown(rig):
    return [form for form, ob in sorted(hair_of(rig).items()) if not ob.hide_viewport and not ob.hide_render]


def choose(rig, form):
    rig["hair"] = forms[form]
    rig.update_tag()
    bpy.context.view_layer.update()
    return shown(rig)


def strand_points(ob):
    points = ob.evaluated_get(bpy.context.evaluated_depsgraph_get()).data.attributes["position"].data
    flat = np.empty(3 * len(points), np.float32)
    points.foreach_get("vector", flat)
    return flat.reshape(-1, 3)


found["hair_names"] = sorted(ob.name for ob in hair_of(hairy_rig).values())
found["hair_shown"] = {form: choose(hairy_rig, form) for form in forms}
bone = hairy_rig.pose.bones["neck"]
before = {}
for form in ("shell", "cards", "strands"):
    choose(hairy_rig, form)
    ob = hair_of(hairy_rig)[forms[form]]
    before[form] = strand_points(ob) if form == "strands" else vertices(ob)
bone.rotation_quaternion = (np.cos(0.3), 0, np.sin(0.3), 0)
bpy.context.view_layer.update()
after = {}
for form in before:
    choose(hairy_rig, form)
    ob = hair_of(hairy_rig)[forms[form]]
    after[form] = strand_points(ob) if form == "strands" else vertices(ob)
found["hair_moved"] = {form: float(np.abs(after[form] - before[form]).max()) for form in before}
hairy_name = hairy.name
bpy.ops.wm.save_as_mainfile(filepath=str(file))
bpy.ops.wm.open_mainfile(filepath=str(file))
hairy = bpy.data.objects[hairy_name]
hairy_rig = hairy.parent
again = {}
for form in before:
    choose(hairy_rig, form)
    ob = hair_of(hairy_rig)[forms[form]]
    again[form] = strand_points(ob) if form == "strands" else vertices(ob)
found["hair_reloaded"] = {form: float(np.abs(again[form] - after[form]).max()) for form in before}
bpy.context.view_layer.objects.active = hair_of(hairy_rig)[1]
found["panel"] = bpy.types.SEIF_PT_hair.poll(bpy.context)
found["cards_made"] = sorted(bpy.ops.seif.make_hair_cards(count=40))
found["cards_shown"] = shown(hairy_rig)
shapes = [bone.custom_shape for bone in hairy_rig.pose.bones]
others = {ob.name for ob in bpy.data.objects} - {ob.name for ob in [hairy_rig, *hairy_rig.children_recursive, *shapes]}
bpy.context.view_layer.objects.active = hairy
found["deleted"] = sorted(bpy.ops.seif.delete_head())
found["left_after_delete"] = sorted({ob.name for ob in bpy.data.objects} ^ others)

mesh_object = next(ob for ob in bpy.data.objects if ob.type == "MESH" and "seif_format_version" in ob)
bpy.context.view_layer.objects.active = mesh_object
mesh_object.parent["photo_expression"] = 1.0
found["reset"] = sorted(bpy.ops.seif.reset_expression())
found["slider_after_reset"] = mesh_object.parent["photo_expression"]

bpy.ops.preferences.addon_disable(module=name)
found["disabled"] = not hasattr(bpy.types.Scene, "seif") and not hasattr(bpy.types, "SEIF_PT_head")
bpy.ops.preferences.addon_enable(module=name)
found["enabled_again"] = hasattr(bpy.types, "SEIF_PT_head")
(scratch / "found.json").write_text(json.dumps(found))
