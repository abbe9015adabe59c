"""Which way hair lies on a shell: as the photo shows it where it does, mirrored or guessed elsewhere, smooth all over.

A strand's orientation in the photo is lifted into the shell's tangent plane; which of its ends is the root is told by
the usual way of hair, from the crown outwards and downwards. A screened Poisson equation over the shell (see
`geometry.screened_poisson`) carries it on.

Convention: unit vectors in the rest pose, from root to tip. Worked number: beside a face that straight hair hangs along
the direction is (0, -1, 0).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.spatial import KDTree

from ..geometry.normals import unit
from ..geometry.sampling import smoothstep
from ..geometry.screened_poisson import ScreenedPoisson
from ..shapes import Float, Float32
from .orientation import orientation_at
from .shell import Shell
from .space import HairSpace

_CROWN: Final = (0.0, 0.09, -0.045)
"""Metres from the axis' middle to the whorl, from which hair grows outwards; chosen by eye, as is what follows."""
_OUTWARDS: Final = 0.6
"""How much hair lies away from the crown, against 1 for downwards."""
_FACING: Final = (0.15, 0.45)
"""Cosine to the viewer from which an orientation can be lifted, not at all and wholly."""
_WEIGHTS: Final = {"mirror": 0.15, "prior": 0.02}
"""Of what is guessed against 1 for what is seen."""
_STIFFNESS: Final = 0.05
_TWIN_REACH: Final = 0.02
"""Metres from the mirrored place over which its direction is believed ever less."""
_ROUNDS: Final = 4
"""Rounds in which orientations take the sign of those around them, so that roots and tips do not lie side by side."""
_FOREHEAD: Final = 1.2
"""How much hair at a bare forehead lies away from it, against 1 for downwards."""
_BARE: Final = 0.3
"""Eye distances over the usual hairline up to which skin may be forehead."""
_UNCOVERED: Final = 0.004
"""Metres from the shell's outer side from which skin is bare."""
_NO_FRINGE: Final = (-0.45, -0.2)
"""Eye distances over the usual hairline of the highest bare skin: below there is a fringe, above none."""
_COMBED: Final = (0.004, 0.010)
"""Metres of thickness from which hair at the forehead is combed."""
_NEAR_FOREHEAD: Final = (0.02, 0.05)
"""Metres from the bare skin over which that fades."""


def usual_directions(
    space: HairSpace, points: Float[np.ndarray, "N 3"], normals: Float[np.ndarray, "N 3"]
) -> Float[np.ndarray, "N 3"]:
    """How hair usually lies at points (N, 3): away from the crown and down, along the surface with these normals."""
    away = unit(points - space.axis - np.array(_CROWN))
    wanted = np.array([0.0, -1.0, 0.0]) + _OUTWARDS * away
    return unit(_tangent(wanted, normals) + 1e-6 * away)


def hair_directions(
    space: HairSpace, shell: Shell, orientation: Float32[np.ndarray, "S S 3"]
) -> Float[np.ndarray, "V 3"]:
    """Direction of hair at a shell's vertices.

    Args:
        space: the bald head's.
        shell: of the hair.
        orientation: of `orientation.hair_orientation`.
    """
    points, normals = shell.vertices, shell.normals
    usual = usual_directions(space, points, normals) + _off_the_forehead(space, shell)
    usual = unit(_tangent(usual, normals) + 1e-6)
    lifted, trust = _lifted(space, shell, orientation)
    away, twin = KDTree(points).query(points * [-1, 1, 1])
    mirrored = _WEIGHTS["mirror"] * trust[twin] * (1 - trust) * np.exp(-((away / _TWIN_REACH) ** 2))
    weights = trust + mirrored + _WEIGHTS["prior"]
    solver = ScreenedPoisson(shell.quads.astype(np.int32), len(points))
    smooth = usual
    for _ in range(_ROUNDS):
        seen = lifted * np.where((lifted * smooth).sum(1, keepdims=True) < 0, -1.0, 1.0)
        other = _tangent(seen[twin] * [-1, 1, 1], normals)
        wanted = trust[:, None] * seen + mirrored[:, None] * other + _WEIGHTS["prior"] * usual
        smooth = solver.solve(wanted / weights[:, None], weights, stiffness=_STIFFNESS).astype(np.float64)
    return unit(_tangent(smooth, normals) + 1e-6 * usual)


def _off_the_forehead(space: HairSpace, shell: Shell) -> Float[np.ndarray, "V 3"]:
    """(V, 3) away from bare skin at the hairline of the forehead, where hair that is combed up or aside begins.

    Short hair lies as it grows, and a fringe hangs over the hairline: there it is zero.
    """
    outer = shell.skin > 0
    before = (space.over_hairline > -1) & (space.over_hairline < _BARE) & (space.skin[:, 2] > space.axis[2])
    bare = np.flatnonzero(before)
    away, _ = KDTree(shell.vertices[outer]).query(space.skin[bare])
    bare = bare[away > _UNCOVERED]
    if not len(bare):
        return np.zeros_like(shell.vertices)
    distance, nearest = KDTree(space.skin[bare]).query(shell.vertices)
    high = smoothstep(space.over_hairline[bare[nearest]], *_NO_FRINGE)
    thick = smoothstep(shell.skin, *_COMBED)
    strength = _FOREHEAD * high * thick * smoothstep(distance, _NEAR_FOREHEAD[1], _NEAR_FOREHEAD[0])
    return strength[:, None] * unit(shell.vertices - space.skin[bare[nearest]])


def _lifted(space: HairSpace, shell: Shell, orientation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The photo's orientation in the tangent planes, unit vectors of either sign, and the trust in each."""
    placed = space.to_camera(shell.vertices)
    normals = shell.normals @ space.rotation.T
    along, trust = orientation_at(space, orientation, space.camera.project(placed))
    towards = -unit(placed)
    trust = trust * smoothstep((normals * towards).sum(1), *_FACING) * shell.visible
    # the plane through the camera that holds the strand's picture, cut with the tangent plane
    depth = -placed[:, 2:]
    right, down = np.array([1.0, 0, 0]), np.array([0, -1.0, 0])
    moved = along[:, :1] * right + along[:, 1:] * down
    across = np.cross(placed / depth, moved)
    lifted = np.cross(across, normals)
    lifted *= np.where((lifted * moved).sum(1, keepdims=True) < 0, -1.0, 1.0)
    return unit(lifted) @ space.rotation, trust


def _tangent(vectors: np.ndarray, normals: np.ndarray) -> np.ndarray:
    return vectors - (vectors * normals).sum(1, keepdims=True) * normals
