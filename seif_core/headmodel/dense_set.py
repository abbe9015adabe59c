"""The vertices of the Open head that the dense points mark: many on lids and lips, few on skull and neck.

Chosen by farthest-point sampling (Eldar et al., The farthest point strategy for progressive image sampling, IEEE TIP
1997) on the left half, distances counted in a spacing that each region has of its own; the right half is its mirror.

Convention: metres. Worked number: the lids' points lie some 3 mm apart, those of the skull 22 mm.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from ..shapes import Int
from .anatomy import anatomy_of
from .model import HeadModel
from .once_per_model import once_per_model

DENSE_MODEL: Final = "open"
"""Name of the head model whose vertices the dense points mark."""
_SPACINGS: Final = (
    ("neck", 0.03),
    ("scalp", 0.022),
    ("face", 0.008),
    ("ears", 0.0085),
    ("lips", 0.0032),
    ("lids", 0.003),
)
"""Region and metres between its points; later regions overrule earlier ones. Chosen so that 500 to 1,000 come out."""
_NOSE: Final = (0.022, 0.0055)
"""Metres about the nose's tip within which points lie denser, and how far apart."""
_MIDDLE: Final = 0.0005
"""Metres from the plane of symmetry within which a vertex belongs to both sides."""


class DenseSet(NamedTuple):
    """The dense points' places on the head; N points.

    Attributes:
        vertices: (N,) vertices of the head model, ascending.
        mirror: (N,) for each point the one on the other side; its own index on the midline.
    """

    vertices: Int[np.ndarray, " N"]
    mirror: Int[np.ndarray, " N"]


@once_per_model
def dense_set(model: HeadModel) -> DenseSet:
    """The dense points of a head model that has the regions of the Open head."""
    template = model.template.astype(np.float64)
    anatomy = anatomy_of(model)
    spacing = np.full(len(template), np.inf)
    for name, metres in _SPACINGS:
        spacing[model.regions[name]] = metres
    nose = template[model.regions["face"]]
    tip = nose[nose[:, 2].argmax()]
    near = np.linalg.norm(template - tip, axis=1) < _NOSE[0]
    spacing[near] = np.minimum(spacing[near], _NOSE[1])
    hidden = model.regions["mouth_interior"] | model.regions["eyeballs"] | ~anatomy.outer_skin
    partner = anatomy.mirror
    paired = partner[partner] == np.arange(len(template))
    pool = np.flatnonzero(~hidden & np.isfinite(spacing) & paired & (template[:, 0] > -_MIDDLE))
    chosen = pool[_farthest(template[pool], spacing[pool])]
    vertices = np.unique(np.concatenate([chosen, partner[chosen]]))
    return DenseSet(vertices, np.searchsorted(vertices, partner[vertices]))


def _farthest(points: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """Rows that lie at least their spacing apart, the farthest from the chosen ones first."""
    chosen = [int(points[:, 2].argmax())]
    away = np.linalg.norm(points - points[chosen[0]], axis=1) / spacing
    while away.max() >= 1:
        chosen.append(int(away.argmax()))
        away = np.minimum(away, np.linalg.norm(points - points[chosen[-1]], axis=1) / spacing)
    return np.array(chosen)
