"""How dense hair is on a shell, and where that makes it opaque: thin at its edge on the skin and at its strands' ends.

Convention: densities and alphas in 0..1. Worked number: a density of 0.42 that no streak frays is opaque, one of 0.24
is not there at all.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.spatial import KDTree

from ..evidence.photo_evidence import PhotoEvidence
from ..geometry.normals import unit
from ..geometry.sampling import smoothstep
from ..shapes import Float
from .labels import Labels
from .matte import Matte
from .shell import Shell
from .space import HairSpace

_FACING: Final = (0.18, 0.5)
"""Cosine to the viewer from which a place is shown, not at all and wholly. Chosen by eye, as is what follows."""
_ENDS: Final = 0.03
"""Metres over which tips fade into strands."""
_BEYOND: Final = 0.15
"""Share of that by which the longest reach beyond a shell."""
_CUT: Final = 0.55
"""How much farther down a shell's normal points than the skin's under it where hair ends that hangs below the middle of
the ears. Its direction, which lies in the shell, tells no end."""
_EDGE: Final = (0.35, 0.95)
"""Labels between which hair becomes dense at its edges."""
_NEAR_SKIN: Final = (0.02, 0.006)
"""Metres over the skin between which the edge of hair becomes thin."""
_STILL_HAIR: Final = 0.02
"""Metres from a place that lies so far below an end as tips are long, within which hair goes on there."""
_OFF_SKIN: Final = 0.002
"""Metres over the skin from which strands have ends."""
_DENSE: Final = (1.9, 0.45)
"""What density is multiplied by and lessened by before streaks fray it."""
_FRAYED: Final = 0.3
_SHARPER: Final = 1.0
"""Density for a share of hair in the photo: there streaks shift the edge by 0.2 of a share at most."""
_SOFT: Final = 0.35
"""How much streaks take from that density or add to it, and the value from which hair is opaque."""
_EVEN: Final = (_DENSE[1] + _SOFT / 2) / _DENSE[0]
"""Density at which a place is half opaque: that of an even share of hair and skin."""
_BELOW: Final = (-0.4, -0.15)
"""Eye distances over the usual hairline between which an edge is taken for a hairline and no longer for tips."""
_FALLS: Final = (0.2, 0.6)
"""Eye distances over the eyes between which hair that hangs beside the face no longer ends in tips."""
_HAIRLINE: Final = 0.9
"""What `_SOFT` is along a hairline, where hair does not end in tips but grows ever sparser. Cut as sharply as tips, it
looked like the teeth of a comb. Chosen by eye on fourteen portraits of public domain."""


def density_of(space: HairSpace, shell: Shell, bare: Float[np.ndarray, " V"]) -> Float[np.ndarray, " V"]:
    """How dense hair is at each vertex, 0..1: thin at its edge on the skin and at the ends of its strands.

    Args:
        space: the bald head's.
        shell: of the hair.
        bare: (V,) how far a vertex lies on skin that no hair covers, 0..1.
    """
    near = smoothstep(shell.skin, *_NEAR_SKIN)
    edge = 1 - near * (1 - smoothstep(shell.label, *_EDGE) * (1 - bare))
    under = shell.normals[:, 1] < space.on_skin(shell.vertices, space.normals)[:, 1] - _CUT
    ears = space.skin[space.ears, 1]
    cut = under & (shell.skin > _OFF_SKIN) & (shell.vertices[:, 1] < (ears.mean() if len(ears) else np.inf))
    goes_on, _ = KDTree(shell.vertices).query(shell.vertices[cut] - [0, _ENDS, 0])
    cut[np.flatnonzero(cut)[goes_on < _STILL_HAIR]] = False  # the inner side of hair that hangs on
    if not cut.any():
        return edge
    away, _ = KDTree(shell.vertices[cut]).query(shell.vertices)
    return np.minimum(edge, smoothstep(away, -_BEYOND * _ENDS, _ENDS))


def bare_ears(space: HairSpace, shell: Shell, evidence: PhotoEvidence | None) -> Float[np.ndarray, " V"]:
    """How far each vertex lies on an ear that no hair covers, 0..1; without evidence all ears are covered."""
    if evidence is None:
        return np.zeros(len(shell.vertices))
    left, right = evidence.ear_occlusion
    covered = np.where(shell.vertices[:, 0] > 0, left, right)
    return space.on_skin(shell.vertices, space.ears.astype(np.float64)) * (1 - covered)


def shown_share(space: HairSpace, shell: Shell) -> Float[np.ndarray, " V"]:
    """How far the photo shows each vertex, 0..1, whatever it shows there."""
    placed = space.to_camera(shell.vertices)
    facing = ((shell.normals @ space.rotation.T) * -unit(placed)).sum(1)
    return smoothstep(facing, *_FACING) * shell.visible


def ends_in_tips(space: HairSpace, labels: Labels, points: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, " N"]:
    """How far hair that ends at the skin next to some points ends in tips there, 0..1, and not in a hairline."""
    heights = space.anatomy.from_the_eyes(space.fit.model.template)[:, 1]
    over, up = space.on_skin(points, np.column_stack([space.over_hairline, heights])).T
    falling = labels.hanging.falling(points) * (1 - smoothstep(up, *_FALLS))
    return np.maximum(1 - smoothstep(over, *_BELOW), falling)


def alpha_of(
    space: HairSpace,
    matte: Matte,
    pixels: Float[np.ndarray, "N 2"],
    *,
    density: Float[np.ndarray, " N"],
    shown: Float[np.ndarray, " N"],
    tips: Float[np.ndarray, " N"],
    fray: Float[np.ndarray, " N"] | float = 0.0,
) -> Float[np.ndarray, " N"]:
    """How opaque hair is at N places, 0..1: as dense as the photo shows it where it does.

    Args:
        space: the bald head's.
        matte: how dense hair is in the photo.
        pixels: (N, 2) of the photo, where each is seen.
        density: of `density_of`.
        shown: of `shown_share`.
        tips: how far hair that ends there ends in tips, 0..1, and not in a hairline (`ends_in_tips`).
        fray: how dark or light a streak is there, standard deviations.
    """
    share, known = matte.at(space, pixels.astype(np.float64))
    density = density + (_EVEN + _SHARPER * (share - 0.5) - density) * shown * known
    soft = _HAIRLINE + (_SOFT - _HAIRLINE) * tips
    return smoothstep(((density - _EVEN) * _DENSE[0] - _FRAYED * fray) / soft + 0.5, 0.0, 1.0)
