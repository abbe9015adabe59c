"""Which skin of a template is open and which lines a hollow: from how many sides it is seen."""

from __future__ import annotations

import numpy as np

from ..geometry.normals import vertex_normals
from ..geometry.visibility import seen_share_of_mesh
from ..headmodel import HeadModel
from ..headmodel.once_per_model import once_per_model
from ..shapes import Float
from .skin_mesh import SkinMesh


@once_per_model
def exposure(model: HeadModel) -> Float[np.ndarray, " S"]:
    """(S,) in 0..1, from how much of its half space each skin vertex of the template is seen; kept with the model."""
    skin = SkinMesh.of(model)
    points = skin.template
    return seen_share_of_mesh(points, vertex_normals(points, skin.triangles), skin.triangles)
