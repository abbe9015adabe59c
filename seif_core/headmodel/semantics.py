"""Canonical semantics of a head model: which place of the head a point belongs to, in three numbers.

The code of a vertex is its position on the template, scaled to 0..1 per axis; the posed model carries the codes into
space. Source: Liu et al., SeIF, IEEE TMM 2024, DOI 10.1109/TMM.2024.3405721, the canonical semantic encoding.

Convention: codes (x, y, z) follow the template's axes: x from the subject's right (0) to the left (1), y from the
neck's rim (0) to the crown (1), z from the back (0) to the nose (1). Worked number: a vertex halfway between the
lowest and the highest vertex of the template has y = 0.5, whatever the head's pose.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..geometry.barycentric import barycentric
from ..geometry.closest_point import SurfaceIndex
from ..shapes import Float, Float32
from .anatomy import anatomy_of
from .model import HeadModel

FADE: Final = 0.05
"""Distance from the surface, in code extents (`anatomy.Anatomy.code_extent`), at which a code has faded to 1 / e: what
the networks were trained with."""


def canonical_codes(model: HeadModel) -> Float32[np.ndarray, "V 3"]:
    """Semantic codes (V, 3) in 0..1 of the model's vertices."""
    low, high = model.template.min(axis=0), model.template.max(axis=0)
    return ((model.template - low) / (high - low)).astype(np.float32)


class SemanticField:
    """The codes of a posed head, sampled anywhere in space.

    Args:
        model: the head model.
        posed: (V, 3) its posed vertices, metres.
    """

    def __init__(self, model: HeadModel, posed: Float[np.ndarray, "V 3"]) -> None:
        self._codes = canonical_codes(model).astype(np.float64)
        self._triangles = model.triangles
        self._corners = posed.astype(np.float64)[self._triangles]
        self._index = SurfaceIndex(posed, self._triangles)
        self.extent = anatomy_of(model).code_extent

    def sample(self, points: Float[np.ndarray, "N 3"], *, fade: bool = True) -> Float32[np.ndarray, "N 3"]:
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
