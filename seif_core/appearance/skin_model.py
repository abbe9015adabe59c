"""What skin looks like where no photo shows it: a mean and a few components of how its colour varies over a head.

The statistics (`workshop.skin_statistics`) tell how each vertex departs from the face's own median; a head's skin is
that median, the mean departure and the components that what is seen asks for (Blanz and Vetter, A morphable model for
the synthesis of 3D faces, SIGGRAPH 1999, section 3, for texture alone and in logarithms).

Convention: natural logarithms of linear colours. Worked number: a vertex of 0.2 whose departure is -0.5 has a linear
colour of 0.121 on a face of 0.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.spatial import KDTree

from ..array_files import read_arrays
from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of
from ..headmodel.model import load_head_model
from ..headmodel.once_per_model import once_per_model
from ..resources import vendor_path
from ..shapes import Float

_ROUNDS: Final = 6
"""Of reweighting by residuals (Cauchy), as in `evidence.lighting`."""
_OUTLIER: Final = 0.25
"""Residual in natural logarithms at which a vertex counts half: moles, shadows, highlights. Chosen by eye."""
_AROUND: Final = 3
"""Places of the Open head between which those of other models and of finer meshes lie."""
_CLOSE: Final = 1e-4
"""Eye distances at which two places are the same."""
_NOISE: Final = 0.5
"""Seen vertices' weight that one standard deviation of a component must outweigh. Chosen by eye."""


@dataclass(frozen=True, eq=False)
class SkinModel:
    """Statistics on one head model's vertices; nothing off its skin.

    Attributes:
        mean: (V, 3) mean departure from the face's median.
        components: (K, V, 3) of one standard deviation each.
    """

    mean: Float[np.ndarray, "V 3"]
    components: Float[np.ndarray, "K V 3"]

    def fitted(self, seen: Float[np.ndarray, "V 3"], weights: Float[np.ndarray, " V"]) -> Float[np.ndarray, "V 3"]:
        """The skin of a head, all over, by what is seen of it.

        Args:
            seen: (V, 3) logarithms of linear colours.
            weights: (V,) how far each is believed, 0 for what is not seen.
        """
        rows = np.flatnonzero(weights > 0)
        count = len(self.components)
        design = np.zeros((len(rows), 3, 3 + count))
        design[:, range(3), range(3)] = 1
        design[..., 3:] = np.moveaxis(self.components[:, rows], 0, 2)
        ridge = np.diag([1e-6] * 3 + [_NOISE] * count)
        target, trust = seen[rows] - self.mean[rows], weights[rows].astype(np.float64)
        found = np.zeros(3 + count)
        found[:3] = np.average(target, axis=0, weights=trust) if len(rows) else 0
        for _ in range(_ROUNDS if len(rows) else 0):
            residual = np.abs(target - design @ found).max(axis=1)
            used = trust / (1 + (residual / _OUTLIER) ** 2)
            weighted = design * used[:, None, None]
            flat = design.reshape(-1, 3 + count)
            found = np.linalg.solve(
                flat.T @ weighted.reshape(-1, 3 + count) + ridge, weighted.reshape(-1, 3 + count).T @ target.ravel()
            )
        return self.mean + found[:3] + np.tensordot(found[3:], self.components, 1)


@once_per_model
def skin_model(model: HeadModel) -> SkinModel:
    """The statistics on a model's vertices; those of the nearest place of the Open head on any other.

    Raises:
        ModelError: the shipped file is missing.
    """
    arrays = read_arrays(vendor_path("open_head", "skin_statistics.npz"))
    anatomy = anatomy_of(model)
    home = anatomy if model.name == "open" else anatomy_of(load_head_model("open"))
    places = home.from_the_eyes(arrays["vertices"].astype(np.float64))
    skin = np.flatnonzero(anatomy.skin_part)
    away, nearest = KDTree(places).query(anatomy.from_the_eyes(model.template[skin].astype(np.float64)), k=_AROUND)
    share = 1 / (away + _CLOSE)
    share /= share.sum(axis=1, keepdims=True)
    mean = np.zeros((len(model.template), 3))
    mean[skin] = np.einsum("sk,skc->sc", share, arrays["mean"].astype(np.float64)[nearest])
    components = np.zeros((len(arrays["components"]), *mean.shape))
    components[:, skin] = np.einsum("sk,fskc->fsc", share, arrays["components"].astype(np.float64)[:, nearest])
    return SkinModel(mean, components)
