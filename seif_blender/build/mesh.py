"""The mesh data block and its vertex groups."""

from __future__ import annotations

import bpy

from .blueprint import GroupPlan, MeshPlan
from .names import CONFIDENCE_LAYER, REGION_PREFIX


def build_mesh(name: str, plan: MeshPlan) -> bpy.types.Mesh:
    """Make the mesh, smooth-shaded, with one UV map."""
    mesh = bpy.data.meshes.new(name)
    mesh.vertices.add(len(plan.points) // 3)
    mesh.vertices.foreach_set("co", plan.points)
    mesh.loops.add(len(plan.corners))
    mesh.loops.foreach_set("vertex_index", plan.corners)
    mesh.polygons.add(len(plan.starts))
    mesh.polygons.foreach_set("loop_start", plan.starts)
    mesh.polygons.foreach_set("material_index", plan.slots)
    mesh.update(calc_edges=True)
    layer = mesh.uv_layers.new(name="UVMap", do_init=False)
    layer.uv.foreach_set("vector", plan.uvs)
    if plan.confidence:
        shown = mesh.color_attributes.new(CONFIDENCE_LAYER, "BYTE_COLOR", "POINT")
        shown.data.foreach_set("color", plan.confidence)
    mesh.shade_smooth()
    return mesh


def add_vertex_groups(mesh_object: bpy.types.Object, groups: tuple[GroupPlan, ...]) -> None:
    """Add the groups; those of regions are locked, so that normalizing skin weights leaves them alone."""
    for plan in groups:
        group = mesh_object.vertex_groups.new(name=plan.name)
        members = plan.members.tolist()
        ends = (*plan.starts[1:], len(members)) if members else ()  # a region may have no vertex at all
        for weight, start, end in zip(plan.weights, plan.starts, ends, strict=True):
            group.add(members[start:end], weight, "REPLACE")
        group.lock_weight = plan.name.startswith(REGION_PREFIX)
    mesh_object.vertex_groups.active_index = 0
