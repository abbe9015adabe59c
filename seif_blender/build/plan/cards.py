"""What the stored cards tell of their making: the strips of their atlas and their width."""

from __future__ import annotations

from typing import Final

import numpy as np

from ...core import HairMesh

_SAME: Final = 1e-3
"""Strips whose edges differ by less, in UV units, are one."""


def atlas_strips(cards: HairMesh, roots: np.ndarray) -> np.ndarray:
    """The strips of the atlas that the cards use.

    Args:
        cards: ribbons, each a connected piece with one rectangle of the atlas.
        roots: (G, 3) metres, roots of the strands.

    Returns:
        (S, 4): u of the left edge, v at the roots, u of the right edge, v at the tips.
    """
    strips = []
    uv_of = np.zeros((len(cards.vertices), 2))
    corner = cards.faces >= 0
    uv_of[cards.faces[corner]] = cards.uvs[cards.uv_faces[corner]]
    pieces = _pieces(cards)
    for piece in np.unique(pieces):
        own = np.flatnonzero(pieces == piece)
        uv, points = uv_of[own], cards.vertices[own]
        low, high = uv.min(axis=0), uv.max(axis=0)
        ends = [points[uv[:, 1] == v].mean(axis=0) for v in (low[1], high[1])]
        distances = [np.linalg.norm(roots - end, axis=1).min() for end in ends]
        at_root, at_tip = (low[1], high[1]) if distances[0] < distances[1] else (high[1], low[1])
        strips.append((low[0], at_root, high[0], at_tip))
    _, first = np.unique(np.rint(np.array(strips) / _SAME), axis=0, return_index=True)
    return np.array(strips)[np.sort(first)]


def card_width(cards: HairMesh) -> float:
    """Metres: median width of the ribbons.

    A strip of area A and outline P has sides that sum to P / 2 and multiply to A.
    Worked number: 1 cm by 10 cm has A = 0.001 and P = 0.22; the shorter side of those two is 0.01.
    """
    pieces = _pieces(cards)
    triangles = np.concatenate([cards.faces[:, :3], cards.faces[cards.faces[:, 3] >= 0][:, [0, 2, 3]]])
    a, b, c = (cards.vertices[triangles[:, k]].astype(float) for k in range(3))
    count = int(pieces.max()) + 1
    area = np.bincount(pieces[triangles[:, 0]], 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1), count)
    edges = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    rim, uses = np.unique(edges, axis=0, return_counts=True)
    rim = rim[uses == 1]
    lengths = np.linalg.norm(cards.vertices[rim[:, 0]] - cards.vertices[rim[:, 1]], axis=1)
    half = np.bincount(pieces[rim[:, 0]], lengths, count) / 2
    widths = (half - np.sqrt(np.maximum(half**2 - 4 * area, 0))) / 2
    return float(np.median(widths[area > 0])) if (area > 0).any() else 0.0


def _pieces(cards: HairMesh) -> np.ndarray:
    """(V,) int: the lowest vertex that each vertex is connected to by faces."""
    label = np.arange(len(cards.vertices))
    corners = np.where(cards.faces >= 0, cards.faces, cards.faces[:, :1])
    while True:
        lowest = label[corners].min(axis=1)
        spread = label.copy()
        np.minimum.at(spread, corners, lowest[:, None])
        spread = spread[spread]
        if np.array_equal(spread, label):
            return label
        label = spread
