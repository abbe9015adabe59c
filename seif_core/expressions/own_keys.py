"""Keys in the size of a head: a small mouth opens less wide than a large one, and the lower teeth turn as one piece.

A head model's keys are displacements of its mean head. Added to a smaller head as they are, the same open mouth stands
in every face, too large in a child's. Keys of jaw and mouth are therefore scaled by the length of the head's jaw, those
of the lids so that the eye closes (`lids`); lower teeth and tongue make the jaw's turn about the head's own joint.

Convention: metres, model space, keys at 1. Worked number: on a head whose lips lie 83 mm from the jaw's joint, and not
92 mm as the Open head's do, `jawOpen` opens the lips by 35 mm, not by 39.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..combination_shapes import LESS, CombinationShapes
from ..geometry.alignment import align_points
from ..headmodel import HeadModel
from ..headmodel.topology import PART_NAMES
from ..shapes import Float, Float32
from .lids import blink_factors

_STEMS: Final = ("jaw", "mouth", "cheekPuff", "tongueOut")
"""How the names of keys begin that grow with the jaw."""
_JAW: Final = 2
"""The jaw's place among the joints."""
_LIMITS: Final = (0.75, 1.25)
"""Between these a jaw's length is believed, by the model's mean; 21 portraits had 0.90 to 1.01, the ends are a guess
for small children and giants."""
_STILL: Final = 1e-5
"""Metres: a key that moves the lower teeth less far does not turn the jaw."""


def jaw_size(model: HeadModel, neutral: Float[np.ndarray, "V 3"], joints: Float[np.ndarray, "5 3"]) -> float:
    """How long the jaw of a head is, from its joint to the lips, by that of the model's mean head; 1 without lips.

    Args:
        model: the head model.
        neutral: (V, 3) metres, the shaped neutral head.
        joints: (5, 3) metres, its joints.
    """
    lips = model.regions.get("lips")
    if lips is None or not lips.any():
        return 1.0
    own, mean = (
        float(np.hypot(*(points[lips].mean(axis=0) - joint)[1:]))
        for points, joint in ((neutral, joints[_JAW]), (model.template, model.joint_regressor[_JAW] @ model.template))
    )
    return float(np.clip(own / max(mean, 1e-9), *_LIMITS))


def key_factors(
    model: HeadModel, neutral: Float32[np.ndarray, "V 3"], joints: Float[np.ndarray, "5 3"]
) -> Float32[np.ndarray, " K"]:
    """(K,) by how much each key of `model` is scaled on the head `neutral`, whose joints are given; metres."""
    size = jaw_size(model, neutral, joints)
    sizes = np.array([size if name.startswith(_STEMS) else 1.0 for name in model.key_names], np.float32)
    return blink_factors(model, neutral) * sizes


def own_keys(
    model: HeadModel, neutral: Float32[np.ndarray, "V 3"], joints: Float[np.ndarray, "5 3"]
) -> tuple[Float32[np.ndarray, "K V 3"], CombinationShapes | None]:
    """Keys of `model` and its corrections of pairs in the size of the head `neutral`.

    Args:
        model: the head model.
        neutral: (V, 3) metres, the shaped neutral head.
        joints: (5, 3) metres, its joints.
    """
    factors = key_factors(model, neutral, joints)
    keys = model.key_basis * factors[:, None, None]
    _turn_jaw(model, neutral, joints, keys)
    pairs = model.combinations
    if pairs is None:
        return keys, None
    size, blinks = jaw_size(model, neutral, joints), blink_factors(model, neutral)
    pairs = pairs.scaled(dict(zip(model.key_names, blinks.tolist(), strict=True)))
    of_mouth = [all(name.removeprefix(LESS).startswith(_STEMS) for name in pair) for pair in pairs.pairs]
    sizes = np.where(of_mouth, size, 1.0).astype(np.float32)
    return keys, CombinationShapes(pairs.pairs, pairs.deltas * sizes[:, None, None])


def _turn_jaw(model: HeadModel, neutral: np.ndarray, joints: np.ndarray, keys: np.ndarray) -> None:
    """Let lower teeth and tongue make the jaw's whole turn where they lie on this head; in place."""
    vertex = {
        name: np.unique(model.faces[model.face_part == PART_NAMES.index(name)]) for name in ("teeth_lower", "tongue")
    }
    teeth, both = (ids[ids >= 0] for ids in (vertex["teeth_lower"], np.concatenate(list(vertex.values()))))
    if not len(teeth):
        return
    template = model.template.astype(np.float64)
    size = jaw_size(model, neutral, joints)
    shift = neutral[both] - joints[_JAW] - size * (template[both] - model.joint_regressor[_JAW] @ template)
    for row, key in enumerate(model.key_basis):
        if np.abs(key[teeth]).max() < _STILL:
            continue
        turn = align_points(template[teeth], template[teeth] + key[teeth], with_scale=False).rotation
        keys[row, both] += (shift @ (turn - np.eye(3)).T).astype(np.float32)
