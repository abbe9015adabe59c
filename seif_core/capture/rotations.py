"""Turns of head and eyes between the forms that files tell them in; numpy alone.

Convention: a yaw turns about +Y (the face to the subject's left), a pitch about -X (the face upwards), a roll about +Z
(the crown to the subject's right, which is the picture's left); roll is applied first, then pitch, then yaw.
Worked number: yaw 0.3 alone is the axis-angle (0, 0.3, 0).
"""

from __future__ import annotations

import numpy as np

from ..shapes import Float, Float32


def from_yaw_pitch_roll(
    yaw: Float[np.ndarray, " F"], pitch: Float[np.ndarray, " F"], roll: Float[np.ndarray, " F"]
) -> Float32[np.ndarray, "F 3"]:
    """Axis-angle (F, 3) of angles in radians."""
    zero = np.zeros_like(yaw)
    turns = [np.stack(axis, 1) for axis in ((zero, yaw, zero), (-pitch, zero, zero), (zero, zero, roll))]
    y, x, z = (quaternions(turn) for turn in turns)
    return axis_angles(multiplied(multiplied(y, x), z)).astype(np.float32)


def quaternions(axis_angle: Float[np.ndarray, "F 3"]) -> Float[np.ndarray, "F 4"]:
    """Unit quaternions (F, 4), w first, of axis-angle vectors in radians."""
    vectors = np.asarray(axis_angle, np.float64)
    angle = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.concatenate([np.cos(angle / 2), vectors * (0.5 * np.sinc(angle / (2 * np.pi)))], 1)


def multiplied(a: Float[np.ndarray, "F 4"], b: Float[np.ndarray, "F 4"]) -> Float[np.ndarray, "F 4"]:
    """The turn `b`, then the turn `a`: (F, 4), w first."""
    w, u = a[:, :1], a[:, 1:]
    s, v = b[:, :1], b[:, 1:]
    scalar = w * s - (u * v).sum(1, keepdims=True)
    return np.concatenate([scalar, w * v + s * u + np.cross(u, v)], 1)


def axis_angles(quaternion: Float[np.ndarray, "F 4"]) -> Float[np.ndarray, "F 3"]:
    """Axis-angle vectors (F, 3), at most half a turn, of unit quaternions, w first."""
    turned = np.where(quaternion[:, :1] < 0, -quaternion, quaternion)
    length = np.linalg.norm(turned[:, 1:], axis=1, keepdims=True)
    angle = 2 * np.arctan2(length, turned[:, :1])
    return turned[:, 1:] * np.where(length > 1e-12, angle / np.maximum(length, 1e-12), 2.0)


def continuous(quaternion: Float[np.ndarray, "F 4"]) -> Float[np.ndarray, "F 4"]:
    """The same turns with signs that follow each other, so that in-betweens take the short way."""
    out = quaternion.copy()
    for k in range(1, len(out)):
        if out[k] @ out[k - 1] < 0:
            out[k] = -out[k]
    return out
