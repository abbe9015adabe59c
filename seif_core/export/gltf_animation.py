"""A performance as a glTF animation: the morph targets' weights, and turns of jaw, eyes and head.

One sampler for all morph weights and one for each joint, on one line of time, linear in between (spherical for turns,
as glTF has it). Source: Khronos, glTF 2.0 specification, section 3.11.

Convention: as in `gltf_skin`: joint nodes have no rotation of their own, so a node's rotation is the joint's turn.
Quaternions are x, y, z, w. Worked number: the jaw's axis-angle (0.2, 0, 0) is written as (0.0998, 0, 0, 0.995).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ..capture.performance import Performance
from ..capture.playback import Playback
from ..capture.rotations import continuous, quaternions
from ..expressions.spelling import canonical
from ..shapes import Float
from .gltf_buffer import BufferBuilder

NAME: Final = "performance"
"""Name of the animation."""


def add_animation(
    buffer: BufferBuilder,
    document: dict[str, Any],
    performance: Performance,
    playback: Playback,
    joint_nodes: list[int],
) -> None:
    """Append the animation to `document`.

    Args:
        buffer: takes the data.
        document: the glTF object, with the meshes and nodes of a head: node 0 carries the mesh.
        performance: what is played.
        playback: by keys or by bones.
        joint_nodes: nodes of the head's joints, in their order.
    """
    names = document["meshes"][0]["extras"]["targetNames"]
    played = playback.of(performance)
    weights = played.for_keys(tuple(canonical(name) for name in names))
    times = buffer.add_accessor(performance.times.astype(np.float32), bounds=True)
    samplers: list[dict[str, Any]] = []
    channels: list[dict[str, Any]] = []

    def add(values: Float[np.ndarray, "F ..."], node: int, path: str) -> None:
        samplers.append({"input": times, "output": buffer.add_accessor(values.astype(np.float32))})
        channels.append({"sampler": len(samplers) - 1, "target": {"node": node, "path": path}})

    add(weights.reshape(-1), 0, "weights")
    for joint, turns in played.joint_turns().items():
        turned = continuous(quaternions(turns))
        add(turned[:, [1, 2, 3, 0]], joint_nodes[joint], "rotation")
    document["animations"] = [{"name": NAME, "samplers": samplers, "channels": channels}]
