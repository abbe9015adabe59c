"""Cards: ribbons of strands along chosen guides, for engines that draw no hair.

Convention: a card is a strip of quads, three vertices across, `_ROWS` along; its face looks outwards and its middle
stands out a little, as hair rounds the head. Worked number: 120 cards of 2 x 9 quads are 4,320 triangles.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.spatial import KDTree

from ..geometry.normals import area_vectors, unit
from ..hair_layer import HairGuides, HairMesh
from ..shapes import Float
from .card_atlas import STRIPS, card_atlas
from .coverage import covering
from .shell import Shell, hair_weights
from .space import HairSpace
from .tracing import ShellField, kept_off_skin, resampled

_ROWS: Final = 10
_COVERING: Final = 6.0
"""How often the cards cover the shell's outer side, all together. Chosen, as are the constants below, by eye."""
_WIDTHS: Final = (0.008, 0.04)
"""Metres that a card is wide, at least and at most."""
_TAPER: Final = (0.8, 1.0, 0.6)
"""Width at root, middle and tip."""
_ROUND: Final = 0.12
"""How far the middle of a card stands out, in its widths."""
_MARGIN: Final = 0.004
"""Of the atlas, beside each strip."""
_STEEP: Final = 0.5
"""Sine of the angle by which a strand rises off its root, above which no card follows it: it would stand like a fin."""
_RISING: Final = 0.4
"""Of a strand, how much of it may be such a beginning."""
_BACK: Final = (0.016, 0.008, 0.0)
"""Metres that a card begins before its strand lies down, so that cards on both sides of a parting or whorl overlap: the
farthest of these that hair is over."""
_UNDER: Final = 0.007
"""Metres from the shell's outer side within which it is."""
_SHORT: Final = 0.012
"""Metres below which a guide bears no card."""
_OVER: Final = 0.002
"""Metres over the skin from which the shell's vertices are its outer side."""
_LOOSE: Final = 0.3
"""Share of the cards, the outermost ones, that have the loose strips."""


def make_cards(
    space: HairSpace,
    shell: Shell,
    guides: HairGuides,
    field: ShellField,
    *,
    colour: Float[np.ndarray, "3"],
    contrast: float,
    count: int,
    seed: int,
) -> HairMesh | None:
    """Lay ribbons along guides that are spread evenly; None where all are too short.

    Args:
        space: the bald head's.
        shell: of the hair.
        guides: strands to choose among.
        field: tells the way outwards.
        colour: (3,) sRGB 0..1 of the hair.
        contrast: of its strands.
        count: how many cards.
        seed: of the atlas.
    """
    strands = _lying(shell, field, guides.points.astype(np.float64))
    length = np.linalg.norm(np.diff(strands, axis=1), axis=2).sum(1)
    strands, length = strands[length > _SHORT], length[length > _SHORT]
    if not len(strands):
        return None
    width = _width(shell, np.sort(length)[-count:])
    chosen = covering(shell, strands, width, count)
    paths = resampled(strands[chosen], _ROWS)
    vertices = _ribbons(paths, width, field)
    vertices = kept_off_skin(space, np.concatenate([paths[:, :1], vertices], axis=1))[:, 1:]
    return _packed(space, vertices, paths, card_atlas(colour, contrast, seed), shell)


