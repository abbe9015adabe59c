"""Exports and a print in a fresh Blender with the built zip and its worker; run as `export_session.py ZIP SCRATCH`.

Writes one JSON object of findings, which `test_blender_export.py` judges.
"""

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

zip_file, scratch = Path(sys.argv[1]), Path(sys.argv[2])
os.environ["BLENDER_USER_RESOURCES"] = str(scratch / "user")

import bpy  # noqa: E402 - after its user folder is set

found: dict = {}
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.extensions.package_install_files(filepath=str(zip_file), repo="user_default", enable_on_install=True)
name = "bl_ext.user_default.seif_blender"
bpy.context.preferences.addons[name].preferences.python = sys.executable
core = sys.modules[f"{name}.core"]
scene = bpy.context.scene


def attempt(operator, **values):
    try:
        return [sorted(operator(**values)), ""]
    except RuntimeError as error:
        return [[], str(error)]


def state():
    """All that an export must leave as it was."""
    keys = mesh.data.shape_keys
    pictures = [[image.name, image.filepath_raw] for image in bpy.data.images]
    links = [
        [m.name, link.from_node.name, link.to_socket.name]
        for m in bpy.data.materials
        if m.node_tree
        for link in m.node_tree.links
    ]
    groups = [[ob.name, *(group.name for group in ob.vertex_groups)] for ob in bpy.data.objects]
    paths = [curve.data_path for curve in keys.animation_data.drivers]
    return {
        "keys": [[key.name, key.value] for key in keys.key_blocks], "bones": [bone.name for bone in rig.data.bones],
        "rig": rig.name, "hair": rig["hair"], "selected": sorted(ob.name for ob in bpy.context.selected_objects),
        "pictures": sorted(pictures), "links": sorted(links), "groups": sorted(groups), "drivers": sorted(paths),
        "objects": len(bpy.data.objects), "active": bpy.context.view_layer.objects.active.name,
    }  # fmt: skip


found["no_head"] = bpy.ops.seif.export_engine.poll(), bpy.ops.seif.print_head.poll()
head = core.Head.load(scratch / "head.npz")
built = __import__(f"{name}.build.head_object", fromlist=["build_head"]).build_head(head)
mesh, rig = built.mesh, built.rig
found["polls"] = bpy.ops.seif.export_engine.poll(), bpy.ops.seif.print_head.poll()
mesh.modifiers.new("Subdivision", "SUBSURF")
before = state()
for preset in core.PRESETS.values():
    path = scratch / f"{preset.name}{preset.suffix}"
    found[preset.name] = attempt(bpy.ops.seif.export_engine, filepath=str(path), preset=preset.name, author="Ada")
    found[f"{preset.name}_same"] = [key for key, value in state().items() if value != before[key]]
operator = sys.modules[f"{name}.export.operators"].SEIF_OT_export_engine
found["renamed"] = {}
for path in ("head_unity.fbx", "head_unity", "mine.vrm", "a.b"):
    asked = SimpleNamespace(filepath=str(scratch / path), preset="web")
    operator.check(asked, None)
    found["renamed"][path] = Path(asked.filepath).name
for preset in ("web", "godot"):
    bpy.ops.seif.export_engine(filepath=str(scratch / "same.glb"), preset=preset)
found["beside"] = sorted(path.name for path in scratch.glob("same*"))
lookup = __import__(f"{name}.animate.lookup", fromlist=["require_head"])
exports = __import__(f"{name}.export.engine_export", fromlist=["EngineExport"])
given_up = exports.EngineExport(
    lookup.require_head(bpy.context), core.PRESETS["web"], scratch / "given_up.glb", "", lods=True
)
over = given_up.step()
given_up.cancel()
found["given_up"] = (
    over,
    given_up.step(),
    given_up.cancelled,
    [p.name for p in scratch.iterdir() if "given_up" in p.name],
)
found["given_up"] += ([p.name for p in scratch.iterdir() if p.name.startswith(".seif-")],)
found["given_up_same"] = [key for key, value in state().items() if value != before[key]]
found["nowhere"] = attempt(bpy.ops.seif.export_engine, filepath=str(scratch / "head.npz" / "x.glb"), preset="web")
mesh.modifiers.remove(mesh.modifiers["Subdivision"])
mesh.data.shape_keys.key_blocks["jawOpen"].value = 1.0
bpy.context.view_layer.update()
found["print"] = attempt(
    bpy.ops.seif.print_head, filepath=str(scratch / "head.stl"), form=".stl", height=60, base="bust", wall=2.5
)
found["bad_print"] = attempt(bpy.ops.seif.print_head, filepath=str(scratch / "head.npz" / "head.3mf"), height=40)
rig["expression_test"] = 0.0
rig.keyframe_insert('["expression_test"]', frame=1)
found["animated"] = attempt(bpy.ops.seif.export_engine, filepath=str(scratch / "moving.vrm"), preset="vrm")
found["menu"] = any("draw_export_menu" in str(f) for f in bpy.types.TOPBAR_MT_file_export._dyn_ui_initialize())
bpy.ops.preferences.addon_disable(module=name)
found["disabled"] = not hasattr(bpy.types, "SEIF_PT_export")
(scratch / "found.json").write_text(json.dumps(found))
sys.stdout.flush()
if bpy.app.version < (4, 5, 0):
    os._exit(0)  # bpy 4.2.23 falls over while the process ends, once its glTF exporter has written any file
