"""FLAME's mesh, which DECA, EMOCA and MICA answer with: its landmarks by vertex, and a mesh from parameters.

Source: Li et al., Learning a model of facial shape and expression from 4D scans, SIGGRAPH Asia 2017; the vertices are
those that the Open head was calibrated by (`workshop.openhead.scans.LANDMARKS`).

Convention: metres, Y up, the face towards +Z. Worked number: FLAME's nose tip is vertex 3534.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from ...errors import ModelError, SettingsError
from ...flame_exchange.import_parameters import read_parameters
from ...headmodel import load_head_model
from ...shapes import Float
from .method_mesh import MethodMesh, mesh_of, raw_vertices

VERTICES: Final = 5023
SEVEN: Final = (2425, 2283, 3835, 1146, 3556, 2827, 1710)
"""NoW's seven landmarks as vertices."""
_LARGEST: Final = 0.6
"""Metres: no head is larger; what is larger is in millimetres."""
_MILLIMETRE: Final = 0.001
"""Metres."""


def flame_mesh(path: Path, landmarks: Float[np.ndarray, "L 3"] | None = None) -> MethodMesh:
    """A mesh file of FLAME's topology, or of any other with the landmarks that came with it.

    Raises:
        SettingsError: it cannot be read.
    """
    vertices, triangles = mesh_of(path)
    raw = raw_vertices(path)
    seven = raw[list(SEVEN)] if len(raw) == VERTICES else None
    extent = float(np.ptp(vertices, axis=0).max())
    metres = 1.0 if extent < _LARGEST else _MILLIMETRE
    return MethodMesh(vertices, triangles, landmarks, seven, metres)


def mesh_from_parameters(path: Path, model_name: str) -> MethodMesh:
    """The neutral head that FLAME parameters describe.

    Args:
        path: a file that `seif import-flame` reads.
        model_name: the user's FLAME model: a name of `seif models list`, or the model's file.

    Raises:
        SettingsError: no model was named, or it is no FLAME.
        ModelError: the parameters or the model cannot be read.
    """
    if not model_name:
        raise SettingsError(f"{path.name} holds FLAME parameters, no mesh; name your FLAME model with --flame NAME.")
    model = load_head_model(model_name)
    if len(model.template) != VERTICES:
        raise SettingsError(f"{model_name} has {len(model.template)} vertices, FLAME {VERTICES}; name a FLAME model.")
    found = read_parameters([path])
    if len(found.shape) > len(model.shape_basis):
        raise ModelError(
            f"{path.name} holds {len(found.shape)} shape components, the model {len(model.shape_basis)}; use the "
            "release of FLAME that the method used."
        )
    neutral = model.template + np.tensordot(found.shape, model.shape_basis[: len(found.shape)], 1)
    vertices = neutral.astype(np.float64)
    marks = model.embeddings["ibug68"].points(vertices)
    return MethodMesh(vertices, model.triangles.astype(np.int64), marks, None, 1.0)
