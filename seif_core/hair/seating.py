"""The shell's edge along the hairline comes down to the skin, so that no gap opens under it.

The texture's alpha cuts the shell where hair ends. Cut some millimetres over the skin, hair looked like a helmet in
every renderer that casts shadows: a black line all along the hairline, and the shell's dark inside behind the ears. So
the outer side rises from the skin where hair does: as high as it is away from the edge, and under the skin beyond it.
Where hair ends in tips over a forehead, a cheek, a shoulder, it hangs free as it did.

Convention: metres, rest pose. Worked number: 5 mm inside the edge hair is 0.4 + 1.5 x 5 = 7.9 mm high at most.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from scipy.spatial import KDTree

from ..geometry.normals import unit, vertex_normals
from ..shapes import Float, Int
from .density import alpha_of, shown_share
from .matte import Matte
from .shell import Shell
from .space import HairSpace

_FINER: Final = 5
"""Places along each side of a quad at which it is asked whether hair is there: about every millimetre."""
_LIFTED: Final = 0.0004
"""Metres over the skin at the edge. Chosen by eye in Blender, as is what follows."""
_STEEP: Final = 1.5
"""Metres that hair may rise for each metre from its edge. The three photos with reference normals tell 1.5, 2 and 4 not
apart; a drawn head's hair is met better the steeper it rises, and looks the more like a cap: chosen between."""
_SINKS: Final = 0.6
"""Metres that the shell sinks for each beyond it, where it is transparent."""
_DEEPEST: Final = 0.003
"""Metres under the skin that it sinks at most."""
_FRAYED: Final = -1.0
"""Standard deviations of streaks by which unseen strands reach beyond the edge: the skin cuts none off."""
_HALF: Final = 0.5
"""Alpha from which a place is opaque."""
_OUTER: Final = -0.003
"""Metres over the skin from which the shell's vertices are its outer side."""


def seated(
    space: HairSpace,
    shell: Shell,
    *,
    tips: Float[np.ndarray, " V"],
    matte: Matte,
    density: Float[np.ndarray, " V"],
) -> Shell:
    """The shell with its outer side on the skin along the hairline; itself where it has no such edge.

    Args:
        space: the bald head's.
        shell: of the hair.
        tips: how far it ends in tips near each vertex (`density.ends_in_tips`).
        matte: where hair ends in the photo.
        density: how dense it is at each vertex (`density.density_of`).
    """
    outer = shell.skin > _OUTER
    found = space.index.query(shell.vertices)
    outward = unit(shell.vertices - found.points)
    over = outer & ((outward * space.index.normals[found.triangles]).sum(1) > 0)
    told = np.column_stack([density, shown_share(space, shell), tips, found.points])
    edge = _edge(space, matte, told, shell.quads[outer[shell.quads].all(1)])
    if not len(edge):
        return shell
    away, nearest = KDTree(edge[:, 3:]).query(found.points)
    dense = _alpha(space, matte, told) > _HALF
    most = _LIFTED + np.where(dense, _STEEP * away, -np.minimum(_SINKS * away, _DEEPEST))
    inward = np.where(over, np.maximum(found.distances - most, 0), 0.0) * (1 - edge[nearest, 2])
    vertices = shell.vertices - inward[:, None] * outward
    normals = vertex_normals(vertices, shell.triangles)
    return replace(shell, vertices=vertices, normals=normals, skin=shell.skin - inward)


def _alpha(space: HairSpace, matte: Matte, told: Float[np.ndarray, "N 6"]) -> Float[np.ndarray, " N"]:
    """How opaque hair is over places of the skin: told are density, how far shown, how far tips, and where they lie."""
    pixels = space.project(told[:, 3:])
    return alpha_of(space, matte, pixels, density=told[:, 0], shown=told[:, 1], tips=told[:, 2], fray=_FRAYED)


def _edge(
    space: HairSpace, matte: Matte, told: Float[np.ndarray, "V 6"], quads: Int[np.ndarray, "Q 4"]
) -> Float[np.ndarray, "E 6"]:
    """What is told of the skin's places under some quads where hair ends: between one that has hair and one without."""
    u, v = np.meshgrid(*[np.linspace(0, 1, _FINER)] * 2, indexing="ij")
    weights = np.stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v], axis=-1)
    fine = np.einsum("uvk,qkc->quvc", weights, told[quads])
    dense = _alpha(space, matte, fine.reshape(-1, told.shape[1])).reshape(fine.shape[:3]) > _HALF
    along = dense[:, 1:] != dense[:, :-1], (fine[:, 1:] + fine[:, :-1]) / 2
    across = dense[:, :, 1:] != dense[:, :, :-1], (fine[:, :, 1:] + fine[:, :, :-1]) / 2
    return np.concatenate([places[ends] for ends, places in (along, across)])
