"""A motion that the worker computed from FLAME parameters, on the keys and bones of a head in the scene.

Where the head has the components of a FLAME model as keys (``expr_001``, ...), enough of them for the file, these are
set and the named keys stay at rest; else the named keys say the expression. Jaw, neck and eyes turn by the bones, so
the keys are those that go with a pose (`HeadMotion.key_weights`): jaw bone and ``jawOpen`` do not open the mouth twice.

Convention: turns are axis-angle vectors in the library's axes, radians; bones have axes of their own
(`build.plan.rig`). Worked number: a jaw of (0.2, 0, 0) becomes the quaternion (0.995, 0.0998, 0, 0) of the bone
``jaw``, and (0, 0.2, 0) becomes (0.995, 0, 0, -0.0998).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import bpy
from mathutils import Quaternion, Vector

from ..animate.lookup import FoundHead
from ..build.names import BONE_NAMES, PHOTO_EXPRESSION_PROPERTY
from ..core import canonical, errors

_COMPONENT: Final = "expr_"
"""Beginning of the names of component keys, counted from 1 (`seif_core.expressions.named_keys`)."""
_FORWARD: Final = ("jaw", "eye.L", "eye.R")
"""Bones whose Y axis is the library's Z and whose Z axis is the library's -Y; those of the others are the library's."""
_USED: Final = 1e-6
"""Coefficient below which a component is not needed."""


@dataclass(frozen=True)
class Motion:
    """T frames: what the worker wrote.

    Attributes:
        key_names: K names, Apple's spelling.
        key_weights: T rows of K weights.
        expression: T rows of FLAME's coefficients.
        pose: T rows of five axis-angle vectors: root, neck, jaw, left eye, right eye.
    """

    key_names: list[str]
    key_weights: list[list[float]]
    expression: list[list[float]]
    pose: list[list[list[float]]]


def read_motion(path: Path) -> Motion:
    """The file of the worker's `flame_motion`.

    Raises:
        ModelError: it cannot be read.
    """
    try:
        told: dict[str, Any] = json.loads(path.read_bytes())
        return Motion(told["key_names"], told["key_weights"], told["expression"], told["pose"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise errors.ModelError(f"The worker's answer cannot be read ({error}); please try again.") from error


def arkit_keys(head: FoundHead) -> dict[str, bpy.types.ShapeKey]:
    """The head's keys by Apple's names, whatever their spelling; those that the artist moves."""
    return {canonical(key.name): key for key in head.expression_keys if not key.name.startswith(_COMPONENT)}


def apply_motion(head: FoundHead, motion: Motion, first_frame: int, *, head_turn: bool, is_flame: bool) -> str:
    """Set the head to the motion, with keyframes; a single frame is keyed where the artist stands.

    Args:
        head: the head.
        motion: what the worker computed.
        first_frame: where the first frame comes to lie.
        head_turn: whether the root turns as the file says.
        is_flame: whether the head was made with a FLAME model, so that its components are FLAME's.

    Returns:
        A sentence for the artist.
    """
    components = _component_keys(head, motion) if is_flame else None
    bones = [(name, head.rig.pose.bones.get(name)) for name in BONE_NAMES]
    head.rig[PHOTO_EXPRESSION_PROPERTY] = 0.0
    frames = range(first_frame, first_frame + len(motion.pose))
    for row, frame in enumerate(frames):
        for key, value in _values(head, motion, row, components):
            key.value = value
            key.keyframe_insert("value", frame=frame)
        for joint, (name, bone) in enumerate(bones):
            if bone is None or (name == "root" and not head_turn):
                continue
            bone.rotation_mode = "QUATERNION"
            turned = quaternion_of(name, motion.pose[row][joint])
            if bone.rotation_quaternion.dot(turned) < 0 and row:
                turned.negate()  # the same turn, and no detour between two frames
            bone.rotation_quaternion = turned
            bone.keyframe_insert("rotation_quaternion", frame=frame, group=name)
    how = "components" if components is not None else "named keys"
    if len(motion.pose) == 1:
        return f"The expression was keyed at frame {first_frame}, by {how}"
    return f"{len(motion.pose)} frames were keyed from frame {first_frame} on, by {how}"


def quaternion_of(bone: str, turn: list[float]) -> Quaternion:
    """An axis-angle vector in the library's axes as a quaternion in those of a bone."""
    x, y, z = turn
    vector = Vector((x, z, -y)) if bone in _FORWARD else Vector((x, y, z))
    return Quaternion(vector, vector.length) if vector.length > 0 else Quaternion()


def _component_keys(head: FoundHead, motion: Motion) -> list[bpy.types.ShapeKey] | None:
    """Keys of the components that the motion uses, from the first on; None where the head lacks some."""
    used = max((i + 1 for row in motion.expression for i, value in enumerate(row) if abs(value) > _USED), default=0)
    blocks = head.mesh.data.shape_keys.key_blocks
    keys = [blocks.get(f"{_COMPONENT}{i + 1:03d}") for i in range(used)]
    return None if not keys or None in keys else keys


def _values(
    head: FoundHead, motion: Motion, row: int, components: list[bpy.types.ShapeKey] | None
) -> Iterator[tuple[bpy.types.ShapeKey, float]]:
    own = arkit_keys(head)
    for name, weight in zip(motion.key_names, motion.key_weights[row], strict=True):
        if name in own:
            yield own[name], weight if components is None else 0.0
    for key, value in zip(components or [], motion.expression[row], strict=False):
        key.slider_min, key.slider_max = min(key.slider_min, value), max(key.slider_max, value)
        yield key, value
