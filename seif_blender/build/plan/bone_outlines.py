"""Where the bones' shapes run: rings around base and neck, an oval before the chin, a circle before each eye.

Convention: the library's axes, metres. Worked number: an eye whose front lies at z = 0.08 has its circle at z = 0.105.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ...core import PART_NAMES, Head

_POINTS: Final = 32
"""Points of a closed line."""

_BEFORE: Final = 0.025
"""Metres from chin and eyes to their shapes. By eye: out of lashes and hair, near enough to be told apart."""

_BELOW: Final = 0.03
"""Metres from the chin's oval down to the neck's ring, at least. By eye."""

_EYE: Final = 0.013
"""Metres, radius of an eye's circle: about the eyeball's."""

_CHIN: Final = (0.022, 0.011)
"""Metres, half width and height of the chin's oval."""

_ROOM: Final = 1.15
"""How much wider than the skin a ring around it is."""

_SLICE: Final = 0.012
"""Metres above and below a ring in which the skin's width is looked for."""


def bone_outlines(head: Head) -> dict[str, np.ndarray]:
    """(P, 3) of each bone, by `names.BONE_NAMES`."""
    root, neck, _, left, right = head.joints.astype(float)
    lowest = float(head.vertices[:, 1].min())
    return {
        "root": _ring(head, root, min(lowest, root[1])),
        "neck": _ring(head, neck, min((root[1] + neck[1]) / 2, _chin(head)[1] - _BELOW)),
        "jaw": _upright(_chin(head), *_CHIN),
        "eye.L": _upright(_front(head, "eye_left", left), _EYE, _EYE),
        "eye.R": _upright(_front(head, "eye_right", right), _EYE, _EYE),
    }


def _ring(head: Head, joint: np.ndarray, height: float) -> np.ndarray:
    """Around the skin at a height."""
    near = np.abs(head.vertices[:, 1] - height) < _SLICE
    points = head.vertices[near] if near.any() else head.vertices
    low, high = points.min(axis=0).astype(float), points.max(axis=0).astype(float)
    middle, radius = (low + high) / 2, np.maximum((high - low) / 2 * _ROOM, _EYE)
    turn = _turn()
    flat = np.full(_POINTS, height)
    return np.stack([joint[0] + radius[0] * np.sin(turn), flat, middle[2] + radius[2] * np.cos(turn)], axis=1)


def _upright(middle: np.ndarray, width: float, height: float) -> np.ndarray:
    """An oval that faces forwards."""
    turn = _turn()
    return np.stack([width * np.sin(turn), height * np.cos(turn), np.zeros(_POINTS)], axis=1) + middle


def _turn() -> np.ndarray:
    return np.arange(_POINTS) * (2 * np.pi / _POINTS)


def _chin(head: Head) -> np.ndarray:
    """Before the lowest part of the face's middle."""
    known = head.regions.get("face")
    face = head.vertices if known is None or not known.any() else head.vertices[known]
    middle = face[np.abs(face[:, 0]) < _CHIN[0]] if (np.abs(face[:, 0]) < _CHIN[0]).any() else face
    lowest = middle[:, 1] < middle[:, 1].min() + 2 * _CHIN[1]
    return np.array([0.0, float(middle[lowest, 1].max()), float(middle[lowest, 2].max()) + _BEFORE])


def _front(head: Head, part: str, joint: np.ndarray) -> np.ndarray:
    """Before an eyeball."""
    corners = head.faces[head.face_part == PART_NAMES.index(part)]
    front = head.vertices[corners[corners >= 0], 2].max(initial=joint[2])
    return np.array([joint[0], joint[1], float(front) + _BEFORE])
