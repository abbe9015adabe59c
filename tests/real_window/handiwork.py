"""What an artist does with a head once it is there, and while the next is made: steps of `session.py`."""

from __future__ import annotations

import sys
from pathlib import Path

import bpy
from stage import NAME, OPTIONS, OUT, Steps, area_of, found, heads, in_view, job_is_over, module, picture, show_tab

PRESETS = ("generic", "unity", "unreal", "godot", "web", "vrm")


def unfold() -> Steps:
    """All panels below the head's open, and small enough to be seen together."""
    bpy.context.preferences.view.ui_scale = 0.7
    mine = [sys.modules[name] for name in list(sys.modules) if name.startswith(f"{NAME}.")]
    panels = {cls for m in mine for cls in getattr(m, "CLASSES", ()) if issubclass(cls, bpy.types.Panel)}
    for cls in panels:
        if "DEFAULT_CLOSED" in getattr(cls, "bl_options", ()) and cls.bl_parent_id == "SEIF_PT_head":
            bpy.utils.unregister_class(cls)
            cls.bl_options = set(cls.bl_options) - {"DEFAULT_CLOSED"}
            cls.bl_idname += "_open"  # Blender remembers by this name that it was closed
            bpy.utils.register_class(cls)
    yield 0.5


def select_head() -> None:
    """Make the first head the active object."""
    bpy.context.view_layer.objects.active = heads()[0]


def scroll(clicks: int) -> Steps:
    """Scroll the sidebar down, or up where negative."""
    window, area, _region = area_of()
    side = next(region for region in area.regions if region.type == "UI")
    kind = "WHEELDOWNMOUSE" if clicks > 0 else "WHEELUPMOUSE"
    x, y = side.x + side.width // 2, side.y + side.height // 2
    window.event_simulate(type="MOUSEMOVE", value="NOTHING", x=x, y=y)
    for _ in range(abs(clicks)):
        window.event_simulate(type=kind, value="PRESS", x=x, y=y)
        yield 0.05


def look_while_busy() -> Steps:
    """A photo is chosen while the worker makes a head: the panel says that it waits, and looks later."""
    faces, registry = module("reconstruct.faces"), module("worker.registry")
    second = Path(OPTIONS["second"])
    in_view(lambda: bpy.ops.seif.reconstruct("INVOKE_DEFAULT"))
    yield lambda: registry.current_job() is None or registry.current_job().total > 0.05
    bpy.context.scene.seif.photo = str(second)
    yield 1.0
    found["waits_to_look"] = faces.waiting(second)
    yield from picture("look-waits")
    yield job_is_over
    yield lambda: faces.seen(second) is not None
    found["looked_later"] = faces.seen(second).count
    found["heads_after_look"] = len(heads())
    yield from picture("looked-later")


def rerun() -> Steps:
    """Another texture size, and the head is made anew where it stands."""
    select_head()
    in_view(lambda: bpy.ops.object.select_all(action="DESELECT"))
    heads()[0].select_set(state=True)
    before = [ob.name for ob in heads()]
    bpy.context.scene.seif.texture_size = "1024"
    in_view(lambda: bpy.ops.seif.rerun("INVOKE_DEFAULT"))
    yield 1.0
    yield from picture("rerun-works")
    yield job_is_over
    yield 2.0
    found["rerun"] = [before, [ob.name for ob in heads()]]
    yield from picture("rerun")


def hair_cards() -> Steps:
    """The switch's forms one after the other, and cards along the guides."""
    select_head()
    names, lookup = module("build.names"), module("hair.lookup")
    rig = heads()[0].parent
    head = module("animate.lookup").find_head(bpy.context)
    found["hair_forms"] = [form.name for form in lookup.hair_objects(head)]
    for form in lookup.hair_objects(head):
        rig[names.HAIR_PROPERTY] = int(form)
        rig.update_tag()
        yield 0.5
        yield from picture(f"hair-{form.name.lower()}")
    found["cards"] = list(in_view(lambda: bpy.ops.seif.make_hair_cards("INVOKE_DEFAULT")))
    yield 0.5
    yield from picture("hair-cards-made")


