"""Keeps the lids on the eyeballs: while they close, and on the heads of other people.

Shapes and components are linear, eyeballs are round: a lid that closes along a straight line would cut through the
ball, and the lids of a random head would stand off it or sink into it. Both are bent here to what a lid on a ball does.

Convention: metres, the model's frame. Worked number: halfway through a blink the upper lid's edge lies 0.4 mm before
the mean's eyeball.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from scipy.spatial import KDTree

from ...expressions.arkit import ARKIT_52
from ...shapes import Float64
from .eyeballs import SCLERA_RADIUS, centre_weights, unit_eyeball
from .lashes import hair_roots
from .orbits import LEAST, lining_rows, surface_distance
from .regions import rings_around
from .rig import part_mask, skin_graph

_GRIP: Final = (1.0, 1.0, 0.8, 0.55, 0.3, 0.12)
"""How firmly rings of the lid, from the edge outwards, keep their distance from the ball on other people."""

_CLOSED_GRIP: Final = (0.0, 0.5, 0.8, 0.8, 0.8, 0.8, 0.8, 0.6, 0.4, 0.2)
"""The same of a closed lid."""

_HELD: Final = 0.0015
"""Metres above the ball up to which a lid counts as lying on it."""

_BLINK_LEAST: Final = 0.0006
"""Metres between a closing lid and the mean's eyeball, at least: other eyes are taller."""

_REACH: Final = 9
"""Rings of vertices from the lids' edges that are kept out of the ball."""

_STEPS: Final = (0.35, 0.5, 0.65, 0.8, 1.0)
"""Weights of a shape at which its lids are held against the ball."""

_SPREAD_RINGS: Final = 7
_SPREAD_SHARE: Final = 0.88
"""Over how many rings, and how much of it from one to the next, neighbours take part in a push."""


def clear_keys(
    template: Float64[np.ndarray, "V 3"], keys: Float64[np.ndarray, "K V 3"], rows: Iterable[int]
) -> Float64[np.ndarray, "K V 3"]:
    """Key shapes (K, V, 3) of which those in `rows` carry the lids around the eyeballs, not through them.

    A shape moves each vertex along a straight line; where that line enters the ball, the shape is bent outwards.
    """
    out = keys.copy()
    for row in rows:
        for side in ("left", "right"):
            out[row] += lids_held(template, out[row], side, _BLINK_LEAST if "Blink" in ARKIT_52[row] else LEAST)
    return out


def lids_held(
    template: Float64[np.ndarray, "V 3"], offset: Float64[np.ndarray, "V 3"], side: str, least: float = _BLINK_LEAST
) -> Float64[np.ndarray, "V 3"]:
    """Change (V, 3) of an offset (V, 3) of one side's lids that keeps them `least` metres before the eyeball."""
    centre = centre_weights() @ template[part_mask(f"eye_{side}")]
    lids = np.flatnonzero(rings_around(f"socket_{side}", _REACH) >= 0)
    if np.abs(offset[lids]).max() < 2e-4:
        return np.zeros_like(offset)
    change = _bent(template, offset, lids, centre, least)
    carry_lashes(template, change[None], lining_rows(side)[0])
    return change


