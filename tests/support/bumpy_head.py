"""Surfaces with a known answer: a head's outer skin with smooth bumps and a shell of hair, meshed anew."""

from __future__ import annotations

import numpy as np

from seif_core.geometry.barycentric import barycentric
from seif_core.geometry.closest_point import SurfaceIndex
from seif_core.geometry.normals import vertex_normals
from seif_core.implicit.surface import SurfaceSettings, extract_surface
from seif_core.uniformize import TargetSurface
from seif_core.uniformize.exposure import exposure
from seif_core.uniformize.skin_mesh import SkinMesh

SIDE = 0.46  # metres of the cube around the head


def bumpy_surface(model, posed, *, bumps=0.002, hair=0.0, resolution=128, wave=90.0, more=None):
    """The level set of the outer skin's signed distance, less bumps (metres) everywhere and hair over the scalp.

    `more` gives signed distances (N,) of what else is there, at points (N, 3), metres.
    """
    skin = SkinMesh.of(model)
    vertices = posed.astype(np.float64)[skin.ids]
    seen = (exposure(model) > 0.12) | model.regions["ears"][skin.ids]
    triangles = skin.triangles[seen[skin.triangles].all(1)]
    index = SurfaceIndex(vertices, triangles)
    normals = vertex_normals(vertices, triangles)
    scalp = model.regions["scalp"][skin.ids].astype(float)
    for _ in range(4):
        scalp = skin.neighbour_mean @ scalp
    centre = (vertices.min(0) + vertices.max(0)) / 2
    floor = vertices[:, 1].min() + 0.01

    def signed(points):
        world = points.astype(np.float64) * SIDE + centre
        found = index.query(world)
        corners = triangles[found.triangles]
        weights = barycentric(found.points, vertices[corners])
        side = ((world - found.points) * np.einsum("nk,nkc->nc", weights, normals[corners])).sum(1)
        distance = np.where(side < 0, -found.distances, found.distances)
        x, y, z = (world - centre).T
        lift = bumps * np.cos(wave * x) * np.sin(wave * y + 1) * np.cos(wave * z)
        lift = lift + hair * np.einsum("nk,nk->n", weights, scalp[corners])
        distance = distance - lift
        if more is not None:
            distance = np.minimum(distance, more(world))
        return np.maximum(distance, floor - world[:, 1])

    width = 2 / resolution * SIDE
    settings = SurfaceSettings(resolution=resolution, band_inside=0.02, band_outside=0.02)
    found = extract_surface(
        lambda p: np.clip(0.5 - signed(p) / width / 2, 0, 1).astype(np.float32), lambda p: signed(p) / SIDE, settings
    )
    return TargetSurface(found.vertices * SIDE + centre, found.triangles)
