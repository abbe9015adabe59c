"""Eyeballs: spheres with a cornea, an iris ring and a pupil ring, that follow MakeHuman's coarse eye helpers.

Rows of vertices run around the gaze axis, from the pupil's centre to the back of the eye. Sizes of an adult eye:
axial length 24 mm, iris 11.7 mm across, cornea's radius of curvature 7.8 mm (Atchison & Smith, Optics of the Human
Eye, 2000, table 1); here in proportion to `SCLERA_RADIUS`. `follow` gives the ball the place and size of MakeHuman's
coarse eye, `orbits` those that fit the calibrated head's lids.

Convention: unit sphere, gaze along +Z, +X the subject's left, Y up.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from ...shapes import Float, Float64, Int32, Int64
from . import makehuman

SEGMENTS: Final = 32
"""Vertices of each ring around the gaze axis."""

SCLERA_RADIUS: Final = 0.0125
"""Metres, on the mean head: half an eye's axial length of 24 mm, and the half millimetre that the cornea lacks here."""

IRIS_ANGLE: Final = float(np.arcsin(0.00585 / SCLERA_RADIUS))
"""Polar angle of the iris's rim, 5.85 mm from the gaze axis on the mean head."""

_POLAR: Final = np.concatenate(
    [
        IRIS_ANGLE * np.array([0.18, 0.36, 0.55, 0.72, 0.87, 1.0]),
        IRIS_ANGLE + (np.pi - 0.12 - IRIS_ANGLE) * np.array([0.035, 0.1, 0.2, 0.3, 0.4, 0.5, 0.62, 0.74, 0.87, 1.0]),
    ]
)

VERTEX_COUNT: Final = 2 + SEGMENTS * len(_POLAR)
"""Vertices of one eyeball: front pole, rings, back pole."""

IRIS_TEXTURE_RADIUS: Final = 0.4
"""Where the iris ends in the eyeball's island, as a share of the island's radius."""

CORNEA_HEIGHT: Final = 0.03
"""How far the cornea stands proud of the sphere at its pole, in radii."""


@lru_cache(maxsize=1)
def unit_eyeball() -> Float[np.ndarray, "N 3"]:
    """(N, 3) vertices of the eyeball in radii: front pole, rings from front to back, back pole."""
    angle = 2 * np.pi * np.arange(SEGMENTS) / SEGMENTS
    polar = _POLAR[:, None]
    rings = np.stack(
        [np.sin(polar) * np.cos(angle), np.sin(polar) * np.sin(angle), np.cos(polar) * np.ones_like(angle)], axis=-1
    )
    points = np.concatenate([[[0.0, 0.0, 1.0]], rings.reshape(-1, 3), [[0.0, 0.0, -1.0]]])
    polar_all = np.concatenate([[0.0], np.repeat(_POLAR, SEGMENTS), [np.pi]])
    inside = np.clip(polar_all / (1.25 * IRIS_ANGLE), 0, 1)
    bulge = CORNEA_HEIGHT * (1 - inside**2) ** 2
    return points * (1 + bulge)[:, None]


@lru_cache(maxsize=1)
def sphere_faces() -> Int32[np.ndarray, "F 4"]:
    """(F, 4) faces, counter-clockwise from outside, -1 pads the triangles at the poles."""
    ring = 1 + np.arange(SEGMENTS)
    following = 1 + (np.arange(SEGMENTS) + 1) % SEGMENTS
    pad = np.full(SEGMENTS, -1)
    faces = [np.stack([np.zeros(SEGMENTS), ring, following, pad], axis=1)]
    for row in range(len(_POLAR) - 1):
        a, b = row * SEGMENTS, (row + 1) * SEGMENTS
        faces.append(np.stack([ring + a, ring + b, following + b, following + a], axis=1))
    last = (len(_POLAR) - 1) * SEGMENTS
    faces.append(np.stack([np.full(SEGMENTS, VERTEX_COUNT - 1), following + last, ring + last, pad], axis=1))
    return np.concatenate(faces).astype(np.int32)


@lru_cache(maxsize=1)
def mirror() -> Int64[np.ndarray, " N"]:
    """Vertex of the other eyeball that mirrors each vertex across the middle plane."""
    flipped = (SEGMENTS // 2 - np.arange(SEGMENTS)) % SEGMENTS
    rows = (1 + SEGMENTS * np.arange(len(_POLAR)))[:, None] + flipped
    return np.concatenate([[0], rows.reshape(-1), [VERTEX_COUNT - 1]]).astype(np.int64)


def polar_angles() -> Float[np.ndarray, " N"]:
    """(N,) angle in radians between the gaze axis and each vertex."""
    return np.concatenate([[0.0], np.repeat(_POLAR, SEGMENTS), [np.pi]])


def centre_weights() -> Float64[np.ndarray, " N"]:
    """(N,) weights, not negative, with sum 1, that give the ball's centre of its vertices (the cornea has none)."""
    unit = unit_eyeball()
    round_part = polar_angles() > 1.3 * IRIS_ANGLE
    front, back = round_part & (unit[:, 2] > 0), round_part & (unit[:, 2] < 0)
    ahead, behind = unit[front, 2].mean(), -unit[back, 2].mean()
    return (front / front.sum() * behind + back / back.sum() * ahead) / (ahead + behind)


def texture_radius() -> Float64[np.ndarray, " N"]:
    """(N,) distance from the middle of the eyeball's island, 1 at its rim; the unseen back gets the outer sixth.

    Worked number: the iris ends at `IRIS_TEXTURE_RADIUS`.
    """
    return np.interp(polar_angles(), [0.0, IRIS_ANGLE, 0.55 * np.pi, np.pi], [0.0, IRIS_TEXTURE_RADIUS, 0.85, 1.0])


def follow(helper: Float[np.ndarray, "H 3"], part: str) -> Float[np.ndarray, "N 3"]:
    """(N, 3) vertices of an eyeball that follows the 72 vertices of MakeHuman's coarse eye; linear in them.

    The ball keeps its round shape whatever the helper does: its centre is the helper's centroid and its radius the
    mean of the helper's offsets along their own directions in the base mesh.
    """
    directions = _helper_directions(part)
    radius = float((directions * helper).sum(axis=1).mean())
    return helper.mean(axis=0) + radius * unit_eyeball()


@lru_cache(maxsize=2)
def _helper_directions(part: str) -> np.ndarray:
    """Unit offsets of the coarse eye's vertices from their centroid in the base mesh, made to sum to zero."""
    base = makehuman.read_base()
    points = base.vertices[base.groups["helper-l-eye" if part == "eye_left" else "helper-r-eye"]]
    offset = points - points.mean(axis=0)
    unit = offset / np.linalg.norm(offset, axis=1, keepdims=True)
    return unit - unit.mean(axis=0)
