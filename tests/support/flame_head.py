"""FLAME by its paper's equations in float64, and heads made with a FLAME-like model; none of the project's code in
the former."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from seif_core.geometry.camera import Camera
from seif_core.head import Head
from seif_core.headmodel.model import HeadModel
from seif_core.headmodel.skinning import pose_vertices


def rodrigues(vector):
    angle = np.sqrt((vector**2).sum())
    if angle == 0:
        return np.eye(3)
    x, y, z = vector / angle
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k


def flame_forward(arrays, shape, expression, pose, *, translation=0.0, static=0.0, dynamic=0.0, joints=None):
    """Li et al. 2017, eqs. 1-4, from the arrays of FLAME's own file; `joints` in the place of the regressed ones."""
    template = np.asarray(arrays["v_template"], np.float64)
    directions = np.asarray(arrays["shapedirs"], np.float64)
    split = {400: 300, 150: 100}[directions.shape[2]]
    shaped = template + directions[:, :, : len(shape)] @ shape + static
    regressor = arrays["J_regressor"]
    regressor = regressor.toarray() if hasattr(regressor, "toarray") else regressor
    joints = regressor @ shaped if joints is None else joints
    rotations = [rodrigues(r) for r in np.asarray(pose, np.float64)]
    feature = np.concatenate([(r - np.eye(3)).ravel() for r in rotations[1:]])
    rest = shaped + directions[:, :, split : split + len(expression)] @ expression + dynamic
    rest = rest + np.asarray(arrays["posedirs"], np.float64) @ feature
    parents, world = [-1, 0, 1, 1, 1], []
    for j, parent in enumerate(parents):
        local = np.eye(4)
        local[:3, :3], local[:3, 3] = rotations[j], joints[j] - (joints[parent] if parent >= 0 else 0)
        world.append(local if parent < 0 else world[parent] @ local)
    moved = np.zeros_like(rest)
    weights = np.asarray(arrays["weights"], np.float64)
    for j in range(5):
        moved += weights[:, j : j + 1] * ((rest - joints[j]) @ world[j][:3, :3].T + world[j][:3, 3])
    return moved + translation


def with_keys(model: HeadModel) -> HeadModel:
    """A model as `read_flame` gives it, with a few named keys and a face, in the place of a slow completion."""
    names = ("jawOpen", "mouthSmileLeft", "mouthSmileRight", "browInnerUp", "eyeBlinkLeft", "tongueOut")
    rng = np.random.default_rng(7)
    mixed = np.tensordot(rng.normal(size=(len(names), 12)), model.expression_basis[:12].astype(np.float64), 1)
    return replace(model, key_names=names, key_basis=mixed.astype(np.float32))


def flame_head(model: HeadModel, seed: int = 0, bumps: float = 0.002, moved_joints: float = 0.0) -> Head:
    """A head of a FLAME model whose surface and expression lie outside the model's components by `bumps` metres."""
    rng = np.random.default_rng(seed)
    shape, expression = rng.normal(size=len(model.shape_basis)), rng.normal(size=len(model.expression_basis))
    pose = np.array([[0.1, -0.3, 0.05], [0.02, 0.1, 0], [0.2, 0, 0.02], [0.05, 0.1, 0], [0.03, 0.12, 0]], np.float32)
    vertices = model.template + np.tensordot(shape, model.shape_basis, 1)
    vertices = (vertices + bumps * np.sin(90 * vertices[:, ::-1])).astype(np.float32)
    joints = (model.joint_regressor.astype(np.float64) @ vertices + moved_joints).astype(np.float32)
    expressed = vertices + np.tensordot(expression, model.expression_basis, 1) + bumps * np.cos(80 * vertices)
    still = pose * [[0], [0], [1], [1], [1]]
    posed = pose_vertices(expressed, joints, model.skin_weights, still, model.pose_basis)
    return Head(
        name="sitter",
        model_name=model.name,
        model_title=model.title,
        model_licence=model.licence,
        attribution=model.attribution,
        vertices=vertices,
        faces=model.faces,
        face_part=model.face_part,
        uvs=model.uvs,
        uv_faces=model.uv_faces,
        joints=joints,
        skin_weights=model.skin_weights,
        key_names=model.key_names,
        key_deltas=model.key_basis,
        expression_deltas=model.expression_basis,
        pose_deltas=model.pose_basis,
        regions={},
        texture=None,
        photo_name="sitter.jpg",
        photo_sha256="0" * 64,
        photo_camera=Camera(1000.0, 250.0, 330.0, 512, 640),
        photo_pose=pose,
        photo_translation=np.array([0.02, -0.03, -0.7], np.float32),
        photo_shape=shape.astype(np.float32),
        photo_expression=expression.astype(np.float32),
        photo_key_weights=np.zeros(len(model.key_names), np.float32),
        photo_delta=(posed - vertices).astype(np.float32),
    )
