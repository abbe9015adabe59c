"""Registration by a free displacement of every vertex that is smooth over the mesh.

Iterated closest points with the point-to-plane term, coupled over the coordinates, and the umbrella's bending energy,
whose stiffness falls stage by stage (Amberg, Romdhani and Vetter, Optimal step nonrigid ICP, CVPR 2007).

Convention: metres. Worked number: a sphere of radius 0.10 registered to one of radius 0.11 gains displacements of
length 0.01 along its normals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import sparse

from ..shapes import Float
from .bending_energy import umbrella_bending
from .correspondences import TargetMesh
from .point_to_plane import coupled_term
from .positional_constraint import positional_constraint
from .quadratic_energy import QuadraticEnergy
from .schedule import iterate
from .solver import solve_coupled
from .template_mesh import TemplateMesh

_REGULAR: Final = 1e-6
"""Weight of no displacement at every vertex, against a match's 1, so that pieces without matches have a solution."""


@dataclass(frozen=True)
class DisplacementSettings:
    """How `register_displacement` goes from coarse to fine.

    Attributes:
        stiffness: weight of the bending energy against the data, one entry per stage, falling.
        iterations: matches per stage.
        reach: metres, matches farther away than this are dropped, one entry per stage.
        cosine: matches whose normals' cosine lies below this are dropped.
        tangential: weight of the sliding components of a match against its normal component.
        landmark: weight of a landmark against one vertex.
    """

    stiffness: tuple[float, ...] = (300.0, 100.0, 30.0, 10.0, 3.0, 1.0, 0.4)
    iterations: int = 3
    reach: tuple[float, ...] = (0.02, 0.015, 0.01, 0.01, 0.008, 0.008, 0.006)
    cosine: float = 0.6
    tangential: float = 0.02
    landmark: tuple[float, ...] = (30.0, 20.0, 10.0, 5.0, 2.0, 0.5, 0.1)


def register_displacement(
    template: TemplateMesh,
    start: Float[np.ndarray, "V 3"],
    target: TargetMesh,
    landmarks: Float[np.ndarray, "L 3"],
    settings: DisplacementSettings | None = None,
) -> Float[np.ndarray, "V 3"]:
    """Draw a shape of the template to the target.

    Args:
        template: the mesh.
        start: (V, 3) its shape, metres.
        target: where it is drawn.
        landmarks: (L, 3) target positions of the template's landmarks.
        settings: see `DisplacementSettings`.

    Returns:
        (V, 3) the vertices.
    """
    s = settings or DisplacementSettings()
    moved = np.zeros_like(start)
    wanted = np.zeros_like(start)
    wanted[template.landmarks] = landmarks - start[template.landmarks]
    for stiffness, reach, mark in zip(s.stiffness, s.reach, s.landmark, strict=True):
        weight = np.zeros(len(start))
        weight[template.landmarks] = mark * template.landmark_weight
        held = positional_constraint(weight + _REGULAR, wanted)
        smooth = QuadraticEnergy(held.matrix + umbrella_bending(template.laplacian, stiffness), held.right)

        def step(moved: np.ndarray, smooth: QuadraticEnergy = smooth, reach: float = reach) -> np.ndarray:
            found = template.matches(start + moved, target, reach, s.cosine)
            data, mean = coupled_term(
                found.ids,
                found.points - start[found.ids],
                found.normals,
                found.weights,
                tangential=s.tangential,
                count=len(start),
            )
            coupled = sparse.csr_matrix(sparse.kron(smooth.matrix, sparse.identity(3)))
            energy = data + QuadraticEnergy(coupled, smooth.right.ravel())
            return solve_coupled(energy, sparse.csr_matrix(smooth.matrix + sparse.diags(mean)))

        moved = iterate(step, moved, iterations=s.iterations)
    return start + moved
