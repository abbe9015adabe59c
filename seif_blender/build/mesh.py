"""The mesh: vertices, quads, UVs, material indices, vertex groups."""

from __future__ import annotations

import bpy
import numpy as np

from ..core import Head
from .axes import to_blender
from .names import BONE_NAMES, REGION_PREFIX

_WEIGHT_STEP = 1.0 / 65535.0
"""Skin weights are stored in steps of 1/65535, which moves no vertex by more than 2 micrometres."""


def build_mesh(head: Head, material_of_part: np.ndarray) -> bpy.types.Mesh:
    """Make the mesh data block, smooth-shaded, with one UV map; `material_of_part` maps `face_part` to slots."""
    mesh = bpy.data.meshes.new(head.name)
    corner = head.faces >= 0
    sizes = corner.sum(axis=1)
    loops = head.faces[corner]
    mesh.vertices.add(len(head.vertices))
    mesh.vertices.foreach_set("co", to_blender(head.vertices).ravel())
    mesh.loops.add(len(loops))
    mesh.loops.foreach_set("vertex_index", loops.astype(np.int32))
    mesh.polygons.add(len(head.faces))
    mesh.polygons.foreach_set("loop_start", (np.cumsum(sizes) - sizes).astype(np.int32))
    mesh.polygons.foreach_set("material_index", material_of_part[head.face_part].astype(np.int32))
    mesh.update(calc_edges=True)
    layer = mesh.uv_layers.new(name="UVMap", do_init=False)
    layer.uv.foreach_set("vector", head.uvs[head.uv_faces[corner]].astype(np.float32).ravel())
    mesh.shade_smooth()
    return mesh


def add_vertex_groups(mesh_object: bpy.types.Object, head: Head) -> None:
    """Add one group for each bone with its skin weights, then one for each region."""
    steps = np.rint(head.skin_weights / _WEIGHT_STEP).astype(np.int64)
    for name, column in zip(BONE_NAMES, steps.T, strict=True):
        group = mesh_object.vertex_groups.new(name=name)
        vertices = np.flatnonzero(column)
        order = vertices[np.argsort(column[vertices], kind="stable")]
        values, starts = np.unique(column[order], return_index=True)
        for value, members in zip(values, np.split(order, starts[1:]), strict=True):
            group.add(members.tolist(), float(value * _WEIGHT_STEP), "REPLACE")
    for name, mask in head.regions.items():
        group = mesh_object.vertex_groups.new(name=REGION_PREFIX + name)
        group.add(np.flatnonzero(mask).tolist(), 1.0, "REPLACE")
        group.lock_weight = True
    mesh_object.vertex_groups.active_index = 0
