"""A head model subdivided once, complete: everything that hangs on its vertices goes along.

Positions and all bases are refined with Catmull and Clark's masks (`geometry.subdivision`), weights and regions alike,
so that shapes, keys and poses act on the refined mesh as on the coarse one. Texture coordinates are halved linearly,
which keeps seams where they are.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse
from scipy.sparse import linalg

from ..geometry.closest_point import SurfaceIndex
from ..geometry.subdivision import Refinement, refine
from ..shapes import Float
from .model import HeadModel, LandmarkEmbedding, triangulate
from .once_per_model import once_per_model


@once_per_model
def refinement_of(model: HeadModel) -> Refinement:
    """The smooth refinement of a model's faces, kept with the model."""
    return refine(model.faces, len(model.template), smooth=True)


def subdivide(model: HeadModel, vertices: Float[np.ndarray, "V 3"]) -> tuple[HeadModel, Float[np.ndarray, "W 3"]]:
    """The model subdivided once, and vertices (V, 3) of the coarse one on it."""
    return subdivide_model(model), refinement_of(model).apply(vertices)


@once_per_model
def subdivide_model(model: HeadModel) -> HeadModel:
    """The model subdivided once, with all that it carries; kept with the coarse one."""
    step = refinement_of(model)
    flat = refine(model.uv_faces, len(model.uvs), smooth=False)
    template = step.apply(model.template)
    part = model.face_part[step.parents]
    return replace(
        model,
        template=template,
        faces=step.faces,
        face_part=part,
        shape_basis=step.apply_basis(model.shape_basis),
        expression_basis=step.apply_basis(model.expression_basis),
        key_basis=step.apply_basis(model.key_basis),
        combinations=model.combinations and model.combinations.on_vertices(step.apply_basis),
        pose_basis=step.apply_basis(model.pose_basis),
        joint_regressor=_regressor(step, model.joint_regressor),
        skin_weights=rows_to_one(step.apply(model.skin_weights)),
        uvs=flat.apply(model.uvs),
        uv_faces=flat.faces,
        embeddings={
            name: _embedding(embedding, model, template, step.faces, part)
            for name, embedding in model.embeddings.items()
        },
        regions={name: step.apply_mask(mask) for name, mask in model.regions.items()},
    )


def rows_to_one(weights: np.ndarray) -> np.ndarray:
    """Masks may overshoot by a trace; weights are not negative and sum to 1."""
    weights = np.maximum(weights, 0)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def _regressor(step: Refinement, regressor: Float[np.ndarray, "5 V"]) -> np.ndarray:
    """(5, W) smallest weights that give from refined vertices the joints that the old ones gave from old vertices."""
    square = sparse.csc_matrix(step.matrix.T @ step.matrix)
    return np.asarray(step.matrix @ linalg.splu(square).solve(regressor.T.astype(np.float64))).T.astype(np.float32)


def _embedding(
    embedding: LandmarkEmbedding, model: HeadModel, template: np.ndarray, faces: np.ndarray, part: np.ndarray
) -> LandmarkEmbedding:
    """Landmarks at the nearest points of the refined template, each on the part that carried it."""
    points = embedding.points(model.template).astype(np.float64)
    part_of = np.zeros(len(model.template), np.uint8)
    part_of[model.faces] = model.face_part[:, None]  # a triangle's -1 marks the last vertex, set again below
    part_of[model.faces[:, :3]] = model.face_part[:, None]
    own = part_of[embedding.vertex_ids[:, 0]]
    ids, weights = np.zeros((len(points), 3), np.int32), np.zeros((len(points), 3), np.float32)
    for number in np.unique(own):
        rows = np.flatnonzero(own == number)
        triangles = triangulate(faces[part == number])[0]
        index = SurfaceIndex(template, triangles)
        at = index.weights(index.query(points[rows]))
        ids[rows], weights[rows] = triangles[at.triangles], at.weights
    return LandmarkEmbedding(ids, weights, embedding.sigma)
