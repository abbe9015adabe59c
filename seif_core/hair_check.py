"""Whether the arrays of a `HairLayer` fit together, and onto the head that wears it.

Imports numpy alone, because Blender's Python reads `head` too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from .hair_layer import HAIR_KINDS, HairGuides, HairLayer, HairMesh
from .head_check import JOINTS, array_fault, faces_fault, far_away
from .shapes import Float32, Int32

MESH_ARRAYS: Final[Mapping[str, tuple[str, tuple[int | str, ...]]]] = {
    "vertices": ("f", ("V", 3)),
    "faces": ("i", ("F", 4)),
    "uvs": ("f", ("U", 2)),
    "uv_faces": ("i", ("F", 4)),
    "skin_weights": ("f", ("V", JOINTS)),
    "texture": ("u", ("H", "W", 4)),
}
"""Kind of number and shape of each array of a `HairMesh`; see `head_check`."""

GUIDE_ARRAYS: Final[Mapping[str, tuple[str, tuple[int | str, ...]]]] = {
    "points": ("f", ("G", "P", 3)),
    "seen": ("b", ("G",)),
    "root_faces": ("i", ("G",)),
    "root_weights": ("f", ("G", 3)),
    "root_second": ("b", ("G",)),
}
"""The same of `HairGuides`."""

_LONGEST: Final = 4.0
"""Largest extents of the head by which its hair may lie outside of it: more than a metre, hair to the knees. Chosen."""

_SUM_TOLERANCE: Final = 1e-3
"""Weights that sum to 1 within this are taken: an error of 0.1 mm in a head that is turned by a radian."""

_OUTSIDE_TOLERANCE: Final = 1e-3
"""Barycentric weights below minus this lie outside their face."""


def hair_fault(
    layer: HairLayer, head_faces: Int32[np.ndarray, "F 4"], head_vertices: Float32[np.ndarray, "V 3"]
) -> str | None:
    """What is wrong with a layer, as a clause that names the array as head.npz does; None if nothing is.

    Args:
        layer: the layer.
        head_faces: (F, 4) int32, faces of the head that wears it, -1 in the last column of a triangle.
        head_vertices: (V, 3) float32 metres.
    """
    if layer.kind not in HAIR_KINDS:
        return f"'hair_kind' is '{layer.kind}' instead of one of {', '.join(HAIR_KINDS)}"
    wrong = array_fault(layer.colour, "f", (3,), {})
    if wrong is not None:
        return f"'hair_colour' {wrong}"
    if layer.colour.min() < 0 or layer.colour.max() > 1:
        return "'hair_colour' is no colour"
    for name, mesh in (("shell", layer.shell), ("cards", layer.cards)):
        wrong = None if mesh is None else _mesh_fault(mesh)
        if wrong is not None:
            return f"the hair's {name}: {wrong}"
        if mesh is not None and far_away(mesh.vertices, head_vertices, _LONGEST):
            return f"the hair's {name} lies far from the head"
    wrong = None if layer.guides is None else _guides_fault(layer.guides, head_faces)
    return None if wrong is None else f"the hair's guides: {wrong}"


def _mesh_fault(mesh: HairMesh) -> str | None:
    extents: dict[str, int] = {}
    for name, (kind, shape) in MESH_ARRAYS.items():
        wrong = array_fault(getattr(mesh, name), kind, shape, extents)
        if wrong is not None:
            return f"'{name}' {wrong}"
    if extents["V"] == 0 or extents["F"] == 0:
        return "'vertices' or 'faces' is empty"
    if mesh.texture.size == 0:
        return "'texture' is empty"
    if mesh.skin_weights.min() < 0 or np.abs(mesh.skin_weights.sum(axis=1) - 1).max() > _SUM_TOLERANCE:
        return "'skin_weights' has rows that do not sum to 1"
    return faces_fault(mesh.faces, mesh.uv_faces, extents["V"], extents["U"])


def _guides_fault(guides: HairGuides, head_faces: Int32[np.ndarray, "F 4"]) -> str | None:
    extents: dict[str, int] = {}
    for name, (kind, shape) in GUIDE_ARRAYS.items():
        wrong = array_fault(getattr(guides, name), kind, shape, extents)
        if wrong is not None:
            return f"'{name}' {wrong}"
    if extents["G"] == 0 or extents["P"] < 2:
        return "'points' has no strand of two points"
    if guides.root_faces.min() < 0 or guides.root_faces.max() >= len(head_faces):
        return "'root_faces' names faces that do not exist"
    if (guides.root_second & (head_faces[guides.root_faces, 3] < 0)).any():
        return "'root_second' names triangles that do not exist"
    if np.abs(guides.root_weights.sum(axis=1) - 1).max() > _SUM_TOLERANCE:
        return "'root_weights' has rows that do not sum to 1"
    return "'root_weights' lie outside their faces" if guides.root_weights.min() < -_OUTSIDE_TOLERANCE else None
