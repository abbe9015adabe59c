"""From a head's parts to one watertight solid in millimetres, ready for a printer.

Source of the surface's extraction: `geometry.surface_nets`, which fills a set of cells until its boundary is a
manifold.

Convention: the result has Z up, the ground at z = 0, the face towards -Y, and is centred over the origin. Worked
number: at a height of 120 mm the highest vertex of the hair lies at z = 120.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..errors import SettingsError
from ..geometry.surface_nets import QuadMesh, surface_nets
from ..progress import Progress
from ..shapes import Float64, Int
from .features import printable, sealed
from .parts import PrintPart
from .settings import PrintSettings
from .stand import FOOT_SHARE, cut_flat, hollowed, stands, with_foot
from .voxels import Grid, union_values

_MARGIN = 4
"""Cells around the solid."""
_FLOOR = 0.75
"""Cells within which vertices at the ground are put on it: the rim of a flat cut is rounded by half a cell."""
_APART = 0.1
"""Cells that a vertex stays over the ground at least whose place there is taken."""


@dataclass(frozen=True, eq=False)
class PrintSolid:
    """A watertight solid; V vertices, T triangles.

    Attributes:
        vertices: (V, 3) float64 millimetres, Z up, on the ground z = 0.
        triangles: (T, 3) int64, counter-clockwise from outside.
        volume: cubic millimetres of material.
        notes: sentences on what was changed to make it printable.
    """

    vertices: Float64[np.ndarray, "V 3"]
    triangles: Int[np.ndarray, "T 3"]
    volume: float
    notes: tuple[str, ...]


def print_solid(
    parts: list[PrintPart], cut: float, settings: PrintSettings | None = None, progress: Progress | None = None
) -> PrintSolid:
    """Make one solid of closed parts.

    Args:
        parts: as `parts.head_parts` makes them, metres, Y up.
        cut: height at which they are cut off below, metres.
        settings: what it becomes.
        progress: told how far it is; may cancel.

    Raises:
        SettingsError: the walls leave no room for a cavity, or for the hole.
        CancelledError: the user cancelled.
    """
    settings, progress = settings or PrintSettings(), progress or Progress()
    top = max(float(part.vertices[:, 1].max()) for part in parts)
    foot = FOOT_SHARE * settings.height_mm if settings.base == "bust" else 0.0
    scale = (settings.height_mm - foot) / (top - cut)
    scaled = [replace(part, vertices=part.vertices * scale) for part in parts]
    shoulders = cut * scale
    ground = shoulders - foot
    low = np.min([part.vertices.min(axis=0) for part in scaled], axis=0)
    high = np.max([part.vertices.max(axis=0) for part in scaled], axis=0)
    low[1] = ground
    grid = Grid.around(low, high, settings.pitch, _MARGIN)
    values = union_values(scaled, grid)
    progress.step(0.4)
    values = cut_flat(values, grid, shoulders if not foot else max(ground, shoulders - settings.pitch))
    if foot:
        values = with_foot(values, grid, shoulders, ground, settings.height_mm)
        values = cut_flat(values, grid, ground)
    values, crumbs = printable(values, settings.pitch, settings.feature_mm)
    values = cut_flat(values, grid, ground)
    progress.step(0.6)
    notes = [f"{crumbs} loose piece{'s were' if crumbs > 1 else ' was'} left out."] if crumbs else []
    if settings.wall_mm:
        shell = hollowed(values, grid, ground, settings.wall_mm, settings.drain_mm)
        if shell is None:
            raise SettingsError(
                f"Walls of {settings.wall_mm:g} mm leave no room for a cavity that a hole of {settings.drain_mm:g} mm "
                "reaches; choose thinner walls, a narrower hole, a larger print, or a massive one."
            )
        values = shell
    values = sealed(values, settings.pitch, cavity=bool(settings.wall_mm) and not settings.drain_mm)
    progress.step(0.7)
    mesh = surface_nets(values, np.array(grid.origin), grid.spacing)
    progress.step(0.95)
    return _upright(mesh, ground, settings, notes)


def _upright(mesh: QuadMesh, ground: float, settings: PrintSettings, notes: list[str]) -> PrintSolid:
    """Triangles with Z up, standing on the ground over the origin."""
    x, y, z = mesh.vertices.T
    points = np.column_stack([x, -z, y - ground])
    points[:, :2] -= (points[:, :2].min(axis=0) + points[:, :2].max(axis=0)) / 2
    points[:, 2] = _grounded(points, settings.pitch)
    triangles = split_quads(points, mesh.quads)
    a, b, c = (points[triangles[:, k]] for k in range(3))
    sixths = np.einsum("ij,ij->i", a, np.cross(b, c))
    volume = float(sixths.sum()) / 6
    centre = ((a + b + c) * sixths[:, None]).sum(axis=0) / (24 * volume)
    if not stands(points, centre):
        notes.append("It may tip over: its centre of mass is not over its base; print it with the base bust.")
    return PrintSolid(points, triangles, volume, tuple(notes))


def _grounded(points: Float64[np.ndarray, "V 3"], pitch: float) -> Float64[np.ndarray, " V"]:
    """Heights with those near the ground put on it: of vertices that would fall together there, the lowest alone.

    Two vertices on one place are one to a slicer, and a wall between them is gone (STL has no indices).
    """
    heights = points[:, 2].copy()
    low = np.flatnonzero(heights < _FLOOR * pitch)
    low = low[np.argsort(heights[low], kind="stable")]
    first = np.unique(points[low, :2].astype(np.float32), axis=0, return_index=True)[1]
    heights[low] = np.maximum(heights[low], _APART * pitch)
    heights[low[first]] = 0.0
    return heights


def split_quads(points: Float64[np.ndarray, "V 3"], quads: Int[np.ndarray, "Q 4"]) -> Int[np.ndarray, "T 3"]:
    """Two triangles for each quad, along its shorter diagonal."""
    a, b, c, d = (points[quads[:, k]] for k in range(4))
    first = ((a - c) ** 2).sum(axis=1) <= ((b - d) ** 2).sum(axis=1)
    turned = np.where(first[:, None], quads, np.roll(quads, -1, axis=1))
    return np.concatenate([turned[:, [0, 1, 2]], turned[:, [0, 2, 3]]])
