"""Semantic codes anywhere around a posed head, exactly: what tests compare the implicit function's grid with."""

from __future__ import annotations

import numpy as np

from seif_core.geometry.barycentric import barycentric
from seif_core.geometry.closest_point import SurfaceIndex
from seif_core.headmodel.anatomy import anatomy_of
from seif_core.headmodel.semantics import FADE, canonical_codes


class SemanticField:
    """The codes of a posed head, sampled anywhere in space.

    Args:
        model: the head model.
        posed: (V, 3) its posed vertices, metres.
    """

    def __init__(self, model, posed):
        self._codes = canonical_codes(model).astype(np.float64)
        self._triangles = model.triangles
        self._corners = posed.astype(np.float64)[self._triangles]
        self._index = SurfaceIndex(posed, self._triangles)
        self.extent = anatomy_of(model).code_extent

    def sample(self, points, *, fade=True):
        """Codes (N, 3) at points (N, 3): those of the nearest surface point.

        Args:
            points: metres, in the posed head's space.
            fade: multiply by ``exp(-d^2 / FADE^2)``, d in code extents, so that far from the head the 3DMM says
                nothing (0).
        """
        found = self._index.query(points)
        weights = barycentric(found.points, self._corners[found.triangles])
        codes = np.einsum("nk,nkc->nc", weights, self._codes[self._triangles[found.triangles]])
        if fade:
            codes = codes * np.exp(-((found.distances / self.extent / FADE) ** 2))[:, None]
        return codes.astype(np.float32)