def lods() -> Steps:
    """Levels of detail, shown beside the head."""
    select_head()
    in_view(lambda: bpy.ops.seif.make_lods("INVOKE_DEFAULT"))
    yield 0.5
    yield job_is_over
    yield 1.0
    head = module("animate.lookup").find_head(bpy.context)
    levels = module("lods.lookup").lod_objects(head)
    found["lods"] = [len(level.mesh.data.polygons) for level in levels.values()]
    for number, level in levels.items():
        level.mesh.hide_set(state=False)
        level.mesh.hide_viewport = False
        level.mesh.location.x += 0.3 * number
    yield from picture("lods")
    for number, level in levels.items():
        level.mesh.location.x -= 0.3 * number
        level.mesh.hide_set(state=True)


def presets() -> Steps:
    """Every engine's button."""
    select_head()
    for name in PRESETS:
        bpy.context.window.cursor_warp(800, 450)
        suffix = {"unity": ".fbx", "unreal": ".fbx", "vrm": ".vrm"}.get(name, ".glb")
        path = OUT / f"preset-{name}{suffix}"
        in_view(lambda: bpy.ops.seif.export_engine("EXEC_DEFAULT", filepath=str(path), preset=name, author="Artist"))  # noqa: B023
        found.setdefault("presets", {})[name] = path.stat().st_size
        yield 0.5
    yield from picture("exported")


def copy_expression() -> Steps:
    """The expression of another photo."""
    select_head()
    in_view(lambda: bpy.ops.seif.copy_expression("INVOKE_DEFAULT", filepath=OPTIONS["second"]))
    yield 1.0
    yield from picture("copy-works")
    yield job_is_over
    yield 1.0
    keys = heads()[0].data.shape_keys.key_blocks
    found["copied"] = {key.name: round(key.value, 2) for key in keys if abs(key.value) > 0.1}
    yield from picture("copied")


def animation_panel() -> Steps:
    """Sliders, an emotion, mirror, jaw and gaze; pictures of the whole tab."""
    yield from unfold()
    select_head()
    show_tab()
    yield 0.5
    yield from picture("animation-1")
    for page in range(2, 5):
        yield from scroll(12)
        yield from picture(f"animation-{page}")
    keys = heads()[0].data.shape_keys.key_blocks
    in_view(bpy.ops.seif.reset_expression)
    keys["mouthSmileLeft"].value = 0.8
    in_view(lambda: bpy.ops.seif.mirror_expression(direction="LEFT_TO_RIGHT"))
    found["mirrored"] = round(keys["mouthSmileRight"].value, 2)
    in_view(lambda: bpy.ops.seif.apply_emotion(emotion="joy", strength=1.0))
    yield from picture("joy")
    in_view(bpy.ops.seif.reset_expression)
    yield from scroll(-60)


def save_and_reopen() -> Steps:
    """Saved, another file, opened again: keys, bones, hair and drivers are there."""
    select_head()

    def told() -> list:
        rig = heads()[0].parent
        return [
            len(heads()),
            len(heads()[0].data.shape_keys.key_blocks),
            len(rig.data.bones),
            sorted(ob.name for ob in rig.children_recursive),
            len(heads()[0].data.shape_keys.animation_data.drivers),
        ]

    before = told()
    bpy.ops.wm.save_as_mainfile(filepath=str(OUT / "saved.blend"))
    bpy.ops.wm.read_homefile(use_empty=True)
    yield 1.0
    bpy.ops.wm.open_mainfile(filepath=str(OUT / "saved.blend"))
    yield 2.0
    after = told()
    found["reopened"] = "the same" if before == after else [before, after]
    show_tab()
    yield from picture("reopened")


STEPS = (look_while_busy, rerun, hair_cards, lods, presets, copy_expression, animation_panel, save_and_reopen)
