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

from ..shapes import Float32
from .model import HeadModel

FADE: Final = 0.05
"""Distance from the surface, in code extents (`anatomy.Anatomy.code_extent`), at which a code has faded to 1 / e: what
the networks were trained with."""


def canonical_codes(model: HeadModel) -> Float32[np.ndarray, "V 3"]:
    """Semantic codes (V, 3) in 0..1 of the model's vertices."""
    low, high = model.template.min(axis=0), model.template.max(axis=0)
    return ((model.template - low) / (high - low)).astype(np.float32)
