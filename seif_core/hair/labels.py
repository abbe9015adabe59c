"""Where the head's surface is hair: what the photo shows, and behind it what anatomy, symmetry and continuity say.

The surface's vertices are gathered into clusters. Those that the photo shows have the parsing's share; for the others
their mirror image's, the model's usual hairline, and how far hair hangs where it is seen; and all of it is made
continuous by a screened Poisson equation over neighbouring clusters (`geometry.screened_poisson` tells its source).

Convention: 1 is hair, 0 is none. Worked number: a cluster on the crown of a seen head of hair has a label near 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import cg
from scipy.spatial import KDTree

from ..geometry.laplacian import graph_laplacian
from ..geometry.normals import unit, vertex_normals
from ..geometry.sampling import smoothstep
from ..implicit.head_surface import HeadSurface
from ..shapes import Float
from .seen import look_at, shares_at
from .space import HairSpace

_CLUSTER: Final = 0.006
"""Metres: a cluster's width. Chosen, as are the constants below, by eye on the sample portraits."""
_NEIGHBOURS: Final = 8
_FACING: Final = (0.05, 0.35)
"""Cosine to the viewer from which what is seen counts, not at all and wholly."""
_WEIGHTS: Final = {"mirror": 0.05, "prior": 0.02}
"""Of what is guessed, against 1 for what is seen."""
_STIFFNESS: Final = 0.15
"""Of the Poisson equation: how far a label is that of its neighbours."""
_HAIRLINE: Final = (-0.12, 0.12)
"""Eye distances about the usual hairline over which the prior rises from 0 to 1."""
_OFF_SKIN: Final = (0.006, 0.014)
"""Metres that an unseen surface lies off the skin: what bulges so far is hair, where hair hangs."""
_MIRRORED: Final = 0.012
"""Metres within which a mirrored cluster is looked for."""
_LOWEST: Final = 2.0
"""Percentile of the heights of seen hair that counts as its lower end."""
_LONG: Final = 0.01
"""Metres under the usual nape from which hair is longer than that."""
_FACE: Final = -0.25
"""Eye distances over the usual hairline below which hair that stands off the skin hangs."""
_COVERING: Final = (8.0, 20.0)
"""Clusters of such hair on one side from which it hangs there, not at all and surely: 20 are 7 square centimetres."""
_SEEN: Final = 0.5
_TRUSTED: Final = 0.3
"""Share of hair from which a cluster is hair, and weight from which it is believed to say how far hair hangs."""
_MIDDLE: Final = 0.05
"""Metres from the middle over which one side's hair passes into the other's."""
_NAPE: Final = 0.1
"""Eye distances about the usual hairline, behind the axis, that are the usual nape."""
_BEHIND: Final = 0.02
"""Metres before the head's axis up to which skin is taken for its back."""
_END: Final = 0.01
"""Metres about hair's lower end over which it fades."""
_ACCURACY: Final = 1e-3
_ITERATIONS: Final = 200
"""Of the conjugate gradients that solve the Poisson equation."""


class Hanging(NamedTuple):
    """How far down hair hangs.

    Attributes:
        left: height of the lower end of hair on the subject's left, metres in the rest pose.
        right: on the right.
        usual: where short hair ends at the nape.
        covers: how far hair hangs off the skin below the hairline, over ears and cheeks, on the left and right, 0..1:
            it may end above the nape and hang all the same.
    """

    left: float
    right: float
    usual: float
    covers: tuple[float, float] = (0.0, 0.0)

    def falling(self, points: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, " N"]:
        """How far hair hangs on the side that points lie on, 0..1."""
        side = smoothstep(points[:, 0], -_MIDDLE, _MIDDLE)
        covers = self.covers[1] + (self.covers[0] - self.covers[1]) * side
        return np.maximum(covers, self.lowest(points) < self.usual - _LONG)

    def lowest(self, points: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, " N"]:
        """The lower end of hair at points, by the side they lie on."""
        side = smoothstep(points[:, 0], -_MIDDLE, _MIDDLE)
        return self.right + (self.left - self.right) * side


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels of clusters of the head's surface.

    Attributes:
        points: (C, 3) rest pose, metres.
        normals: (C, 3) unit.
        label: (C,) in 0..1.
        seen: (C,) in 0..1, how far the photo shows it.
        hanging: how far down hair hangs.
    """

    points: Float[np.ndarray, "C 3"]
    normals: Float[np.ndarray, "C 3"]
    label: Float[np.ndarray, " C"]
    seen: Float[np.ndarray, " C"]
    hanging: Hanging


def label_surface(space: HairSpace, surface: HeadSurface) -> Labels:
    """Label the clusters of a head's surface.

    Args:
        space: the bald head's.
        surface: with hair.
    """
    vertices = space.to_rest(surface.vertices)
    normals = vertex_normals(vertices, surface.triangles)
    shown, share = _seen(space, surface, vertices, normals)
    owner = _clusters(vertices)
    count = np.bincount(owner).astype(np.float64)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.stack([np.bincount(owner, v, len(count)) for v in values.T], axis=1) / count[:, None]

    points, facing = mean(vertices), unit(mean(normals))
    weight = mean(shown[:, None])[:, 0]
    label = mean((shown * share)[:, None])[:, 0] / np.maximum(weight, 1e-9)
    hanging = _hanging(space, points[(label > _SEEN) & (weight > _TRUSTED)])
    return Labels(points, facing, _continued(space, points, label, weight, hanging), weight, hanging)


def _seen(
    space: HairSpace, surface: HeadSurface, vertices: np.ndarray, normals: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How far each vertex is seen, and the share of hair there."""
    pixels = space.camera.project(surface.vertices)
    view = look_at(space, vertices, surface.triangles)
    towards = unit(space.viewer - vertices)
    shares = shares_at(space, pixels)
    facing = smoothstep((normals * towards).sum(1), *_FACING)
    return view.sees(pixels, -surface.vertices[:, 2]) * facing * shares.known, shares.wanted


