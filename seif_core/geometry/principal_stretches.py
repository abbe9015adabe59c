"""How far a deformation presses and stretches a mesh: the singular values of each triangle's deformation gradient.

The gradient maps a triangle's plane at rest to its plane deformed (Sumner and Popovic, Deformation transfer for
triangle meshes, SIGGRAPH 2004, section 3); its singular values are the lengths that one unit becomes the ways it
becomes shortest and longest.

Convention: shares without unit. Worked number: skin of which 10 mm become 8 mm one way and 13 mm the other is pressed
by 0.2 and stretched by 0.3.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from ..shapes import Float, Int

_FLAT: Final = 1e-12
"""Square metres below which a triangle tells nothing."""


class Stretches(NamedTuple):
    """Shares at each vertex, the mean over its triangles by area at rest.

    Attributes:
        pressed: (V,) by which share the mesh is shorter, the way it is shortened most; 0 where it is nowhere shorter.
        stretched: (V,) by which share it is longer, the way it is lengthened most; 0 where it is nowhere longer.
    """

    pressed: Float[np.ndarray, " V"]
    stretched: Float[np.ndarray, " V"]


def principal_stretches(
    rest: Float[np.ndarray, "V 3"], deformed: Float[np.ndarray, "V 3"], triangles: Int[np.ndarray, "T 3"]
) -> Stretches:
    """How far a mesh is pressed and stretched around each vertex.

    Args:
        rest: (V, 3) metres.
        deformed: (V, 3) metres.
        triangles: (T, 3) into both.
    """
    (length, along, across), after = (_edges_in_plane(p.astype(np.float64)[triangles]) for p in (rest, deformed))
    area = length * across / 2
    length, across = length + _FLAT, across + _FLAT
    # the gradient is [[first, shear], [0, second]]; sums and differences of its singular values are known at once
    first, second = after[0] / length, after[2] / across
    shear = (after[1] - first * along) / across
    squares, twice = first**2 + shear**2 + second**2, 2 * first * second
    total, apart = np.sqrt(squares + twice), np.sqrt(np.maximum(squares - twice, 0))
    longest, shortest = (total + apart) / 2, (total - apart) / 2
    corner, size = triangles.ravel(), len(rest)
    whole = np.maximum(np.bincount(corner, np.repeat(area, 3), size), _FLAT)

    def mean(values: Float[np.ndarray, " T"]) -> Float[np.ndarray, " V"]:
        return np.bincount(corner, np.repeat(values * area, 3), size) / whole

    return Stretches(mean(np.clip(1 - shortest, 0, 1)), mean(np.maximum(longest - 1, 0)))


def _edges_in_plane(corners: Float[np.ndarray, "T 3 3"]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two edges of each triangle in axes of its own plane: the first's length, the second along it and across (T,)."""
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    length = np.maximum(np.linalg.norm(first, axis=1), np.sqrt(_FLAT))
    along = (first * second).sum(1) / length
    across = np.sqrt(np.maximum((second**2).sum(1) - along**2, _FLAT))
    return length, along, across
