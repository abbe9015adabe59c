"""No holes that the photo does not show: where the implicit function leaves one, it is raised until it is shut.

Hair beside the neck is where a network is least sure of the depth: it spreads what it knows over a wide range, no place
of it comes to one half, and neck and curtain of hair stand apart where the photo shows hair between them. That there is
something behind each pixel is certain there; most likely it is where the function says most. What lies at the edge of
the mask is left as it is: there the mask itself may err.

Convention: the cube of `view`; pictures (n, n), row 0 at the top. Worked number: at a pixel of a hole whose largest
logit behind it is -0.5, everything behind it is raised by 0.5 and the margin, 1.1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from scipy.ndimage import binary_dilation, gaussian_filter, map_coordinates
from skimage import measure

from ..shapes import Bool, Float

_PIXELS: Final = 64
"""Pixels a side at which holes are looked for."""
_DEPTHS: Final = np.linspace(-0.35, 0.05, 21)
"""Cube z of what is asked behind each of them: hair beside the neck hangs no farther before it than the ears lie."""
_FADE: Final = 0.05
"""Cube z before these over which the rise ends."""
_MARGIN: Final = 0.6
"""Logit that the most likely place comes to, so that what is raised has some thickness."""
_ENCLOSED: Final = 0.75
"""Share of its border along which a hole is enclosed by the surface."""
_CALM: Final = 0.7
"""Pixels over which the rise is smoothed."""

Logits = Callable[[np.ndarray], np.ndarray]
"""(N, 3) points of the cube -> (N,) logits of the occupancy."""


class Rise:
    """How much the logits are raised behind each pixel.

    Args:
        logits: of the implicit function.
        mask: (n, n) the head's mask, of any size.
        shown: (n, n) where the fitted head is, which has no holes.
    """

    def __init__(self, logits: Logits, mask: Bool[np.ndarray, "n n"], shown: Bool[np.ndarray, "n n"]) -> None:
        middle = (np.arange(_PIXELS) + 0.5) / _PIXELS
        at = (middle * len(mask)).astype(int)
        shown = shown[np.ix_(at, at)]
        row, column = np.nonzero(mask[np.ix_(at, at)] & ~shown)
        x, y = middle[column] - 0.5, 0.5 - middle[row]
        points = np.stack(np.broadcast_arrays(x[:, None], y[:, None], _DEPTHS[None]), -1)
        most = np.full(shown.shape, np.nan)
        if len(row):
            most[row, column] = logits(points.reshape(-1, 3)).reshape(len(row), -1).max(axis=1)
        rise = np.where(enclosed(most < 0, shown | (most >= 0)), _MARGIN - most, 0)
        self._rise = np.maximum(rise, gaussian_filter(rise, _CALM))

    def at(self, points: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, " N"]:
        """The rise (N,) at points of the cube."""
        where = [(0.5 - points[:, 1]) * _PIXELS - 0.5, (points[:, 0] + 0.5) * _PIXELS - 0.5]
        behind = np.clip(1 - (points[:, 2] - _DEPTHS[-1]) / _FADE, 0, 1)
        return map_coordinates(self._rise, where, order=1, mode="nearest") * behind


def enclosed(empty: Bool[np.ndarray, "n n"], full: Bool[np.ndarray, "n n"]) -> Bool[np.ndarray, "n n"]:
    """The pieces of `empty` whose border lies in `full`, for the most part."""
    pieces = np.asarray(measure.label(empty, connectivity=1))
    kept = np.zeros(empty.shape, bool)
    for piece in measure.regionprops(pieces):
        own = pieces == piece.label
        border = binary_dilation(own) & ~own
        kept |= own & (full[border].mean() >= _ENCLOSED)
    return kept
