"""Where hair may grow on a face: beard, brows and the skin below the hairline.

The zones are laid out on the template, with iBUG-68 landmarks (https://ibug.doc.ic.ac.uk/resources/300-W) where the
model has them; they fade with the distance, so that skin that follows the surface goes
over smoothly into skin that must not.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.spatial import KDTree

from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of
from ..headmodel.landmark_schemes import IBUG_BROWS, IBUG_NOSE_BASE
from ..shapes import Float
from .skin import Skin

_BROW_REACH: Final = 0.04
"""Head heights around the brows' landmarks."""
_FRINGE_REACH: Final = 0.1
"""Head heights below the hairline and in front of the ears that fringes, temples and sideburns cover."""
_FADE: Final = 0.12
"""Head heights over which the zones fade."""


def hairy_places(model: HeadModel, skin: Skin) -> Float[np.ndarray, " S"]:
    """1 where hair may grow on face and neck, (S,), fading to 0."""
    template = model.template.astype(np.float64)
    points, none = template[skin.ids], np.zeros(skin.count, bool)
    region = {n: model.regions.get(n, none)[skin.ids] for n in ("face", "scalp", "ears", "neck", "lips", "lids")}
    anatomy = anatomy_of(model)
    height = anatomy.head_height
    hairy = region["neck"].copy()
    for name in ("scalp", "ears"):
        if region[name].any():
            hairy |= KDTree(points[region[name]]).query(points)[0] < _FRINGE_REACH * height
    marks = anatomy.landmarks
    if marks is not None:
        hairy |= KDTree(marks[IBUG_BROWS]).query(points)[0] < _BROW_REACH * height
        hairy |= region["face"] & (points[:, 1] < marks[IBUG_NOSE_BASE, 1])
    hairy &= ~region["lips"] & ~region["lids"]
    if not hairy.any():
        return np.zeros(len(points))
    return np.clip(1 - KDTree(points[hairy]).query(points)[0] / (_FADE * height), 0, 1)
