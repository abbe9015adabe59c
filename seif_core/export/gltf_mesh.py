"""Vertex attributes and indices of what hardware draws, in a glTF buffer.

Convention: v is turned over, because glTF's UV origin is the top left. Worked number: the UV (0.25, 0.9) is written as
(0.25, 0.1).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..hair_layer import HairMesh
from ..head import Head
from ..shapes import Float32
from .gltf_buffer import ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER, BufferBuilder
from .gltf_skin import four_influences
from .render_vertices import RenderVertices


def add_attributes(
    buffer: BufferBuilder,
    mesh: Head | HairMesh,
    normals: Float32[np.ndarray, "V 3"],
    drawn: RenderVertices,
    tangents: Float32[np.ndarray, "V 4"] | None = None,
) -> dict[str, Any]:
    """The primitive of the drawn part of a mesh: positions, normals, UVs, four joints and weights, indices.

    Args:
        buffer: takes the data.
        mesh: the whole mesh.
        normals: (V, 3) float32 unit normals of its vertices.
        drawn: the part that is drawn.
        tangents: (V, 4) of its vertices, where a normal map is told in them.
    """
    uvs = mesh.uvs[drawn.uvs] * np.array([1, -1], np.float32) + np.array([0, 1], np.float32)
    joints, weights = four_influences(mesh.skin_weights[drawn.vertices])
    index_type = np.uint16 if len(drawn.vertices) < np.iinfo(np.uint16).max else np.uint32
    extra = {}
    if tangents is not None:
        extra["TANGENT"] = buffer.add_accessor(tangents[drawn.vertices], ARRAY_BUFFER)
    return {
        "attributes": {
            "POSITION": buffer.add_accessor(mesh.vertices[drawn.vertices], ARRAY_BUFFER, bounds=True),
            "NORMAL": buffer.add_accessor(normals[drawn.vertices], ARRAY_BUFFER),
            **extra,
            "TEXCOORD_0": buffer.add_accessor(uvs, ARRAY_BUFFER),
            "JOINTS_0": buffer.add_accessor(joints, ARRAY_BUFFER),
            "WEIGHTS_0": buffer.add_accessor(weights, ARRAY_BUFFER),
        },
        "indices": buffer.add_accessor(drawn.triangles.reshape(-1).astype(index_type), ELEMENT_ARRAY_BUFFER),
    }
