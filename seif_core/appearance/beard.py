"""A beard beyond what the photo shows well of it: the sides of the jaw and under the chin.

The photo tells where it begins (the parsing, also on skin that is seen at a slant); the mesh carries that on, to the
other side too, within the places where beards grow (`evidence.beard`). There it has the colours of the beard that is
seen.

Convention: sRGB 0..1; one value a vertex or texel. Worked number: on a jaw's side of which the photo shows nothing,
between chin and temple that are wholly beard, it is wholly beard.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..evidence.beard import beard_places
from ..geometry.sampling import smoothstep
from ..geometry.screened_poisson import ScreenedPoisson
from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of
from ..shapes import Float, Float32
from .atlas import Atlas
from .mirrored_field import mirrored_field
from .noise import kept_noise
from .projection import Projected

_STIFFNESS: Final = 0.5
"""Weight of an edge of the mesh. Chosen by eye on the sample portraits, as are the constants below."""
_MIRROR: Final = 0.3
"""Weight of the other side where this side is not seen."""
_PRIOR: Final = 0.002
"""Weight of no beard."""
_DENSE: Final = (0.25, 0.6)
"""Field between which a beard becomes dense."""
_SURE: Final = 0.8
_FEWEST: Final = 200
"""Texels of beard whose colours are measured, at least."""
_DARKEST: Final = 0.02
"""sRGB below which differences are none."""
_ROUGHEST: Final = 0.35
"""Standard deviation of the logarithm of single hairs' colours at most."""
_GRAIN: Final = 0.9
"""Gaussian of single hairs, texels of a texture of 2048."""
_REFERENCE: Final = 2048
_SEED: Final = 11
"""Which noise; any number would do."""


def carry_on_beard(
    model: HeadModel,
    atlas: Atlas,
    smoother: ScreenedPoisson,
    texels: Projected,
    *,
    own: Float32[np.ndarray, " N"],
    colour: Float32[np.ndarray, "N 3"],
) -> None:
    """Lay the beard over `colour` (N, 3) where the photo shows it badly or not; nothing where nobody has one.

    Args:
        model: the head model.
        atlas: its texels.
        smoother: of its mesh.
        texels: what the photo says.
        own: (N,) how far a texel has the photo's detail.
        colour: the skin, changed in place.
    """
    zone = beard_places(model)[:, 0].astype(np.float64)
    sure = (texels.growth > _SURE) & (own > _SURE)
    rows = np.flatnonzero(sure)
    rows = rows[atlas.spread(zone[:, None].astype(np.float32), rows)[:, 0] > _SURE]
    if len(rows) < _FEWEST:
        return
    light = colour[rows].mean(1)
    middle = hairs_colour(colour[rows], texels.skin_colour)
    contrast = min(float(np.log(light + _DARKEST).std()), _ROUGHEST)
    field = _grown(model, atlas, smoother, texels) * zone
    grain = kept_noise(_SEED, atlas.size, _GRAIN * atlas.size / _REFERENCE).reshape(-1)

    def grow(part: slice) -> None:
        near = atlas.touched(field > 0, part)
        share = atlas.spread(field[:, None].astype(np.float32), near)[:, 0] * (1 - own[near])
        where, share = near[share > 0], share[share > 0]
        hair = middle * np.exp(contrast * grain[atlas.texels[where], None] - contrast**2 / 2)
        colour[where] += (hair - colour[where]) * share[:, None]

    atlas.each_part(grow)


def hairs_colour(beard: Float32[np.ndarray, "M 3"], skin: Float32[np.ndarray, "3"]) -> Float32[np.ndarray, "3"]:
    """The colour of a beard's hairs: of its darker or its lighter half, whichever is less like skin.

    The rest is skin between hairs, gloss, or shade between white ones.

    Args:
        beard: sRGB of places of it.
        skin: sRGB of the skin.
    """
    light = beard.mean(1)
    halves = [np.median(beard[half], axis=0) for half in (light <= np.median(light), light >= np.median(light))]
    return max(halves, key=lambda half: float(np.linalg.norm(half - skin)))


def _grown(model: HeadModel, atlas: Atlas, smoother: ScreenedPoisson, texels: Projected) -> Float[np.ndarray, " V"]:
    """How far a beard grows on each vertex, (V,) in 0..1."""
    some, mirror = atlas.samples, anatomy_of(model).mirror
    told = np.maximum(texels.trust[some], texels.growth[some])
    found, seen = atlas.gather(texels.growth[some, None], told)
    field = mirrored_field(smoother, found, seen, mirror, mirrored=_MIRROR, prior=_PRIOR, stiffness=_STIFFNESS)
    return smoothstep(field, *_DENSE)