def _lying(shell: Shell, field: ShellField, strands: Float[np.ndarray, "G P 3"]) -> Float[np.ndarray, "G P 3"]:
    """Strands without their rising beginnings, and from a little before, as far as there is hair."""
    points = strands.shape[1]
    along = unit(np.diff(strands, axis=1))
    normals = field.at(strands[:, :-1].reshape(-1, 3)).normal.reshape(along.shape)
    lying = (along * normals).sum(2) < _STEEP
    lying[:, int(_RISING * points) :] = True
    first = lying.argmax(1)
    rows = np.arange(len(strands))
    start, way = strands[rows, first], along[rows, first]
    normal = normals[rows, first]
    way = unit(way - (way * normal).sum(1, keepdims=True) * normal)
    outer = KDTree(shell.vertices[shell.skin > _OVER])
    begin = start.copy()
    for back in sorted(_BACK):
        moved = start - back * way
        within = np.asarray(outer.query(moved)[0]) < _UNDER
        begin[within] = moved[within]
    share = np.arange(points) / (points - 1)
    out = np.empty_like(strands)
    for k, from_ in enumerate(first):
        kept = np.concatenate([begin[k : k + 1], strands[k, from_:]])
        run = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(kept, axis=0), axis=1))])
        out[k] = np.stack([np.interp(share * run[-1], run, kept[:, axis]) for axis in range(3)], axis=1)
    return out


def _width(shell: Shell, length: np.ndarray) -> float:
    """Metres across a card, so that all together cover the hair."""
    outer = shell.skin[shell.triangles].min(1) > 0
    area = np.linalg.norm(area_vectors(shell.vertices, shell.triangles[outer]), axis=1).sum() / 2
    return float(np.clip(_COVERING * area / max(float(length.sum()), 1e-6), *_WIDTHS))


def _ribbons(paths: np.ndarray, width: float, field: ShellField) -> Float[np.ndarray, "C N 3"]:
    """Vertices of the ribbons, row by row, three a row."""
    along = unit(np.gradient(paths, axis=1))
    normals = field.at(paths.reshape(-1, 3)).normal.reshape(paths.shape)
    across = unit(np.cross(along, normals))
    for _ in range(2):  # a ribbon turns evenly along its way
        across[:, 1:-1] = unit(across[:, :-2] + 2 * across[:, 1:-1] + across[:, 2:])
    outward = np.cross(across, along)
    half = width / 2 * np.interp(np.linspace(0, 2, _ROWS), [0, 1, 2], _TAPER)[None, :, None]
    raised = paths + _ROUND * width * outward
    return np.stack([paths - half * across, raised, paths + half * across], axis=2).reshape(len(paths), -1, 3)


def _packed(space: HairSpace, vertices: np.ndarray, paths: np.ndarray, atlas: np.ndarray, shell: Shell) -> HairMesh:
    cards = len(vertices)
    row, column = np.meshgrid(np.arange(_ROWS - 1), np.arange(2), indexing="ij")
    first = (3 * row + column).ravel()
    quad = np.stack([first, first + 3, first + 4, first + 1], axis=1)
    faces = (quad[None] + 3 * _ROWS * np.arange(cards)[:, None, None]).reshape(-1, 4)
    strip = _strips(paths, shell)
    across = np.tile([0.0, 0.5, 1.0], _ROWS)
    u = (strip[:, None] + _MARGIN * STRIPS + across * (1 - 2 * _MARGIN * STRIPS)) / STRIPS
    v = np.tile(np.repeat(np.linspace(1 - _MARGIN, _MARGIN, _ROWS), 3), (cards, 1))
    weights = np.repeat(hair_weights(space, paths.reshape(-1, 3)), 3, axis=0)
    return HairMesh(
        vertices=vertices.reshape(-1, 3).astype(np.float32),
        faces=faces.astype(np.int32),
        uvs=np.stack([u, v], axis=2).reshape(-1, 2).astype(np.float32),
        uv_faces=faces.astype(np.int32),
        skin_weights=weights.astype(np.float32),
        texture=atlas,
    )


def _strips(paths: np.ndarray, shell: Shell) -> np.ndarray:
    """The strip of each card: dense ones beneath, loose ones outside."""
    outer = shell.vertices[shell.skin > 0]
    away = np.linalg.norm(paths[:, _ROWS // 2][:, None] - outer[None], axis=2).min(1)
    order = np.argsort(np.argsort(away, kind="stable"), kind="stable") / max(len(paths) - 1, 1)
    dense = np.arange(len(paths)) % (STRIPS // 2)
    return np.where(order < _LOOSE, STRIPS // 2 + dense, dense).astype(np.float64)
