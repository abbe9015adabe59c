"""A value on the skin carried to where it is not seen: from the other side of the head, and smoothly from around."""

from __future__ import annotations

import numpy as np

from ..geometry.sampling import smoothstep
from ..geometry.screened_poisson import ScreenedPoisson
from ..shapes import Float, Int


def mirrored_field(
    smoother: ScreenedPoisson,
    shown: Float[np.ndarray, "V 1"],
    seen: Float[np.ndarray, " V"],
    mirror: Int[np.ndarray, " V"],
    *,
    mirrored: float,
    prior: float,
    stiffness: float,
) -> Float[np.ndarray, " V"]:
    """The value on each vertex (V,); 0 far from anything that is seen.

    Args:
        smoother: of the mesh.
        shown: the value where the photo shows it.
        seen: how well it does, a weight.
        mirror: the vertex on the other side of each.
        mirrored: weight of the other side where this one is not seen.
        prior: weight of the value 0.
        stiffness: weight of an edge of the mesh.
    """
    other = mirrored * seen[mirror] * (1 - smoothstep(seen, 0.0, 0.5))
    weight = seen + other + prior
    value = seen[:, None] * shown + other[:, None] * shown[mirror]
    return smoother.solve(value / weight[:, None], weight, stiffness=stiffness)[:, 0]
