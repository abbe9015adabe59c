"""What the keys of jaw and gaze do, told as turns of the bones that do the same.

The turn of a rigid part (the lower teeth for the jaw, an eyeball for an eye) about its joint that comes nearest to
what the keys make of it; a head without lower teeth takes the chin. Translations (``jawForward``) stay in the keys.

Source: Kabsch, A solution for the best rotation to relate two sets of vectors, 1976.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from ..geometry.alignment import nearest_rotation
from ..headmodel.topology import JOINT_NAMES, PART_NAMES
from ..shapes import Float, Float32
from .performance import BONE_KEYS
from .person import Person
from .rotations import axis_angles

_CHIN: Final = 152
"""The chin's lowest point in MediaPipe's face mesh."""


class BoneTurns(NamedTuple):
    """F frames.

    Attributes:
        jaw: (F, 3) float32 axis-angle.
        eyes: (F, 2, 3) float32 axis-angle, left, right.
    """

    jaw: Float32[np.ndarray, "F 3"]
    eyes: Float32[np.ndarray, "F 2 3"]


def bone_turns(person: Person, weights: Float[np.ndarray, "F K"]) -> BoneTurns:
    """The turns of jaw and eyes that stand for the weights of `BONE_KEYS`."""
    chosen = np.array([name.startswith(BONE_KEYS) for name in person.key_names])
    used = np.where(chosen, weights, 0)
    jaw = _turns(person, used, _vertices(person, "teeth_lower"), "jaw")
    eyes = [_turns(person, used, _vertices(person, part), joint) for part, joint in _EYES]
    return BoneTurns(jaw, np.stack(eyes, 1))


_EYES: Final = (("eye_left", "eye_left"), ("eye_right", "eye_right"))


def _vertices(person: Person, part: str) -> np.ndarray:
    own = person.faces[person.parts == PART_NAMES.index(part)]
    found = np.unique(own[own >= 0])
    return found if len(found) else person.embedding.vertex_ids[_CHIN]


def _turns(person: Person, weights: np.ndarray, vertices: np.ndarray, joint: str) -> Float32[np.ndarray, "F 3"]:
    """(F, 3) turns about a joint; the part's own middle serves where it lies around the joint."""
    rest = person.neutral[vertices].astype(np.float64)
    pivot = rest.mean(0) if joint.startswith("eye") else person.joints[JOINT_NAMES.index(joint)]
    keys = person.key_deltas[:, vertices].astype(np.float64)
    if joint == "jaw":  # a hinge turns the middle of what it carries; its width would only add noise
        return _hinge(rest.mean(0) - pivot, np.tensordot(weights, keys.mean(1), 1))
    moved = rest + np.tensordot(weights, keys, 1)
    arms, aims = rest - pivot, moved - pivot
    return _as_axis_angles(nearest_rotation(np.einsum("fva,vb->fab", aims, arms)))


def _hinge(arm: np.ndarray, moves: Float[np.ndarray, "F 3"]) -> Float32[np.ndarray, "F 3"]:
    """Turns about +X that carry `arm` towards where `moves` bring it."""
    before = np.arctan2(arm[2], arm[1])
    after = np.arctan2(arm[2] + moves[:, 2], arm[1] + moves[:, 1])
    angle = np.angle(np.exp(1j * (after - before)))
    return np.stack([angle, np.zeros_like(angle), np.zeros_like(angle)], 1).astype(np.float32)


def _as_axis_angles(matrices: Float[np.ndarray, "F 3 3"]) -> Float32[np.ndarray, "F 3"]:
    """Axis-angle (F, 3) of small rotations' matrices."""
    trace = np.clip((np.trace(matrices, axis1=1, axis2=2) + 1) / 4, 0, 1)
    scalar = np.sqrt(trace)
    skew = np.stack([matrices[:, 2, 1], matrices[:, 0, 2], matrices[:, 1, 0]], 1)
    skew -= np.stack([matrices[:, 1, 2], matrices[:, 2, 0], matrices[:, 0, 1]], 1)
    vector = skew / (4 * np.maximum(scalar, 1e-6))[:, None]
    return axis_angles(np.concatenate([scalar[:, None], vector], 1)).astype(np.float32)
