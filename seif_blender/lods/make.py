"""Levels of detail as objects beside the head: hidden, on its rig, their keys driven by the head's."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import bpy
import numpy as np

from ..animate.lookup import FoundHead
from ..build.blueprint import KeyPlan, MeshPlan
from ..build.drivers import follow_key
from ..build.mesh import add_vertex_groups, build_mesh
from ..build.names import BONE_NAMES, LOD_HAIR_PROPERTY, LOD_PROPERTY, PHOTO_LIGHT_PROPERTY, HairForm
from ..build.photo_light import follow_light
from ..build.plan.arrays import floats, integers
from ..build.plan.mesh import plan_group
from ..build.rig import bind
from ..build.shape_keys import add_shape_keys
from ..core import Decimated, checked_counts, errors
from ..hair.lookup import hair_objects
from .decimation import Levels, make_levels
from .lookup import LevelObjects, lod_objects
from .scene_arrays import SceneArrays, read_steps

_Result = TypeVar("_Result")


@dataclass(frozen=True, eq=False)
class LodPlan:
    """A head as it was when its levels were asked for.

    Attributes:
        counts: triangles of the levels, descending; those that the head does not have are left out.
        head: its mesh.
        hair: its shell and cards.
    """

    counts: tuple[int, ...]
    head: SceneArrays
    hair: dict[HairForm, SceneArrays]


def remove_lods(head: FoundHead) -> None:
    """Take the levels of a head out of the file."""
    objects = [ob for ob in head.rig.children if LOD_PROPERTY in ob]
    bpy.data.batch_remove([*objects, *(ob.data for ob in objects if ob.data.users == 1)])


def make_lods(head: FoundHead, counts: Sequence[int]) -> dict[int, LevelObjects]:
    """Make the levels of a head and of its shell and cards here and now; those that were there before are replaced.

    Args:
        head: the head.
        counts: triangles of the levels, descending; those that the head does not have are left out.

    Raises:
        SettingsError: the counts make no sense.
    """
    plan = _ended(plan_steps(head, counts))
    return _ended(build_steps(head, plan, make_levels(plan.head, plan.hair, plan.counts)))


def _ended(steps: Generator[None, None, _Result]) -> _Result:
    while True:
        try:
            next(steps)
        except StopIteration as done:
            return done.value


def plan_steps(head: FoundHead, counts: Sequence[int]) -> Generator[None, None, LodPlan]:
    """Read what the levels are made of, in pieces that are short enough for a frame.

    Raises:
        SettingsError: the counts make no sense.
    """
    counts = checked_counts(counts)
    arrays = yield from read_steps(head.mesh)
    hair: dict[HairForm, SceneArrays] = {}
    for form, ob in hair_objects(head).items():
        if ob.type == "MESH":
            hair[form] = yield from read_steps(ob)
    return LodPlan(tuple(count for count in counts if count < len(arrays.triangles)), arrays, hair)


def build_steps(head: FoundHead, plan: LodPlan, levels: Levels) -> Generator[None, None, dict[int, LevelObjects]]:
    """Replace the levels in the scene, an object a piece; nothing may undo, redo or load a file in between.

    Raises:
        SettingsError: the head is no longer what was read.
    """
    shapes = head.mesh.data.shape_keys
    keys = len(shapes.key_blocks) - 1 if shapes is not None else 0
    if len(head.mesh.data.vertices) != len(plan.head.points) or keys != len(plan.head.keys):
        raise errors.SettingsError("The head's mesh or keys were changed meanwhile; make the levels again.")
    remove_lods(head)
    for number, level in enumerate(levels.head, start=1):
        ob = _build(f"{head.mesh.name} LOD{number}", head.mesh, plan.head, level, head)
        ob[LOD_PROPERTY] = number
        if PHOTO_LIGHT_PROPERTY in head.mesh:
            follow_light(ob, head.rig)
        yield
    standing = hair_objects(head)
    for form, made in levels.hair.items():
        for number, level in enumerate(made, start=1):
            if form in standing and len(standing[form].data.vertices) == len(plan.hair[form].points):
                title = f"{head.mesh.name} LOD{number} {'Hair' if form is HairForm.SHELL else 'Hair Cards'}"
                ob = _build(title, standing[form], plan.hair[form], level, head)
                ob[LOD_PROPERTY], ob[LOD_HAIR_PROPERTY] = number, int(form)
                yield
    return lod_objects(head)


def _build(
    title: str,
    source: bpy.types.Object,
    arrays: SceneArrays,
    level: Decimated,
    head: FoundHead,
) -> bpy.types.Object:
    used, corners = np.unique(level.triangles, return_inverse=True)
    plan = MeshPlan(
        floats(arrays.points[used]),
        integers(corners.ravel()),
        integers(np.arange(0, 3 * len(level.triangles), 3)),
        integers(arrays.slots[level.sources]),
        floats(arrays.uvs[level.uv_triangles].reshape(-1, 2)),
    )
    ob = bpy.data.objects.new(title, build_mesh(title, plan))
    head.mesh.users_collection[0].objects.link(ob)
    for material in source.data.materials:
        ob.data.materials.append(material)
    groups = [plan_group(name, w[used]) for name, w in arrays.weights.items() if name in BONE_NAMES]
    add_vertex_groups(ob, tuple(groups))
    if len(arrays.keys):
        blocks = source.data.shape_keys.key_blocks[1:]
        keys = [
            KeyPlan(block.name, floats(shape[used]), block.slider_min, block.slider_max)
            for block, shape in zip(blocks, arrays.keys, strict=True)
        ]
        add_shape_keys(ob, tuple(keys))
        for own, block in zip(ob.data.shape_keys.key_blocks[1:], blocks, strict=True):
            follow_key(own, block)
    bind(ob, head.rig)
    ob.hide_viewport = ob.hide_render = True
    return ob
