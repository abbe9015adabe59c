"""Repair of what a deformation has inverted or drawn through itself.

Where triangles are inverted or newly cross, their vertices are attached to each other, ever more strongly, and the
energy is solved again: what moves alike neither inverts nor crosses. What that does not mend goes back, with a soft
transition, towards a displacement that is known to be sound.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from ..errors import RegistrationError
from ..geometry.connectivity import Connectivity
from ..geometry.self_intersection import CrossingFinder
from ..shapes import Bool, Float, Int
from .attachments import Attachments
from .inverted_triangles import inverted_triangles
from .quadratic_energy import QuadraticEnergy
from .solver import solve_sparse

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True)
class RepairSettings:
    """How defects are mended; the numbers were chosen on the rough heads of `benchmarks/uniformize.py`.

    Attributes:
        rounds: at most so many rounds of attachments.
        first_strength: of the attachments of the first round, against the other terms.
        growth: factor of the strength from round to round.
        strongest: more is not given.
        patience: rounds without fewer defects after which attachments are given up.
        retreat_rounds: rounds of going back; the last ones go back all the way.
        retreat_fade: rings over which going back fades.
    """

    rounds: int = 14
    first_strength: float = 0.3
    growth: float = 5.0
    strongest: float = 1e4
    patience: int = 2
    retreat_rounds: int = 40
    retreat_fade: int = 3


_ALL_THE_WAY: Final = 4
"""So many of the last rounds of going back go back all the way."""


class Defects(NamedTuple):
    """What is wrong with a deformed mesh.

    Attributes:
        inverted: (N,) triangles.
        crossing: (P, 2) pairs of triangles that pass through each other and did not in the reference.
    """

    inverted: Int[np.ndarray, " N"]
    crossing: Int[np.ndarray, "P 2"]

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self.inverted) + len(self.crossing)

    def vertices(self, mesh: Connectivity) -> Bool[np.ndarray, " V"]:
        """The vertices of all triangles concerned."""
        found = np.zeros(mesh.vertex_count, bool)
        found[mesh.triangles[np.concatenate([self.inverted, self.crossing.ravel()])]] = True
        return found


class DefectFinder:
    """Finds what has become wrong with a mesh since its reference shape, which is taken as sound.

    Args:
        mesh: the mesh.
        reference: (V, 3) its reference shape, metres.
    """

    def __init__(self, mesh: Connectivity, reference: Float[np.ndarray, "V 3"]) -> None:
        self.mesh, self.reference = mesh, reference
        self._finder = CrossingFinder(mesh.triangles)
        self._crossed = np.zeros(len(mesh.triangles), bool)
        self._crossed[self._finder.pairs(reference)] = True

    def find(self, points: Float[np.ndarray, "V 3"]) -> Defects:
        """The defects of a deformed shape (V, 3), metres."""
        inverted = np.flatnonzero(inverted_triangles(self.mesh, self.reference, points))
        pairs = self._finder.pairs(points)
        return Defects(inverted, pairs[~self._crossed[pairs].all(axis=1)])


class Repair:
    """Keeps one mesh sound while it is deformed; attachments that were needed once stay.

    Args:
        finder: tells defects.
        rest: (V, 3) metres, what displacements count from.
        settings: see `RepairSettings`.
    """

    def __init__(
        self,
        finder: DefectFinder,
        rest: Float[np.ndarray, "V 3"],
        settings: RepairSettings | None = None,
    ) -> None:
        self.finder, self.rest, self.attachments = finder, rest, Attachments.none()
        self.settings = settings or RepairSettings()

    def solve(self, energy: QuadraticEnergy) -> Float[np.ndarray, "V 3"]:
        """The displacements (V, 3), metres, at which the energy with the attachments is least."""
        return solve_sparse(self.attachments.added_to(energy))

    def defects(self, displacement: Float[np.ndarray, "V 3"]) -> Defects:
        """The defects of displacements (V, 3), metres."""
        return self.finder.find(self.rest + displacement)

    def mended(
        self, displacement: Float[np.ndarray, "V 3"], energy: QuadraticEnergy, sound: Float[np.ndarray, "V 3"]
    ) -> Float[np.ndarray, "V 3"]:
        """Displacements (V, 3) without defects.

        Args:
            displacement: (V, 3) metres, where the energy is least.
            energy: solved again with more attachments.
            sound: (V, 3) metres, displacements without defects, to go back to.

        Raises:
            RegistrationError: some place stays inverted.
        """
        best, least, since = displacement, np.inf, 0
        for round_ in range(self.settings.rounds):
            found = self.defects(displacement)
            if not found.number:
                return displacement
            _LOG.debug("repair, round %d: %d inverted, %d crossing", round_, *map(len, found))
            best, least, since = (displacement, found.number, 0) if found.number < least else (best, least, since + 1)
            if since == self.settings.patience:
                break
            self._attach(found, self.settings.first_strength * self.settings.growth**round_)
            displacement = self.solve(energy)
        return self._retreat(sound, best)

    def _attach(self, found: Defects, strength: float) -> None:
        """Attach inverted triangles to their surroundings, and crossing ones to each other."""
        mesh = self.finder.mesh
        seed = np.zeros(mesh.vertex_count, bool)
        seed[mesh.triangles[found.inverted]] = True
        around = mesh.edges[seed[mesh.edges].any(axis=1)]
        six = mesh.triangles[found.crossing].reshape(-1, 6)
        first, second = np.triu_indices(6, 1)
        clique = np.stack([six[:, first].ravel(), six[:, second].ravel()], axis=1)
        pairs = np.concatenate([around, clique[clique[:, 0] != clique[:, 1]]])
        self.attachments = self.attachments.joined(pairs, min(strength, self.settings.strongest))

    def _retreat(self, sound: np.ndarray, displacement: np.ndarray) -> np.ndarray:
        """Places with defects go less far from `sound`, with a soft transition, until there is none."""
        mesh, rounds = self.finder.mesh, self.settings.retreat_rounds
        share, left = np.ones(len(sound)), 0
        for round_ in range(rounds):
            blended = sound + share[:, None] * (displacement - sound)
            found = self.defects(blended)
            left = found.number
            if left == 0:
                return blended
            _LOG.debug("going back, round %d: %d inverted, %d crossing", round_, *map(len, found))
            near = mesh.faded(mesh.grown(found.vertices(mesh), 2 + round_ // 4), self.settings.retreat_fade)
            share = share * (1 - 0.5 * near) if round_ < rounds - _ALL_THE_WAY else share * (near == 0)
        raise RegistrationError(
            f"{left} places of the mesh stay folded on this surface; use a smoother surface or longer wavelengths."
        )
