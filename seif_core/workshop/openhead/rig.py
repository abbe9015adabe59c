"""Joints, their regressor, and smooth skin weights of the Open head.

The jaw turns as MakeHuman's `jawOpen` face unit turns the lower teeth: its pivot is the fixed axis of that rotation,
near the condyles in front of the ears. How much a skin vertex belongs to the jaw is how far the same face unit
carries it along with that rotation. Joints are regressed from vertices, so that they follow identity.

Convention: metres, Y up, the face towards +Z; axis-angle about +X opens the jaw. Worked number: `jaw_hinge` finds
20.7 degrees for the full face unit.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np
from scipy import optimize, sparse
from scipy.sparse.linalg import spsolve

from ...geometry.connectivity import adjacency
from ...geometry.edges import polygon_edges
from ...headmodel.topology import PART_NAMES
from ...shapes import Float64
from . import eyeballs, makehuman
from .selection import head_selection
from .sliders import DECIMETRE, macro_body, macro_mean, to_head_frame

_NECK_SHARE: Final = {"neck03": 0.75, "neck02": 0.45, "neck01": 0.15}
"""How much of each neck bone's weight follows the head; the skull's bones follow wholly, the trunk not at all."""

_TRUNK: Final = ("spine", "clavicle", "shoulder", "breast", "pelvis", "root", "neck", "upperarm", "scapula")
"""Beginnings of bone names that do not belong to the skull."""

_SMOOTHING: Final = 3.0
"""Strength of the smoothing of weights over the surface, in units of the uniform graph Laplacian."""


def part_mask(name: str) -> np.ndarray:
    """(V,) bool, vertices of a part."""
    return head_selection().vertex_part == PART_NAMES.index(name)


@lru_cache(maxsize=1)
def skin_graph() -> sparse.csr_matrix:
    """(V, V) adjacency of vertices that share an edge of any face, 0 or 1."""
    selection = head_selection()
    return adjacency(polygon_edges(selection.faces), len(selection.vertex_ids))


@lru_cache(maxsize=1)
def skin_laplacian() -> sparse.csr_matrix:
    """(V, V) uniform graph Laplacian of `skin_graph`; rows sum to 0."""
    graph = skin_graph()
    return sparse.csr_matrix(sparse.diags(np.asarray(graph.sum(axis=1)).ravel()) - graph)


def face_edges(faces: np.ndarray) -> np.ndarray:
    """(E, 2) directed edges of faces (F, 4) whose triangles are padded with -1."""
    quads = faces[:, 3] >= 0
    corners = [(0, 1), (1, 2)]
    edges = [faces[:, pair] for pair in corners]
    edges += [faces[quads][:, (2, 3)], faces[quads][:, (3, 0)], faces[~quads][:, (2, 0)]]
    return np.concatenate(edges)


def smooth(values: np.ndarray, strength: float) -> np.ndarray:
    """Values (V,) or (V, C) smoothed over the surface: (I + strength L) x = values."""
    return solve(sparse.identity(len(values)) + strength * skin_laplacian(), values)


def solve(system: Any, right: np.ndarray) -> np.ndarray:  # noqa: ANN401 - scipy's sparse classes share no useful type
    """Solution of a sparse linear system; scipy's type stubs know less than its manual."""
    return np.asarray(spsolve(sparse.csc_matrix(system), right))


@lru_cache(maxsize=1)
def jaw_hinge() -> tuple[float, Float64[np.ndarray, "3"]]:
    """Angle in radians about +X and pivot (3,), metres on the macro mean, of the lower teeth under full `jawOpen`."""
    base = makehuman.read_base()
    teeth = base.groups["helper-lower-teeth"]
    rest = base.vertices[teeth]
    moved = rest + makehuman.read_face_unit("jawOpen")[teeth]
    a, b = rest - rest.mean(axis=0), moved - moved.mean(axis=0)
    angle = float(np.arctan2((a[:, 1] * b[:, 2] - a[:, 2] * b[:, 1]).sum(), (a[:, 1:] * b[:, 1:]).sum()))
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]])
    offset = np.linalg.solve(turn - np.eye(2), (moved - rest).mean(axis=0)[1:])
    pivot = np.array([0.0, *(rest.mean(axis=0)[1:] - offset)])
    return angle, _from_base_mesh(pivot)


def _from_base_mesh(point: np.ndarray) -> np.ndarray:
    """A point of MakeHuman's base mesh, decimetres, carried to the macro mean by the similarity of the whole face."""
    selection = head_selection()
    target = macro_mean()
    face = (selection.vertex_part == 0) & (target[:, 1] > -0.09)
    source = selection.from_body(makehuman.read_base().vertices)[face]
    target = target[face]
    a, b = source - source.mean(axis=0), target - target.mean(axis=0)
    u, singular, vt = np.linalg.svd(b.T @ a)
    rotation = u @ vt
    scale = singular.sum() / (a**2).sum()
    return scale * rotation @ (point - source.mean(axis=0)) + target.mean(axis=0)


