"""The skin of a head model as a mesh of its own: without eyeballs, teeth, tongue and lashes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..geometry.connectivity import Connectivity
from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of, part_triangles
from ..shapes import Bool, Float, Int


@dataclass(frozen=True, eq=False)
class SkinMesh(Connectivity):
    """The skin's triangles, into S vertices of its own.

    Attributes:
        ids: (S,) its vertices in the model.
        model: whose skin it is.
    """

    ids: Int[np.ndarray, " S"]
    model: HeadModel

    @staticmethod
    def of(model: HeadModel) -> SkinMesh:
        """The skin of a model."""
        ids, local = np.unique(part_triangles(model, "skin"), return_inverse=True)
        return SkinMesh(local.reshape(-1, 3).astype(np.int64), len(ids), ids.astype(np.int64), model)

    @property
    def template(self) -> Float[np.ndarray, "S 3"]:
        """(S, 3) float64 metres, its vertices in the model's template."""
        return self.model.template[self.ids].astype(np.float64)

    @property
    def left(self) -> Bool[np.ndarray, " S"]:
        """(S,) bool, the subject's left side."""
        return anatomy_of(self.model).left[self.ids]

    def region(self, name: str) -> Bool[np.ndarray, " S"]:
        """(S,) bool, a region of the model (`headmodel.topology.REGION_NAMES`); nowhere if the model lacks it."""
        mask = self.model.regions.get(name)
        return np.zeros(len(self.ids), bool) if mask is None else mask[self.ids]

    def on_model(self, values: np.ndarray) -> np.ndarray:
        """Values (S, ...) of the skin on all vertices (V, ...) of the model, 0 elsewhere."""
        result = np.zeros((len(self.model.template), *values.shape[1:]), values.dtype)
        result[self.ids] = values
        return result