def _clusters(vertices: np.ndarray) -> np.ndarray:
    """(V,) number of the cluster of each vertex: those in one cell of a grid."""
    cells = np.floor(vertices / _CLUSTER).astype(np.int64)
    cells -= cells.min(0)
    width = cells.max(0) + 1
    _, owner = np.unique((cells[:, 0] * width[1] + cells[:, 1]) * width[2] + cells[:, 2], return_inverse=True)
    return owner.ravel()


def _hanging(space: HairSpace, hair: Float[np.ndarray, "N 3"]) -> Hanging:
    """The lower end of hair beside and behind the face, from points that surely are hair."""
    back = (np.abs(space.over_hairline) < _NAPE) & (space.skin[:, 2] < space.axis[2])
    usual = float(space.skin[back, 1].min()) if back.any() else float(space.axis[1])
    found = space.index.query(hair)
    height = space.index.weights(found).interpolate(space.triangles, space.over_hairline[:, None])[:, 0]
    off = hair[(height < _FACE) & (found.distances > _OFF_SKIN[1])]
    ends, covers = [], []
    for side in (1, -1):
        beside = hair[hair[:, 0] * side > 0]
        ends.append(min(usual, float(np.percentile(beside[:, 1], _LOWEST))) if len(beside) else usual)
        covers.append(float(smoothstep(np.array([float((off[:, 0] * side > 0).sum())]), *_COVERING)[0]))
    return Hanging(ends[0], ends[1], usual, (covers[0], covers[1]))


def prior(space: HairSpace, points: Float[np.ndarray, "N 3"], hanging: Hanging) -> Float[np.ndarray, " N"]:
    """How likely unseen places of a head's surface are hair, by its usual hairline and by how far hair hangs.

    Args:
        space: the bald head's.
        points: (N, 3) rest pose.
        hanging: of the hair that is seen.
    """
    found = space.index.query(points)
    values = np.stack([space.over_hairline, space.ears, space.grown], axis=1)
    height, ear, grown = space.index.weights(found).interpolate(space.triangles, values).T
    behind = points[:, 2] < space.axis[2] + _BEHIND
    scalp = smoothstep(height, *_HAIRLINE) * (behind | (height > 0)) * grown
    low = hanging.lowest(points)
    fallen = smoothstep(points[:, 1] - low, -_END, _END) * hanging.falling(points)
    return np.maximum(scalp, fallen * np.maximum(ear, smoothstep(found.distances, *_OFF_SKIN)))


def _continued(
    space: HairSpace, points: np.ndarray, label: np.ndarray, weight: np.ndarray, hanging: Hanging
) -> Float[np.ndarray, " C"]:
    tree = KDTree(points)
    away, near = (np.asarray(found) for found in tree.query(points, k=_NEIGHBOURS + 1))
    pairs = np.stack([np.repeat(np.arange(len(points)), _NEIGHBOURS), near[:, 1:].ravel()], axis=1)
    joined = np.exp(-((away[:, 1:] / (2 * _CLUSTER)) ** 2)).ravel() / 2
    distance, twin = tree.query(points * [-1, 1, 1])
    mirrored = _WEIGHTS["mirror"] * weight[twin] * (distance < _MIRRORED) * (1 - weight)
    guessed = _WEIGHTS["prior"] * (1 - weight)
    total = weight + mirrored + guessed + 1e-6
    wanted = weight * label + mirrored * label[twin] + guessed * prior(space, points, hanging)
    system = _STIFFNESS * graph_laplacian(pairs, joined, len(points)) + sparse.diags(total)
    inverse = sparse.diags(1 / system.diagonal())
    solved, _ = cg(system.tocsr(), wanted, x0=label * weight, rtol=_ACCURACY, maxiter=_ITERATIONS, M=inverse)
    return np.clip(solved, 0, 1)
