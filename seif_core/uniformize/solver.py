"""A smooth displacement of the skin towards targets, with stiffness per vertex.

Minimises, over displacements d of the fitted skin, with lumped areas m, cotangent matrix C and smoothing length l,

    sum over samples  a w |B d - t|^2  +  sum m (h |d|^2 + k |d - d0|^2)  +  l^4 sum m s |C d / m|^2  +  c l^2 d^T C d
    + sum over ties |d_i - d_j|^2

(a area, w weight and t target of each sample, B its barycentric weights; h hold at the fit; k inertia about d0, where
the level began, which carries places that the surface says nothing about; s stiffness; ties make two vertices go
together). Source of the thin-plate term: Botsch and Kobbelt, An intuitive framework for real-time freeform modeling,
2004; the membrane term keeps far extrapolation tame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse import linalg

from ..shapes import Float, Int
from .samples import Samples
from .skin import Skin
from .zones import Zones

_MEMBRANE: Final = 0.02
_INERTIA: Final = 0.01


class Pull(NamedTuple):
    """What draws the skin: the quadratic form ``d^T matrix d - 2 d^T right``.

    Attributes:
        matrix: (S, S).
        right: (S, 3).
    """

    matrix: sparse.csr_matrix
    right: Float[np.ndarray, "S 3"]

    @staticmethod
    def of(samples: Samples, weights: Float[np.ndarray, " N"], targets: Float[np.ndarray, "N 3"]) -> Pull:
        """Towards `targets` (N, 3), displacements in metres, each with its weight (N,)."""
        weighted = samples.blend.T @ sparse.diags(samples.area * weights)
        return Pull(sparse.csr_matrix(weighted @ samples.blend), np.asarray(weighted @ targets))


class Ties(NamedTuple):
    """Pairs of vertices that go together; a pair may come often, its strengths add up.

    Attributes:
        pairs: (P, 2) vertices of the skin.
        strength: (P,) in units of the system's own diagonal.
    """

    pairs: Int[np.ndarray, "P 2"]
    strength: Float[np.ndarray, " P"]

    @staticmethod
    def none() -> Ties:
        """No ties."""
        return Ties(np.zeros((0, 2), np.int64), np.zeros(0))

    def matrix(self, diagonal: Float[np.ndarray, " S"]) -> sparse.csr_matrix:
        """(S, S) their Laplacian."""
        i, j = self.pairs.T
        weight = self.strength * np.sqrt(diagonal[i] * diagonal[j])
        graph = sparse.csr_matrix((np.r_[weight, weight], (np.r_[i, j], np.r_[j, i])), (len(diagonal),) * 2)
        return sparse.csr_matrix(sparse.diags(np.asarray(graph.sum(1)).ravel()) - graph)


@dataclass(frozen=True, eq=False)
class Plate:
    """The thin plate that the fitted skin is.

    Attributes:
        cotangents: (S, S).
        mass: (S,) square metres.
    """

    cotangents: sparse.csr_matrix
    mass: Float[np.ndarray, " S"]

    @staticmethod
    def of(skin: Skin, fitted: Float[np.ndarray, "S 3"]) -> Plate:
        """The plate at rest in the fitted shape."""
        return Plate(*skin.operators(fitted))

    def bent(self, zones: Zones, length: float, start: Float[np.ndarray, "S 3"]) -> Bending:
        """The plate's own energy for a smoothing length in metres, with inertia about `start` (S, 3), metres."""
        bend = sparse.diags(zones.stiffness / self.mass)
        stiff = length**4 * (self.cotangents.T @ bend @ self.cotangents)
        inertia = _INERTIA * self.mass
        own = stiff + _MEMBRANE * length**2 * self.cotangents + sparse.diags(self.mass * zones.hold + inertia)
        return Bending(sparse.csr_matrix(own), inertia[:, None] * start)


class Bending(NamedTuple):
    """All that does not depend on the surface, for one level.

    Attributes:
        matrix: (S, S).
        right: (S, 3).
    """

    matrix: sparse.csr_matrix
    right: Float[np.ndarray, "S 3"]

    def solve(self, pull: Pull, ties: Ties) -> Float[np.ndarray, "S 3"]:
        """The displacements (S, 3), metres, at which all forces balance."""
        system = self.matrix + pull.matrix
        if len(ties.pairs):
            system = system + ties.matrix(np.asarray(system.diagonal()))
        factor = linalg.splu(
            sparse.csc_matrix(system),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
        return factor.solve(self.right + pull.right)