@lru_cache(maxsize=1)
def joint_positions() -> Float64[np.ndarray, "5 3"]:
    """Anatomical places of the 5 joints (5, 3) on the macro mean, metres."""
    groups = makehuman.read_base().groups
    body = macro_body()
    head = macro_mean()
    eyes = [eyeballs.centre_weights() @ head[part_mask(name)] for name in ("eye_left", "eye_right")]
    joints = np.stack(
        [
            to_head_frame(body[groups["joint-neck"]].mean(axis=0)),
            to_head_frame(body[groups["joint-head"]].mean(axis=0)),
            jaw_hinge()[1],
            *eyes,
        ]
    )
    joints[:3, 0] = 0.0
    return joints


def joint_regressor() -> Float64[np.ndarray, "5 V"]:
    """(5, V) convex weights of vertices that give `joint_positions` on the macro mean and follow identity."""
    selection = head_selection()
    template = macro_mean()
    joints = joint_positions()
    regressor = np.zeros((5, len(template)))
    for row in range(3):
        candidates = _around(template, joints[row], row)
        weights = _convex(template[candidates], joints[row])
        regressor[row, candidates] = weights
        regressor[row] = (regressor[row] + regressor[row][selection.mirror]) / 2
    for row, name in ((3, "eye_left"), (4, "eye_right")):
        regressor[row, part_mask(name)] = eyeballs.centre_weights()
    return regressor


def _around(template: np.ndarray, joint: np.ndarray, row: int) -> np.ndarray:
    """Skin vertices in a horizontal band about a joint; for the jaw only those beside it, before the ears."""
    skin = head_selection().vertex_part == 0
    band = skin & (np.abs(template[:, 1] - joint[1]) < 0.012)
    if row == 2:
        band = skin & (np.abs(template[:, 1:] - joint[1:]).max(axis=1) < 0.012) & (np.abs(template[:, 0]) > 0.03)
    return np.flatnonzero(band)


def _convex(points: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Non-negative weights (N,), as even as possible, with sum 1 and weighted mean `target`."""
    count = len(points)
    scale = 1e4
    rows = np.concatenate([scale * points.T, scale * np.ones((1, count)), np.sqrt(1e-2) * np.eye(count) * count**0.5])
    aim = np.concatenate([scale * target, [scale], np.sqrt(1e-2) * np.ones(count) / count**0.5])
    weights = optimize.nnls(rows, aim)[0]
    return weights / weights.sum()


def jaw_share() -> Float64[np.ndarray, " V"]:
    """(V,) in 0..1: how far each vertex turns with the jaw, smooth over the skin."""
    selection = head_selection()
    angle, pivot = jaw_hinge()
    arm = macro_mean() - pivot
    cos, sin = np.cos(angle), np.sin(angle)
    turned = np.stack([0 * arm[:, 0], cos * arm[:, 1] - sin * arm[:, 2], sin * arm[:, 1] + cos * arm[:, 2]], axis=1)
    path = turned - np.stack([0 * arm[:, 0], arm[:, 1], arm[:, 2]], axis=1)
    actual = selection.from_body(makehuman.read_face_unit("jawOpen")) * DECIMETRE
    along = (actual * path).sum(axis=1)
    length = (path**2).sum(axis=1)
    # near the pivot the path is short and says little: weigh by its squared length while smoothing
    floor = (0.004) ** 2
    trust = length / (length + floor)
    share = np.clip(along / np.maximum(length, 1e-9), 0, 1)
    laplacian = skin_laplacian()
    system = sparse.diags(trust + 1e-3) + _SMOOTHING * 0.3 * laplacian
    share = np.clip(solve(system, trust * share), 0, 1)
    share = (share + share[selection.mirror]) / 2
    for name, value in (("teeth_lower", 1.0), ("tongue", 1.0), ("teeth_upper", 0.0), ("lashes", 0.0)):
        share[part_mask(name)] = value
    return np.where(share < 0.01, 0.0, share)


def head_share() -> Float64[np.ndarray, " V"]:
    """(V,) in 0..1: how far each vertex turns with the neck joint, from MakeHuman's rig."""
    selection = head_selection()
    share = np.zeros(makehuman.VERTEX_COUNT)
    total = np.zeros(makehuman.VERTEX_COUNT)
    for bone, weights in makehuman.read_bone_weights().items():
        total += weights
        if bone in _NECK_SHARE:
            share += _NECK_SHARE[bone] * weights
        elif not bone.startswith(_TRUNK):
            share += weights
    share = share / np.maximum(total, 1e-9)
    own = selection.vertex_ids >= 0
    head = np.ones(len(selection.vertex_ids))
    head[own] = share[selection.vertex_ids[own]]
    skin = selection.vertex_part == 0
    head = np.where(skin, smooth(head, _SMOOTHING), 1.0)
    head = (head + head[selection.mirror]) / 2
    head[selection.rim] = 0.0
    return np.clip(head, 0, 1)


def skin_weights() -> Float64[np.ndarray, "V 5"]:
    """(V, 5) smooth skin weights over root, neck, jaw, left eye, right eye; rows sum to 1."""
    head, jaw = head_share(), jaw_share()
    weights = np.stack([1 - head, head * (1 - jaw), head * jaw, 0 * head, 0 * head], axis=1)
    for column, name in ((3, "eye_left"), (4, "eye_right")):
        weights[part_mask(name)] = np.eye(5)[column]
    return weights / weights.sum(axis=1, keepdims=True)