def rest_lids(
    template: Float64[np.ndarray, "V 3"],
    components: Float64[np.ndarray, "S V 3"],
    blink: Float64[np.ndarray, "V 3"],
) -> Float64[np.ndarray, "S V 3"]:
    """Components (S, V, 3) under which lids keep their distance from the eyeballs, and linings go along with them.

    What a lid's offset has along the ball's normals, beyond the ball's own translation and growth, is taken away,
    with the eye closed and then open; how much fades over the lid. Lashes go with the edge in which they are rooted.

    Args:
        template: (V, 3) head.
        components: (S, V, 3) identity, with eyeballs that keep round.
        blink: (V, 3) offsets that close both lids.
    """
    out = components.copy()
    for side in ("left", "right"):
        ball = part_mask(f"eye_{side}")
        centre = centre_weights() @ template[ball]
        rows = lining_rows(side)
        shift = np.einsum("v,svc->sc", centre_weights(), components[:, ball])
        growth = _growth(components[:, ball], shift)
        change = np.zeros_like(components)
        rings = rings_around(f"socket_{side}", len(_CLOSED_GRIP) - 1)
        lids = np.flatnonzero(rings >= 0)
        for state, firmness in ((template + blink, _CLOSED_GRIP), (template, _GRIP)):
            arm = state[lids] - centre
            length = np.linalg.norm(arm, axis=1, keepdims=True)
            normal = arm / length
            aim = shift[:, None] + growth[:, None, None] * arm
            rest = np.einsum("svc,vc->sv", aim - (components + change)[:, lids], normal)
            above = np.maximum(length[:, 0] - SCLERA_RADIUS - _HELD, 0) / _HELD
            firm = np.array([*firmness, *[0.0] * len(_CLOSED_GRIP)])[rings[lids]]
            grip = firm * np.exp(-(above**2)) * (normal[:, 2] > 0)
            change[:, lids] += (grip * rest)[:, :, None] * normal
        carry_lashes(template, change, rows[0])
        out += change
        for depth, row in enumerate(rows[1:], start=1):
            loose = 0.3 if depth == 1 else 0.0
            carried = shift[:, None] + growth[:, None, None] * (template[row] - centre)
            out[:, row] = loose * out[:, rows[0]] + (1 - loose) * carried
    return out


def _bent(template: np.ndarray, key: np.ndarray, lids: np.ndarray, centre: np.ndarray, least: float) -> np.ndarray:
    """Offsets (V, 3) that keep the lids' straight paths under one key out of the ball."""
    change = np.zeros_like(key)
    arm = template[lids] - centre
    height = np.linalg.norm(arm, axis=1) - surface_distance(arm)
    for _ in range(6):
        push = np.zeros_like(key)
        for step in _STEPS:
            arm = template[lids] + step * (key + change)[lids] - centre
            length = np.linalg.norm(arm, axis=1, keepdims=True)
            # an edge that lies close to the ball at rest may start as close
            held = np.minimum(least * min(1.0, 1.3 * step), np.maximum(height, 1e-4) + 0.001 * step)
            need = (surface_distance(arm) + held)[:, None]
            want = np.where(arm[:, 2:] > 0, arm / length * np.maximum(need - length, 0) / step, 0)
            bigger = np.linalg.norm(want, axis=1) > np.linalg.norm(push[lids], axis=1)
            push[lids[bigger]] = want[bigger]
        if np.abs(push).max() < 2e-5:
            break
        change += _spread(push, lids)
    return change


def _spread(push: np.ndarray, lids: np.ndarray) -> np.ndarray:
    """Offsets (V, 3) of which neighbours take at least a share, so that the lid as a whole is bent, not its edge."""
    graph = skin_graph()[lids][:, lids]
    out = push[lids]
    for _ in range(_SPREAD_RINGS):
        around = graph @ out / np.maximum(graph @ (np.abs(out).max(axis=1) > 0).astype(float), 1)[:, None]
        less = np.linalg.norm(out, axis=1) < _SPREAD_SHARE * np.linalg.norm(around, axis=1)
        out = np.where(less[:, None], _SPREAD_SHARE * around, out)
    spread = np.zeros_like(push)
    spread[lids] = out
    return spread


def _growth(ball: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """(S,) relative growth of the ball whose offsets (S, N, 3) are a translation and a uniform scale."""
    arm = SCLERA_RADIUS * (unit_eyeball() - centre_weights() @ unit_eyeball())
    return np.einsum("snc,nc->s", ball - shift[:, None], arm) / (arm**2).sum()


def carry_lashes(template: np.ndarray, change: np.ndarray, edge: np.ndarray) -> None:
    """Let the lashes rooted in an edge go with the offsets `change` (S, V, 3) of its vertices; in place."""
    lashes = np.flatnonzero(part_mask("lashes"))
    roots, hair = hair_roots()
    distance, near = KDTree(template[edge]).query(template[lashes[roots]].mean(axis=1), k=2)
    weights = 1 / (distance + 1e-5)
    weights /= weights.sum(axis=1, keepdims=True)
    carried = np.einsum("hk,shkc->shc", weights, change[:, edge[near]])
    own = (distance[:, 0] < 0.01)[hair]
    change[:, lashes[own]] = carried[:, hair[own]]
