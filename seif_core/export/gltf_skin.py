"""Joints and skin weights in glTF.

Convention: joint nodes hold translations relative to their parents and no rotation, so a node's rotation is the joint's
axis-angle rotation of `headmodel.skinning`. Worked number: turning the node ``jaw`` by 11.5 degrees about +X opens the
mouth as pose[2] = (0.2, 0, 0) does.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ..headmodel.topology import JOINT_PARENTS
from ..shapes import Float32, UInt8
from .gltf_buffer import BufferBuilder

JOINT_NODE_NAMES: Final = ("root", "neck", "jaw", "eye.L", "eye.R")
"""Names of the joint nodes, in `JOINT_NAMES`' order and Blender's spelling of sides."""

_INFLUENCES: Final = 4
"""Joints of a vertex: as many as one JOINTS_0 and WEIGHTS_0 hold (glTF 2.0); more need a second set, which
most engines leave out."""
_LEAST_WEIGHT: Final = 1e-4
"""Weight of a joint that is written: what a weaker one moves in a pose of a radian is below 10 micrometres."""


def add_joint_nodes(
    nodes: list[dict[str, Any]], joints: Float32[np.ndarray, "5 3"], names: tuple[str, ...] = JOINT_NODE_NAMES
) -> list[int]:
    """Append the joints' nodes to `nodes`, under the given names, and return their indices, in order."""
    first = len(nodes)
    for joint, parent in enumerate(JOINT_PARENTS):
        offset = joints[joint] - (joints[parent] if parent >= 0 else np.zeros(3, np.float32))
        node: dict[str, Any] = {"name": names[joint], "translation": [float(x) for x in offset]}
        children = [first + j for j, p in enumerate(JOINT_PARENTS) if p == joint]
        if children:
            node["children"] = children
        nodes.append(node)
    return list(range(first, first + len(JOINT_PARENTS)))


def add_skin(buffer: BufferBuilder, joints: Float32[np.ndarray, "5 3"], joint_nodes: list[int]) -> dict[str, Any]:
    """The skin object, with the inverse bind matrices (column-major, as glTF wants them)."""
    matrices = np.tile(np.eye(4, dtype=np.float32), (len(joints), 1, 1))
    matrices[:, :3, 3] = -joints
    inverse_bind = buffer.add_accessor(matrices.transpose(0, 2, 1).reshape(-1, 16))
    return {"joints": joint_nodes, "inverseBindMatrices": inverse_bind, "skeleton": joint_nodes[0]}


def four_influences(
    weights: Float32[np.ndarray, "N 5"],
) -> tuple[UInt8[np.ndarray, "N 4"], Float32[np.ndarray, "N 4"]]:
    """The four strongest joints of each vertex and their weights (sum 1); unused slots hold joint 0, weight 0."""
    order = np.argsort(-weights, axis=1, kind="stable")[:, :_INFLUENCES]
    strongest = np.take_along_axis(weights, order, axis=1).astype(np.float64)
    strongest = np.where(strongest > _LEAST_WEIGHT, strongest, 0)
    rounded = (strongest / strongest.sum(axis=1, keepdims=True)).astype(np.float32)
    rounded[:, 0] = 1 - rounded[:, 1:].sum(axis=1, dtype=np.float32)  # also after rounding to float32
    return np.where(rounded > 0, order, 0).astype(np.uint8), rounded
