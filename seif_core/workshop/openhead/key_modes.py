"""Smooth modes of the Open head's skin, in which calibrated keys are written down.

A mode is a bump about one control vertex that fades over the skin along its edges: upper and lower lip, upper and lower
lid are far from each other along the skin, so that each moves by itself. Bumps come in three widths: broad and middling
ones everywhere, narrow ones about lips and lids.

Convention: modes are numbers without unit, 1 at their control vertex; coefficients are offsets in metres. Worked
number: a broad bump has fallen to half about five edges away from its control vertex.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from ...shapes import Float64, Int64
from .calibration import outer_skin
from .regions import region_masks, rings_around
from .rig import part_mask, skin_laplacian
from .selection import head_selection
from .sliders import macro_mean

LEVELS: Final = ((50, 30.0, False), (110, 8.0, False), (110, 2.0, True))
"""Control vertices of one side, about; width (strength of the smoothing, in units of the graph Laplacian); and whether
they lie about lips and lids alone. Where vertices lie far apart narrow bumps would show as dents."""

_FINE_RINGS: Final = 7
"""Rings of vertices about lips and lids that get more control vertices than the rest of the face."""
_FINE: Final = 2.2
"""How much denser, in numbers of edges between two control vertices."""
_REACH: Final = -0.075
"""Metres: skin behind this z on the macro mean (ears, nape) is moved by no key and gets no control vertices."""


@lru_cache(maxsize=1)
def key_modes() -> Float64[np.ndarray, "M V"]:
    """(M, V) bumps, 0 off the skin; each mode's mirror image is a mode too."""
    skin = np.flatnonzero(part_mask("skin"))
    laplacian = sparse.csc_matrix(skin_laplacian()[skin][:, skin])
    laplacian = laplacian - sparse.diags(np.asarray(laplacian.sum(axis=1)).ravel())  # edges to other parts: none
    modes = []
    for count, width, narrow in LEVELS:
        centres = control_vertices(count, narrow)
        factor = splu(sparse.csc_matrix(sparse.identity(len(skin)) + width * laplacian))
        right = np.zeros((len(skin), len(centres)))
        right[np.searchsorted(skin, centres), np.arange(len(centres))] = 1.0
        bump = factor.solve(factor.solve(right))
        bump /= bump.max(axis=0)
        full = np.zeros((len(centres), len(part_mask("skin"))))
        full[:, skin] = bump.T
        modes.append(full)
    return np.concatenate(modes)


@lru_cache(maxsize=4)
def control_vertices(count: int, narrow: bool) -> Int64[np.ndarray, " C"]:
    """About ``2 count`` vertices spread evenly over the face, more densely about lips and lids; even under mirroring.

    `narrow`: about lips and lids alone.
    Farthest-point sampling by the number of edges, on the subject's left side and the middle line; then mirrored.
    """
    mirror = head_selection().mirror
    fine = np.zeros(len(mirror), bool)
    for cavity in ("mouth", "socket_left", "socket_right"):
        fine |= rings_around(cavity, _FINE_RINGS) >= 0
    masks, place = region_masks(), macro_mean()
    wanted = fine if narrow else outer_skin() & ~masks["ears"] & (place[:, 2] > _REACH)
    half = np.flatnonzero(wanted & (place[:, 0] > -1e-6))
    length = np.where(fine[half], _FINE, 1.0)
    steps = _edge_graph(half, length)
    far = np.full(len(half), np.inf)
    chosen: list[int] = []
    start = int(np.argmax(place[half, 2]))
    for _ in range(min(count, len(half))):
        following = start if not chosen else int(np.argmax(far))
        chosen.append(following)
        far = np.minimum(far, sparse.csgraph.dijkstra(steps, indices=following))
    one = half[chosen]
    return np.unique(np.concatenate([one, mirror[one]]))


def _edge_graph(half: np.ndarray, length: np.ndarray) -> sparse.csr_matrix:
    """Edges among the vertices `half`, as long as the mean of what their ends say."""
    graph = sparse.coo_matrix(-skin_laplacian()[half][:, half])
    off = graph.row != graph.col
    row, col = graph.row[off], graph.col[off]
    return sparse.csr_matrix(((length[row] + length[col]) / 2, (row, col)), shape=(len(half), len(half)))
