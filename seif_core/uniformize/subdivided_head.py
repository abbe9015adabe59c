"""A finished head subdivided once, complete, as `headmodel.subdivision` does it with a head model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..geometry.closest_point import SurfaceIndex
from ..geometry.subdivision import refine
from ..head import Head
from ..headmodel.model import triangulate
from ..headmodel.subdivision import rows_to_one
from ..shapes import Float, Int32


def subdivide_head(head: Head) -> Head:
    """A head subdivided once, with all that it carries."""
    step = refine(head.faces, len(head.vertices), smooth=True)
    flat = refine(head.uv_faces, len(head.uvs), smooth=False)
    vertices = step.apply(head.vertices)
    skin = head.face_part[step.parents] == 0
    landmarks = _landmarks(head, vertices, step.faces[skin])
    return replace(
        head,
        vertices=vertices,
        faces=step.faces,
        face_part=head.face_part[step.parents],
        uvs=flat.apply(head.uvs),
        uv_faces=flat.faces,
        skin_weights=rows_to_one(step.apply(head.skin_weights)),
        key_deltas=step.apply_basis(head.key_deltas),
        combinations=head.combinations and head.combinations.on_vertices(step.apply_basis),
        expression_deltas=step.apply_basis(head.expression_deltas),
        pose_deltas=step.apply_basis(head.pose_deltas),
        regions={name: step.apply_mask(mask) for name, mask in head.regions.items()},
        photo_delta=step.apply(head.photo_delta),
        landmark_vertices=landmarks[0],
        landmark_weights=landmarks[1],
    )


def _landmarks(
    head: Head, vertices: Float[np.ndarray, "W 3"], faces: Int32[np.ndarray, "G 4"]
) -> tuple[Int32[np.ndarray, "68 3"], Float[np.ndarray, "68 3"]] | tuple[None, None]:
    """The head's landmarks at the nearest points of its refined faces (G, 4); none where it has none."""
    if head.landmark_vertices is None or head.landmark_weights is None:
        return None, None
    points = np.einsum("lk,lkc->lc", head.landmark_weights, head.vertices[head.landmark_vertices]).astype(np.float64)
    triangles = triangulate(faces)[0]
    index = SurfaceIndex(vertices, triangles)
    at = index.weights(index.query(points))
    return triangles[at.triangles], at.weights.astype(np.float32)
