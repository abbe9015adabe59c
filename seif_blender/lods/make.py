"""Levels of detail as objects beside the head: hidden, on its rig, their keys driven by the head's."""

from __future__ import annotations

from collections.abc import Sequence

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
from ..build.surfaces import SURFACES
from ..core import (
    HAIR_SHARE,
    Decimated,
    DecimationMesh,
    carrying_poses,
    checked_counts,
    decimate,
    importance,
    levels_of,
    mirror_image,
)
from ..hair.lookup import hair_objects
from .lookup import LevelObjects, lod_objects
from .scene_arrays import SceneArrays, read_mesh


def remove_lods(head: FoundHead) -> None:
    """Take the levels of a head out of the file."""
    objects = [ob for ob in head.rig.children if LOD_PROPERTY in ob]
    bpy.data.batch_remove([*objects, *(ob.data for ob in objects if ob.data.users == 1)])


def make_lods(head: FoundHead, counts: Sequence[int]) -> dict[int, LevelObjects]:
    """Make the levels of a head and of its shell and cards; those that were there before are replaced.

    Args:
        head: the head.
        counts: triangles of the levels, descending; those that the head does not have are left out.

    Raises:
        SettingsError: the counts make no sense.
    """
    counts = checked_counts(counts)
    remove_lods(head)
    arrays = read_mesh(head.mesh)
    counts = [count for count in counts if count < len(arrays.triangles)]
    names = [surface.parts[0] for surface in SURFACES]
    levels = levels_of(_to_decimate(arrays, names), arrays.slots, names, counts)
    for number, level in enumerate(levels, start=1):
        ob = _build(f"{head.mesh.name} LOD{number}", head.mesh, arrays, level, head)
        ob[LOD_PROPERTY] = number
        if PHOTO_LIGHT_PROPERTY in head.mesh:
            follow_light(ob, head.rig)
    for form, hair in hair_objects(head).items():
        if hair.type == "MESH":
            _make_hair(head, form, hair, counts)
    return lod_objects(head)


def _to_decimate(arrays: SceneArrays, names: list[str]) -> DecimationMesh:
    owned = {name: np.unique(arrays.triangles[arrays.slots == k]) for k, name in enumerate(names)}
    return DecimationMesh(
        carrying_poses(arrays.points, arrays.keys - arrays.points),
        arrays.triangles,
        arrays.uvs,
        arrays.uv_triangles,
        importance(len(arrays.points), arrays.regions, owned),
        mirror_image(arrays.points, arrays.triangles),
    )


def _make_hair(head: FoundHead, form: HairForm, hair: bpy.types.Object, counts: list[int]) -> None:
    arrays = read_mesh(hair)
    weights, alone = np.ones(len(arrays.points)), np.full(len(arrays.points), -1)
    whole = DecimationMesh(arrays.points[None], arrays.triangles, arrays.uvs, arrays.uv_triangles, weights, alone)
    wanted = [int(HAIR_SHARE * count) for count in counts]
    for number, level in enumerate(decimate(whole, wanted), start=1):
        title = f"{head.mesh.name} LOD{number} {'Hair' if form is HairForm.SHELL else 'Hair Cards'}"
        ob = _build(title, hair, arrays, level, head)
        ob[LOD_PROPERTY], ob[LOD_HAIR_PROPERTY] = number, int(form)


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
