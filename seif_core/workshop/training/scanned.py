"""Registered scans in the place of synthetic heads: their surface, the fitted model's coefficients, what lies where.

Convention: as in `scans.registered`: the head model's space, metres.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from scipy.spatial import KDTree
from torch.nn import functional as F  # noqa: N812 - torch's own documentation writes F

from ...errors import SettingsError
from ...headmodel import HeadModel
from ...shapes import Float, Int
from .canvas import Canvas
from .randomness import Randomness
from .scans.registered import RegisteredScan, registered_files
from .skin import FIELDS, TOLD


class ScannedMesh(NamedTuple):
    """As `synthetic` wants meshes: vertices (V, 3), triangles (T, 3), home places (V, 3), fields (V, F)."""

    vertices: Float[torch.Tensor, "V 3"]
    triangles: Int[torch.Tensor, "T 3"]
    home: Float[torch.Tensor, "V 3"]
    fields: Float[torch.Tensor, "V F"]


class ScannedHead(NamedTuple):
    """One scan on the training device.

    Attributes:
        mesh: its surface.
        shape: (S,) the fitted model's identity.
        expression: (E,) its expression.
        pose: (5, 3) its pose, axis-angle.
    """

    mesh: ScannedMesh
    shape: Float[torch.Tensor, " S"]
    expression: Float[torch.Tensor, " E"]
    pose: Float[torch.Tensor, "5 3"]


class ScannedHeads:
    """Draws scans of a folder.

    Args:
        folder: of registered scans.
        model: the head model that they were registered to.
        canvas: of the model, on the training device.

    Raises:
        SettingsError: there are none.
    """

    def __init__(self, folder: Path, model: HeadModel, canvas: Canvas) -> None:
        self._files = registered_files(folder)
        if not self._files:
            raise SettingsError(f"There are no registered scans in {folder}; run 'seif scans register' first.")
        self._model, self._canvas = model, canvas

    def draw(self, draw: Randomness) -> ScannedHead:
        """A random scan."""
        scan = RegisteredScan.load(self._files[draw.index(len(self._files))])
        device = self._canvas.home.device
        near = torch.as_tensor(KDTree(scan.fitted(self._model)).query(scan.vertices)[1], device=device)
        fields = F.pad(self._canvas.fields()[near], (0, FIELDS - 7))
        if scan.albedo is not None:
            fields[:, TOLD] = 1
            fields[:, TOLD + 1 :] = torch.as_tensor(scan.albedo, device=device)
        mesh = ScannedMesh(
            torch.as_tensor(scan.vertices, device=device),
            torch.as_tensor(scan.triangles, device=device).long(),
            self._canvas.home[near],
            fields,
        )
        parts = (torch.as_tensor(part, device=device).float() for part in (scan.shape, scan.expression, scan.pose))
        return ScannedHead(mesh, *parts)
