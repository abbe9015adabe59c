"""Region masks of the Open head, from what MakeHuman's own sliders and rig move.

Convention: masks over the head's vertices; they overlap where anatomy does (lips and lids lie in the face).
"""

from __future__ import annotations

import numpy as np

from ...shapes import Bool
from . import makehuman
from .rig import part_mask
from .selection import cavity_mask, head_selection
from .sliders import DECIMETRE, macro_mean

_EAR_TARGETS = ("ears/l-ear-scale-incr", "ears/r-ear-scale-incr", "ears/l-ear-wing-incr", "ears/r-ear-wing-incr")
_LIP_TARGETS = (
    "mouth/mouth-upperlip-volume-incr",
    "mouth/mouth-upperlip-height-incr",
    "mouth/mouth-lowerlip-volume-incr",
    "mouth/mouth-lowerlip-height-incr",
)


def region_masks() -> dict[str, Bool[np.ndarray, " V"]]:
    """Masks (V,) by the names in `REGION_NAMES`."""
    skin = part_mask("skin")
    mean = macro_mean()
    mouth = cavity_mask("mouth")
    sockets = cavity_mask("socket_left") | cavity_mask("socket_right")
    outer = skin & ~mouth & ~sockets
    ears = outer & (_moved(_EAR_TARGETS, 0.0012) & (np.abs(mean[:, 0]) > 0.055))
    x, y, z = mean.T  # metres on the macro mean
    neck = outer & ~ears & (y < _jaw_line(mean))
    face = outer & ~ears & ~neck & (z > -0.012) & (y < 0.072)
    return {
        "face": face,
        "scalp": outer & ~ears & ~neck & ~face,
        "ears": ears,
        "neck": neck,
        "lips": outer & _moved(_LIP_TARGETS, 0.0006) & (np.abs(x) < 0.032),
        "lids": outer & _lids(mean),
        "eyeballs": part_mask("eye_left") | part_mask("eye_right"),
        "mouth_interior": mouth | part_mask("teeth_upper") | part_mask("teeth_lower") | part_mask("tongue"),
    }


def _moved(targets: tuple[str, ...], threshold: float) -> np.ndarray:
    """(V,) bool, vertices that any of the targets moves by more than `threshold` metres."""
    selection = head_selection()
    moves = [np.linalg.norm(selection.from_body(makehuman.read_target(t)), axis=1) * DECIMETRE for t in targets]
    moved = np.max(moves, axis=0) > threshold
    return moved | moved[selection.mirror]


def _jaw_line(mean: np.ndarray) -> np.ndarray:
    """(V,) height in metres below which skin counts as neck: under the jaw in front, at the hairline behind."""
    z = mean[:, 2]
    front, ear, back = 0.045, -0.03, -0.11
    return np.interp(z, [back, ear, front], [-0.062, -0.058, -0.095])


def _lids(mean: np.ndarray) -> np.ndarray:
    balls = [mean[part_mask(name)].mean(axis=0) for name in ("eye_left", "eye_right")]
    radius = 0.0155
    near = np.zeros(len(mean), dtype=bool)
    for centre in balls:
        offset = mean - centre
        shape = (offset[:, 0] / 0.023) ** 2 + (offset[:, 1] / 0.0145) ** 2
        near |= (shape < 1) & (offset[:, 2] > -0.2 * radius)
    return near
