"""Where hair ends before skin, as finely as the photo shows it: the shell is cut there by its texture's alpha.

The shell's mesh is too coarse for a fringe's locks and for a hairline: cut by it, both end in a jagged hem. So it goes
on a little beyond the hair that is seen (`widened`), close over the skin, and transparent where the photo shows skin.
The parsing's border between the two is drawn to the photo's edges once more, at the texture's fineness, as in
`portrait.parsing_edges`.

Convention: shares 0..1 of what is no background. Worked number: where the parsing gives hair 0.6 and skin 0.4 on a lock
much darker than the forehead beside it, the lock has near 1 and the forehead near 0.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

import cv2
import numpy as np

from ..geometry.sampling import smoothstep
from ..portrait.crop import Pyramid
from ..portrait.guided_filter import apply_lines, guided_lines
from ..portrait.head_parsing import CLASSES
from ..shapes import Float, Float32, UInt8
from .seen import at_pixels
from .space import HairSpace
from .volume import WIDER

_BARE: Final = ("skin", "brows", "beard")
"""Classes that it goes on before."""
_SIDE: Final = 1024
"""Pixels of the crop at which the border is drawn."""
_RADIUS: Final = 4
"""Of the guided filter's window, in pixels of half that side: 15 mm across on a usual head. Its lines are found there
and applied at the full one (He and Sun, "Fast Guided Filter", https://arxiv.org/abs/1505.00996), in less time."""
_FLAT: Final = 3e-4
"""Variance of the photo's colours (0..1) that counts as none."""
_AROUND: Final = 4.0
"""Gaussian, pixels of the parsing, over which it is told what lies behind a frame of glasses, or beside the head."""
_LEAST: Final = 0.02
"""Share of what is told there, less of which tells nothing."""
_KNOWN: Final = (0.3, 0.8)
"""How much of a pixel must be told, neither background nor behind a hand, for its border to count."""


class Matte(NamedTuple):
    """Maps of S by S pixels of the parsing's crop.

    Attributes:
        dense: (S, S) in 0..1, how dense hair is.
        known: (S, S) in 0..1, how far the photo tells.
    """

    dense: Float32[np.ndarray, "S S"]
    known: Float32[np.ndarray, "S S"]

    def at(
        self, space: HairSpace, pixels: Float[np.ndarray, "N 2"]
    ) -> tuple[Float32[np.ndarray, " N"], Float32[np.ndarray, " N"]]:
        """Both at pixels (N, 2) of the photo."""
        dense, known = at_pixels(space, np.dstack([self.dense, self.known]), pixels).T
        return dense, known


def hair_matte(space: HairSpace, pixels: UInt8[np.ndarray, "H W 3"]) -> Matte:
    """How dense hair is in the photo.

    Args:
        space: the bald head's, with the parsing as it is.
        pixels: the photo.
    """
    parsing = space.parsing
    hair, hidden = parsing.share(*space.names), parsing.share("background", "front")
    told = np.clip(1 - hidden - parsing.share("glasses"), 0, 1)
    around = cv2.GaussianBlur(np.dstack([hair, told]), (0, 0), _AROUND)
    share = hair + (1 - told) * around[..., 0] / np.maximum(around[..., 1], _LEAST)
    fine = Pyramid(pixels).sample(parsing.crop, _SIDE, replicate=True).astype(np.float32) / 255
    half = (_SIDE // 2, _SIDE // 2)
    guide = cv2.resize(fine, half, interpolation=cv2.INTER_AREA)
    large = cv2.resize(np.clip(share, 0, 1).astype(np.float32), half, interpolation=cv2.INTER_CUBIC)
    lines = guided_lines(guide, large, _RADIUS, _FLAT)
    drawn = apply_lines(cv2.resize(lines, (_SIDE, _SIDE), interpolation=cv2.INTER_LINEAR), fine)
    known = cv2.resize(1 - hidden, (_SIDE, _SIDE), interpolation=cv2.INTER_LINEAR)
    return Matte(np.clip(drawn, 0, 1), smoothstep(known, *_KNOWN).astype(np.float32))


def widened(space: HairSpace) -> HairSpace:
    """The space whose photo shows hair a little beyond where it is, before skin."""
    parsing, camera = space.parsing, space.camera
    side = parsing.shares.shape[1]
    depth = float(-space.to_camera(space.axis)[2])
    radius = WIDER * camera.focal / depth * side / parsing.crop.size
    reach = int(np.ceil(radius))
    disc = np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1]) <= radius
    shares = parsing.shares.copy()
    hair = CLASSES.index("hair")
    bare = [CLASSES.index(name) for name in _BARE]
    room = shares[bare].sum(0)
    gained = np.clip(cv2.dilate(shares[hair], disc.astype(np.uint8)) - shares[hair], 0, room)
    shares[bare] *= 1 - gained / np.maximum(room, 1e-6)
    shares[hair] += gained
    return replace(space, parsing=replace(parsing, shares=shares))
