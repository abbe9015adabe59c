"""Linear blend skinning with FLAME's joints, in numpy (no torch: Blender and the exporters use it too).

Convention: see `model`. Rotation matrices act on column vectors: ``v' = R v``. Worked number: axis-angle
(0, pi/2, 0) carries (0, 0, 1) to (1, 0, 0).
"""

from __future__ import annotations

import numpy as np

from ..geometry.small_inverses import inverse_3
from ..shapes import Float
from .topology import JOINT_PARENTS


def rotation_matrices(axis_angle: Float[np.ndarray, "J 3"]) -> Float[np.ndarray, "J 3 3"]:
    """Rodrigues' formula: axis-angle vectors (J, 3) in radians to rotation matrices (J, 3, 3)."""
    angle = np.linalg.norm(axis_angle, axis=1)[:, None, None]
    axis = axis_angle / np.maximum(np.linalg.norm(axis_angle, axis=1, keepdims=True), 1e-12)
    x, y, z = axis.T
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1).reshape(-1, 3, 3)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross)


def pose_feature(axis_angle: Float[np.ndarray, "5 3"]) -> Float[np.ndarray, "36"]:
    """FLAME's pose feature: ``(R_j - I).ravel()`` of joints 1..4, in order."""
    return (rotation_matrices(axis_angle[1:]) - np.eye(3)).reshape(-1)


def joint_transforms(joints: Float[np.ndarray, "5 3"], axis_angle: Float[np.ndarray, "5 3"]) -> np.ndarray:
    """(5, 4, 4) transforms that carry rest-pose points to posed points, per joint, children following parents."""
    rotations = rotation_matrices(axis_angle)
    world = np.zeros((len(joints), 4, 4))
    for j, parent in enumerate(JOINT_PARENTS):
        local = np.eye(4)
        local[:3, :3] = rotations[j]
        local[:3, 3] = joints[j] - (joints[parent] if parent >= 0 else 0)
        world[j] = local if parent < 0 else world[parent] @ local
    rest = np.tile(np.eye(4), (len(joints), 1, 1))
    rest[:, :3, 3] = -joints
    return world @ rest


def pose_vertices(
    vertices: Float[np.ndarray, "V 3"],
    joints: Float[np.ndarray, "5 3"],
    skin_weights: Float[np.ndarray, "V 5"],
    axis_angle: Float[np.ndarray, "5 3"],
    pose_basis: Float[np.ndarray, "36 V 3"] | None = None,
) -> Float[np.ndarray, "V 3"]:
    """Pose rest vertices (V, 3), metres; pose correctives are added first when `pose_basis` is given."""
    rest = vertices.astype(np.float64)
    if pose_basis is not None:
        rest = rest + np.tensordot(pose_feature(axis_angle), pose_basis, axes=1)
    blended = np.einsum("vj,jab->vab", skin_weights, joint_transforms(joints, axis_angle))
    return np.einsum("vab,vb->va", blended[:, :3, :3], rest) + blended[:, :3, 3]


def unpose_vertices(
    posed: Float[np.ndarray, "V 3"],
    joints: Float[np.ndarray, "5 3"],
    skin_weights: Float[np.ndarray, "V 5"],
    axis_angle: Float[np.ndarray, "5 3"],
    pose_basis: Float[np.ndarray, "36 V 3"] | None = None,
) -> Float[np.ndarray, "V 3"]:
    """Inverse of `pose_vertices` for known joints and pose."""
    blended = np.einsum("vj,jab->vab", skin_weights, joint_transforms(joints, axis_angle))
    rest = np.einsum("vab,vb->va", inverse_3(blended[:, :3, :3]), posed - blended[:, :3, 3])
    if pose_basis is not None:
        rest = rest - np.tensordot(pose_feature(axis_angle), pose_basis, axes=1)
    return rest
