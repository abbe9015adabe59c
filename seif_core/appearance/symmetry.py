"""Left-right correspondence of a head model's texture, found from the way its faces are joined."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of
from ..shapes import Bool, Float, Int32

_TORN: Final = 2.5
"""Times as long as the triangle's own in the texture, a mirrored edge runs across a seam."""


def mirror_uvs(
    model: HeadModel,
    triangles: Int32[np.ndarray, "T 3"],
    origin: Int32[np.ndarray, " T"],
    uv_triangles: Int32[np.ndarray, "T 3"],
) -> tuple[Float[np.ndarray, "T 3 2"], Bool[np.ndarray, " T"]]:
    """Texture coordinates of the mirror image of each triangle's corners.

    Args:
        model: the head model.
        triangles: from `triangulate(model.faces)`.
        origin: face of each triangle, from the same call.
        uv_triangles: from `triangulate(model.uv_faces)`.

    Returns:
        (T, 3, 2) coordinates of the mirrored corners, and (T,) bool whether they are known. Where no face is the
        mirror image of the triangle's own (a mesh of triangles may be split differently on both sides) the mirrored
        vertices' coordinates are taken one by one, and doubted where a seam tears them apart.
    """
    mirror = anatomy_of(model).mirror
    faces = np.where(model.faces < 0, -1, model.faces)
    face_of = {frozenset(f): i for i, f in enumerate(faces.tolist())}
    coordinates = model.uvs[uv_triangles].astype(np.float64)
    known = np.zeros(len(triangles), bool)
    partner = np.full(len(faces), -1)
    for i, face in enumerate(faces.tolist()):
        partner[i] = face_of.get(frozenset(int(mirror[v]) if v >= 0 else -1 for v in face), -1)
    single = _single_uvs(model)
    for t, (face, corners) in enumerate(zip(partner[origin], triangles, strict=True)):
        if face < 0:
            apart = single[mirror[corners]]
            if _longest_edge(apart) <= _TORN * _longest_edge(coordinates[t]):
                coordinates[t], known[t] = apart, True
            continue
        place = {v: k for k, v in enumerate(faces[face].tolist())}
        uv = [model.uv_faces[face, place[int(mirror[v])]] for v in corners]
        coordinates[t], known[t] = model.uvs[uv], True
    return coordinates, known


def _single_uvs(model: HeadModel) -> Float[np.ndarray, "V 2"]:
    """One texture coordinate of each vertex; a vertex on a seam has others too."""
    out = np.zeros((len(model.template), 2))
    used = model.faces >= 0
    out[model.faces[used]] = model.uvs[model.uv_faces[used]]
    return out


def _longest_edge(corners: Float[np.ndarray, "3 2"]) -> float:
    return float(np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1).max())
