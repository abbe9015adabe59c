"""Several photos of one person on one texture: each texel from the photo that shows it best.

The first photo, from which the head's shape is, keeps what it shows well, so that brows, eyes and lips are those of one
moment. The others fill what it does not: sides, ears, neck. Their colours are brought to the first's where both see the
skin, on a scale of centimetres, for two photos are never lit or balanced alike.

Convention: colours sRGB 0..1, gains on them as natural logarithms of linear colour. Worked number: a cheek of linear
0.20 in the first photo and 0.25 in the second gives a gain of ln 0.8 = -0.22, which the second's ear gets too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from ..evidence.photo_evidence import PhotoEvidence
from ..fitting import Fit
from ..geometry.sampling import smoothstep
from ..geometry.screened_poisson import ScreenedPoisson
from ..portrait import Portrait
from ..shapes import Float, Float32
from .atlas import Atlas
from .projection import Projected

_KEPT: Final = (0.35, 0.9)
"""Trust in the photos before, from which a texel takes nothing of a further one: wholly open, wholly theirs. Chosen by
eye on drawn heads, as are the constants below."""
_STIFFNESS: Final = 8.0
"""Weight of an edge of the mesh in the field of gains: some centimetres' reach."""
_PRIOR: Final = 0.02
"""Weight of the gain that is common to all of the skin, against 1 for a vertex that both photos show."""
_LIMIT: Final = 1.2
"""Largest natural logarithm of a gain."""
_DARKEST: Final = 0.004
"""Linear colour below which no logarithm is taken."""
_GAMMA: Final = 2.2
"""Power that makes coded colours linear, near enough to sRGB's curve where only ratios count."""


class OtherPhoto(NamedTuple):
    """One more photo of the person whose texture is baked.

    Attributes:
        portrait: the photo.
        fit: the head in it, with the vertices of the first photo's head.
        evidence: what the photo shows.
    """

    portrait: Portrait
    fit: Fit
    evidence: PhotoEvidence


def blend(first: Projected, others: Sequence[Projected], atlas: Atlas, smoother: ScreenedPoisson) -> Projected:
    """What all photos together say of the texels.

    Args:
        first: of the photo whose colours count.
        others: of the others, the better ones first.
        atlas: the model's texels.
        smoother: of the model's mesh.
    """
    blended = first
    for other in others:
        other_colour = _brought_to(blended, other, atlas, smoother)
        share = other.trust * (1 - smoothstep(blended.trust, *_KEPT))
        weight = share / np.maximum(share + blended.trust, 1e-6)
        blended = replace(
            blended,
            colour=blended.colour + weight[:, None] * (other_colour - blended.colour),
            trust=np.maximum(blended.trust, share).astype(np.float32),
            likeness=_mixed(blended.likeness, other.likeness, weight),
            growth=_mixed(blended.growth, other.growth, weight),
            hair_colour=blended.hair_colour if blended.hair_colour is not None else other.hair_colour,
        )
    return blended


def _mixed(
    one: Float32[np.ndarray, " N"], other: Float32[np.ndarray, " N"], weight: Float[np.ndarray, " N"]
) -> Float32[np.ndarray, " N"]:
    return (one + weight * (other - one)).astype(np.float32)


def _brought_to(
    goal: Projected, other: Projected, atlas: Atlas, smoother: ScreenedPoisson
) -> Float32[np.ndarray, "N 3"]:
    """Colours (N, 3) of `other` with the brightness and hue that `goal` has where both see the skin."""
    some = atlas.samples
    both = np.minimum(goal.trust, other.trust)[some] * np.minimum(goal.likeness, other.likeness)[some]
    theirs, seen = atlas.gather(other.colour[some], both)
    ours, _ = atlas.gather(goal.colour[some], both)
    skin = _log(goal.skin_colour) - _log(other.skin_colour)
    gain = np.clip(_log(ours) - _log(theirs), -_LIMIT, _LIMIT)
    common = (gain * seen[:, None]).sum(0) / seen.sum() if seen.sum() > 1 else np.clip(skin, -_LIMIT, _LIMIT)
    gain = np.where(seen[:, None] > 0, gain, common)
    value = (gain * seen[:, None] + common * _PRIOR) / (seen + _PRIOR)[:, None]
    field = np.exp(smoother.solve(value, seen + _PRIOR, stiffness=_STIFFNESS) / _GAMMA).astype(np.float32)
    colour = np.empty_like(other.colour)
    for part in atlas.parts:
        colour[part] = np.clip(other.colour[part] * atlas.spread(field, part), 0, 1)
    return colour


def _log(colour: Float[np.ndarray, "*N 3"]) -> Float[np.ndarray, "*N 3"]:
    return np.log(np.maximum(np.asarray(colour, np.float64) ** _GAMMA, _DARKEST))
