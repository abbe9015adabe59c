"""Pieces of hair that hang in the air: none grows without a scalp.

A dark gap between neck and hair, or a collar's edge, may be taken for hair by the parsing; what stands there of the
shell is joined to no hair that grows.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..geometry.connectivity import connected_pieces
from ..geometry.edges import polygon_edges
from ..shapes import Bool, Float
from .shell import Shell

_OPAQUE: Final = 0.3
"""Alpha from which hair hangs together. Chosen by eye, as the next, on portraits of public domain."""
_GROWN: Final = 0.0
"""Eye distances over the usual hairline from which a place of the skin may have roots."""


def adrift(shell: Shell, opaque: Float[np.ndarray, " V"], over: Float[np.ndarray, " V"]) -> Bool[np.ndarray, " V"]:
    """Which vertices (V,) of the outer side are of pieces without a root, and those beside them.

    Args:
        shell: of the hair.
        opaque: (V,) alpha around each vertex, 0..1.
        over: (V,) height over the usual hairline of the skin below each, eye distances.
    """
    held = (shell.skin > 0) & (opaque > _OPAQUE)
    edges = polygon_edges(shell.quads.astype(np.int32))
    pieces = connected_pieces(edges[held[edges].all(axis=1)], len(held))
    loose = held & ~np.isin(pieces, pieces[held & (over > _GROWN)])
    beside = loose.copy()
    beside[shell.quads[loose[shell.quads].any(axis=1)]] = True
    return beside & (loose | ~held)
