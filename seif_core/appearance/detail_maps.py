"""What a mesh is too coarse for: normals and displacement of the surface, baked into its texture coordinates.

Convention: normal map (n + 1) / 2 in tangent space as OpenGL and Blender read it: red along growing u, green along
growing v, blue along the mesh's smooth normal. Displacement is signed metres along that normal, positive outwards. Row
0 is at v = 1. Worked number: where mesh and surface agree the texel is (128, 128, 255) and 0.0.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from ..geometry.normals import unit, vertex_normals
from ..headmodel.model import triangulate
from ..headmodel.topology import PART_NAMES
from ..registration.correspondences import TargetMesh
from ..shapes import Float32, UInt8
from ..uniformize.skin_mesh import SkinMesh
from ..uniformize.target import TargetSurface
from ..uniformize.uniform_mesh import UniformMesh
from .atlas import build_atlas

_STEPS: Final = 4
"""Steps to closest points by which a ray finds the surface; three suffice for detail within the limit."""
_LIMIT: Final = 0.01
"""Metres: detail farther from the mesh than this is none."""
_COSINE: Final = 0.3
"""Surface that faces away from the mesh by more than this angle's cosine is not the mesh's detail."""


class DetailMaps(NamedTuple):
    """Detail as pictures; N is the size asked for.

    Attributes:
        normals: (N, N, 3) uint8, tangent space.
        displacement: (N, N) float32, metres.
    """

    normals: UInt8[np.ndarray, "N N 3"]
    displacement: Float32[np.ndarray, "N N"]


def bake_detail(coarse: UniformMesh, surface: TargetSurface, size: int = 512) -> DetailMaps:
    """Bake what the uniform mesh leaves of the surface.

    Args:
        coarse: the registered mesh.
        surface: what it was registered to.
        size: width and height of the maps in texels.
    """
    model = coarse.model
    skin = SkinMesh.of(model)
    triangles = triangulate(model.faces[model.face_part == PART_NAMES.index("skin")])[0]
    normals = vertex_normals(coarse.vertices, triangles)
    tangents = _tangents(coarse, normals)
    follow = skin.on_model(coarse.data)
    atlas = build_atlas(model, size)
    at_skin = np.flatnonzero(atlas.part == PART_NAMES.index("skin"))
    spread = {
        name: np.asarray(atlas.blend[at_skin] @ values, np.float64)
        for name, values in (("p", coarse.vertices), ("n", normals), ("t", tangents), ("w", follow))
    }
    chosen = spread["w"] > 0.02
    points, up = spread["p"][chosen], unit(spread["n"][chosen])
    height, facing = _cast(points, up, surface)
    fade = np.clip(spread["w"][chosen] * 2, 0, 1)
    fade *= (np.abs(height) < _LIMIT) & ((facing * up).sum(1) > _COSINE)
    local = _to_tangent_space(facing, up, spread["t"][chosen])
    local = unit(fade[:, None] * local + (1 - fade[:, None]) * [0.0, 0.0, 1.0])
    texels = np.tile([128, 128, 255], (len(atlas.part), 1)).astype(np.uint8)
    depth = np.zeros((len(atlas.part), 1), np.float32)
    rows = at_skin[chosen]
    texels[rows] = np.clip(np.floor((local + 1) * 127.5 + 0.5), 0, 255).astype(np.uint8)
    depth[rows, 0] = height * fade
    return DetailMaps(atlas.image(texels), atlas.image(depth)[..., 0])


def _cast(points: np.ndarray, up: np.ndarray, surface: TargetSurface) -> tuple[np.ndarray, np.ndarray]:
    """Height (N,) of the surface over points along `up`, by steps to closest points, and its normals (N, 3) there."""
    target = TargetMesh(np.asarray(surface.vertices, np.float64), surface.triangles.astype(np.int64))
    height = np.zeros(len(points))
    found = target.closest(points)
    for _ in range(_STEPS):
        height = height + ((found.points - points - height[:, None] * up) * up).sum(1)
        found = target.closest(points + height[:, None] * up)
    return height, found.normals


def _tangents(mesh: UniformMesh, normals: np.ndarray) -> np.ndarray:
    """(V, 3) direction of growing u on the mesh, averaged over the triangles of each vertex."""
    triangles = triangulate(mesh.model.faces)[0]
    uv = mesh.model.uvs[triangulate(mesh.model.uv_faces)[0]].astype(np.float64)
    e1 = mesh.vertices[triangles[:, 1]] - mesh.vertices[triangles[:, 0]]
    e2 = mesh.vertices[triangles[:, 2]] - mesh.vertices[triangles[:, 0]]
    (u1, v1), (u2, v2) = (uv[:, 1] - uv[:, 0]).T, (uv[:, 2] - uv[:, 0]).T
    along = unit((e1 * v2[:, None] - e2 * v1[:, None]) * np.sign(u1 * v2 - u2 * v1)[:, None])
    total = np.stack([np.bincount(triangles.ravel(), np.repeat(along[:, k], 3), len(normals)) for k in range(3)], 1)
    return unit(total - (total * normals).sum(1, keepdims=True) * normals)


def _to_tangent_space(normals: np.ndarray, up: np.ndarray, tangents: np.ndarray) -> np.ndarray:
    along_u = unit(tangents - (tangents * up).sum(1, keepdims=True) * up)
    along_v = np.cross(up, along_u)
    return np.stack([(normals * along_u).sum(1), (normals * along_v).sum(1), (normals * up).sum(1)], axis=1)
