"""A smooth displacement of the skin towards targets, with stiffness per vertex.

Minimises, over displacements d of the fitted skin, with lumped areas m, cotangent matrix C and smoothing length l,

    sum m w |d - t|^2 + m h |d|^2  +  l^4 sum m s |C d / m|^2  +  k l^2 d^T C d
    + sum over ties |d_i - d_j|^2

(w data, t targets, h hold, s stiffness; ties make two vertices go together). The matrix does not depend on t, so it is
factorised once per level. Source of the thin-plate term: Botsch and Kobbelt, 2004; the membrane term keeps far
extrapolation tame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse import linalg

from ..shapes import Float, Int
from .skin import Skin
from .zones import Zones

_MEMBRANE: Final = 0.02
_LEAST: Final = 1e-6


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

    def solver(self, zones: Zones, ties: Ties, length: float) -> DisplacementSolver:
        """Factorise for a smoothing length in metres."""
        return DisplacementSolver(self, zones, ties, length)


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


class DisplacementSolver:
    """The factorised system of one level; see the module."""

    def __init__(self, plate: Plate, zones: Zones, ties: Ties, length: float) -> None:
        self._data = plate.mass * np.maximum(zones.data, _LEAST)
        bend = sparse.diags(zones.stiffness / plate.mass)
        stiff = length**4 * (plate.cotangents.T @ bend @ plate.cotangents)
        membrane = _MEMBRANE * length**2 * plate.cotangents
        system = stiff + membrane + sparse.diags(self._data + plate.mass * zones.hold)
        if len(ties.pairs):
            system = system + ties.matrix(np.asarray(system.diagonal()))
        self._factor = linalg.splu(
            sparse.csc_matrix(system),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )

    def solve(self, targets: Float[np.ndarray, "S 3"]) -> Float[np.ndarray, "S 3"]:
        """Displacements (S, 3) towards `targets`, metres."""
        return self._factor.solve(self._data[:, None] * targets)
