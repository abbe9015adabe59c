"""The meshes of a head as it looks now, with its pose and expression, for the worker to make one solid of."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from ..animate.lookup import FoundHead
from ..build.names import HairForm
from ..build.smooth_outline import without_smooth_outline
from ..build.surfaces import SURFACES
from ..hair.lookup import hair_objects

_PAPER = "lashes"
"""The surface that has no inside."""


def write_meshes(head: FoundHead, path: Path, *, hair: bool) -> None:
    """Write the evaluated meshes as the protocol's request `print` wants them.

    Args:
        head: the head.
        path: the .npz file.
        hair: with the hair's shell, shown or not.
    """
    shell = hair_objects(head).get(HairForm.SHELL) if hair else None
    with without_smooth_outline(head.rig):
        points, faces, slots = _evaluated(head.mesh, head.rig)
    arrays: dict[str, np.ndarray] = {}
    for surface in SURFACES:
        own = np.isin(slots, [slot for slot, other in enumerate(SURFACES) if other.parts == surface.parts])
        if surface.name != _PAPER and not surface.lining and own.any():
            arrays |= {f"vertices_{surface.name}": points, f"faces_{surface.name}": faces[own]}
    if shell is not None:
        points, faces, _ = _evaluated(shell, head.rig)
        arrays |= {"vertices_hair": points, "faces_hair": faces}
    names = [name.removeprefix("faces_") for name in arrays if name.startswith("faces_")]
    np.savez(path, names=np.array(names), **arrays)


def _evaluated(ob: bpy.types.Object, rig: bpy.types.Object) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertices (V, 3) in metres of the rig with Y up, faces (F, 4) and material slots (F,) of what is shown."""
    source = ob.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = source.to_mesh()
    try:
        flat = np.empty(3 * len(mesh.vertices), np.float32)
        mesh.vertices.foreach_get("co", flat)
        mesh.calc_loop_triangles()
        sides = np.empty(len(mesh.polygons), np.int32)
        mesh.polygons.foreach_get("loop_total", sides)
        if (sides <= 4).all():
            faces, slots = _polygons(mesh, sides)
        else:
            faces, slots = _triangles(mesh)
    finally:
        source.to_mesh_clear()
    matrix = np.array(rig.matrix_world.inverted() @ ob.matrix_world)
    points = flat.reshape(-1, 3).astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
    return np.stack([points[:, 0], points[:, 2], -points[:, 1]], axis=1), faces, slots


def _polygons(mesh: bpy.types.Mesh, sides: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    corners, starts = np.empty(len(mesh.loops), np.int32), np.empty(len(sides), np.int32)
    slots = np.empty(len(sides), np.int32)
    mesh.loops.foreach_get("vertex_index", corners)
    mesh.polygons.foreach_get("loop_start", starts)
    mesh.polygons.foreach_get("material_index", slots)
    offsets = np.arange(4)
    index = np.minimum(starts[:, None] + offsets, len(corners) - 1)
    return np.where(offsets < sides[:, None], corners[index], -1).astype(np.int32), slots


def _triangles(mesh: bpy.types.Mesh) -> tuple[np.ndarray, np.ndarray]:
    """For a mesh with polygons of five corners and more, which an artist has made."""
    corners, slots = np.empty(3 * len(mesh.loop_triangles), np.int32), np.empty(len(mesh.loop_triangles), np.int32)
    mesh.loop_triangles.foreach_get("vertices", corners)
    mesh.loop_triangles.foreach_get("material_index", slots)
    triangles = corners.reshape(-1, 3)
    return np.column_stack([triangles, np.full(len(triangles), -1, np.int32)]), slots
