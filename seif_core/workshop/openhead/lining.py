"""Keeps under the skin what lies under it: the linings of mouth and eye sockets, and the eyeballs behind the lids.

Real heads tell nothing about the inside of the mouth. Here each identity component carries the lining along with the
outer skin nearest to it, and moves each eyeball so that its lids stay on it, open or closed: the translation and
growth that best keep the distances between ball and lids (least squares along the ball's own normals).

Convention: metres; components in metres per standard deviation.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import sparse
from scipy.spatial import KDTree

from ...shapes import Bool, Float64
from .eyeballs import centre_weights
from .regions import rings_around
from .rig import part_mask, skin_laplacian, solve
from .selection import CAVITY_STARTS, cavity_mask, head_selection

THICKNESS: Final = 0.003
"""Metres between the outer skin and a lining, at least, away from lips and lids."""

_NEAREST: Final = 40
_LID_RINGS: Final = 5
_GROWTH_COST: Final = 0.3


def inner_skin() -> Bool[np.ndarray, " V"]:
    """(V,) bool, skin strictly inside the mouth and the eye sockets."""
    return cavity_mask("mouth") | cavity_mask("socket_left") | cavity_mask("socket_right")


def carry_lining(
    template: Float64[np.ndarray, "V 3"], components: Float64[np.ndarray, "S V 3"]
) -> Float64[np.ndarray, "S V 3"]:
    """Components (S, V, 3) with the linings' offsets replaced by those of the outer skin around each vertex."""
    out = components.copy()
    for cavity in CAVITY_STARTS:
        inside = np.flatnonzero(cavity_mask(cavity))
        outer = np.flatnonzero(part_mask("skin") & ~inner_skin())
        distance, near = KDTree(template[outer]).query(template[inside], k=_NEAREST)
        reach = np.maximum(0.0015, 0.7 * distance[:, :1])
        weights = np.exp(-((distance / reach) ** 2) / 2)
        weights /= weights.sum(axis=1, keepdims=True)
        carried = np.einsum("ik,sikc->sic", weights, components[:, outer[near]])
        out[:, inside] = _smooth_inside(inside, carried, components)
    return out


def _smooth_inside(inside: np.ndarray, values: np.ndarray, components: np.ndarray) -> np.ndarray:
    """Values (S, I, 3) smoothed over the lining, which stays joined to the outer skin's offsets at its rim."""
    laplacian = sparse.csr_matrix(skin_laplacian())[inside]
    around = np.setdiff1d(np.unique(laplacian.indices), inside)
    system = laplacian[:, inside] + 0.5 * sparse.identity(len(inside))
    rim = components[:, around].transpose(1, 0, 2).reshape(len(around), -1)
    right = 0.5 * values.transpose(1, 0, 2).reshape(len(inside), -1) - laplacian[:, around] @ rim
    return solve(system, right).reshape(len(inside), len(values), 3).transpose(1, 0, 2)


def thicken(template: Float64[np.ndarray, "V 3"]) -> Float64[np.ndarray, "V 3"]:
    """The head (V, 3) with its mouth's lining pushed inwards where it comes closer than `THICKNESS` to the skin."""
    out = template.copy()
    normals = vertex_normals(template)
    lining = cavity_mask("mouth")
    outer = np.flatnonzero(part_mask("skin") & ~inner_skin())
    rim = np.flatnonzero(rings_around("mouth", 0) == 0)
    inside = np.flatnonzero(lining)
    free = np.clip(KDTree(template[rim]).query(template[inside])[0] / 0.008, 0, 1)
    for _ in range(10):
        distance, near = KDTree(out[outer]).query(out[inside])
        # signed: negative where the lining lies outside
        depth = -((out[inside] - out[outer[near]]) * normals[outer[near]]).sum(axis=1)
        gap = np.where(depth > 0, distance, -distance)
        push = np.clip(THICKNESS * free - gap, 0, 0.002)
        if push.max() < 1e-5:
            break
        out[inside] -= 0.5 * push[:, None] * normals[outer[near]]
    return out


def keep_lids_on_eyes(
    template: Float64[np.ndarray, "V 3"],
    components: Float64[np.ndarray, "S V 3"],
    blink: Float64[np.ndarray, "V 3"],
) -> Float64[np.ndarray, "S V 3"]:
    """Components (S, V, 3) whose eyeballs keep their distance from the lids.

    Args:
        template: (V, 3) head.
        components: (S, V, 3) identity.
        blink: (V, 3) offsets that close both lids.
    """
    out = components.copy()
    for side in ("left", "right"):
        rings = rings_around(f"socket_{side}", _LID_RINGS)
        lids = np.flatnonzero(rings >= 0)
        ball = part_mask(f"eye_{side}")
        centre = centre_weights() @ template[ball]
        radius = np.median(np.linalg.norm(template[ball] - centre, axis=1))
        rows, aims = [], []
        for state in (template[lids], (template + blink)[lids]):
            arm = state - centre
            length = np.linalg.norm(arm, axis=1)
            normal = arm / length[:, None]
            trust = np.exp(-(((length - radius) / 0.0035) ** 2)) * (normal[:, 2] > 0)
            rows.append(np.concatenate([normal, np.ones((len(lids), 1))], axis=1) * trust[:, None])
            aims.append(np.einsum("lc,slc->ls", normal * trust[:, None], components[:, lids]))
        matrix = np.concatenate(rows)
        cost = np.zeros((1, 4))
        cost[0, 3] = _GROWTH_COST * np.sqrt((matrix[:, :3] ** 2).sum())
        answer = np.linalg.lstsq(
            np.concatenate([matrix, cost]), np.concatenate([*aims, np.zeros((1, len(components)))]), rcond=None
        )[0]
        shift, growth = answer[:3].T, answer[3] / radius
        out[:, ball] = shift[:, None] + growth[:, None, None] * (template[ball] - centre)
    return out


def vertex_normals(points: np.ndarray) -> np.ndarray:
    """(V, 3) area-weighted unit normals, outward."""
    faces = head_selection().faces
    a, b, c, d = (points[faces[:, k]] for k in range(4))
    d = np.where(faces[:, 3:] >= 0, d, a)
    face = np.cross(c - a, d - b)
    normals = np.zeros_like(points)
    for k in range(4):
        used = faces[:, k] >= 0
        np.add.at(normals, faces[used, k], face[used])
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-20)
