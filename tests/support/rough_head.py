"""A surface as photos give: strands, curtains of long hair, a beard, closed holes, a cut neck, noise, fading codes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from semantic_field import SemanticField

from seif_core.geometry.barycentric import barycentric
from seif_core.geometry.closest_point import SurfaceIndex
from seif_core.geometry.normals import vertex_normals
from seif_core.headmodel.skinning import pose_vertices
from seif_core.implicit.surface import SurfaceSettings, extract_surface
from seif_core.uniformize import TargetSurface
from seif_core.uniformize.exposure import exposure
from seif_core.uniformize.skin_mesh import SkinMesh

SIDE = 0.5  # metres of the cube around the head
POSE = np.array([[0.1, 0.35, -0.05], [0.03, 0.02, 0], [0.08, 0, 0], [0.02, 0.1, 0], [0.02, 0.1, 0]])
TRANSLATION = np.array([0.02, -0.01, -0.7])


class RoughHead(NamedTuple):
    """The surface, and what a fit would know of it."""

    surface: TargetSurface
    neutral: np.ndarray
    posed: np.ndarray


def rough_head(
    model,
    *,
    seed=0,
    strands=0.0015,
    shell=0.015,
    long=True,
    beard=0.015,
    noise=0.0004,
    cut=0.04,
    identity=0.4,
    resolution=256,
):
    """A head of another identity than the fit's, in camera space; lengths in metres, `identity` in deviations."""
    rng = np.random.default_rng(seed)
    neutral, other = (
        model.template + np.tensordot(identity * rng.normal(size=20), model.shape_basis[:20], 1) for _ in range(2)
    )
    skin = SkinMesh.of(model)
    vertices = other.astype(np.float64)[skin.ids]
    seen = (exposure(model) > 0.12) | model.regions["ears"][skin.ids]
    triangles = skin.triangles[seen[skin.triangles].all(1)]
    index, normals = SurfaceIndex(vertices, triangles), vertex_normals(vertices, triangles)
    weights = {name: model.regions[name][skin.ids].astype(float) for name in ("scalp", "neck")}
    y, lip = vertices[:, 1], vertices[model.regions["lips"][skin.ids]].mean(0)
    round_chin = model.regions["face"][skin.ids] & (y < lip[1] - 0.008)
    weights["beard"] = (round_chin & ~model.regions["lips"][skin.ids]).astype(float)
    for _ in range(4):
        weights = {name: skin.neighbour_mean @ w for name, w in weights.items()}
    centre = (vertices.min(0) + vertices.max(0)) / 2
    floor = y.min() + cut
    ears = vertices[model.regions["ears"][skin.ids]]
    axis, half_width = ears.mean(0), 0.5 * np.ptp(ears[:, 0])
    eyes = [other[np.unique(model.faces[model.face_part == k][:, :3])] for k in (1, 2)]
    waves = rng.normal(size=(3, 3)) * 2 * np.pi / 0.008 / np.sqrt(3)
    phases = rng.uniform(0, 6, 3)

    def signed(points):
        world = points.astype(np.float64) * SIDE + centre
        found = index.query(world)
        corners = triangles[found.triangles]
        at = barycentric(found.points, vertices[corners])
        side = ((world - found.points) * np.einsum("nk,nkc->nc", at, normals[corners])).sum(1)
        distance = np.where(side < 0, -found.distances, found.distances)
        lift = {name: np.einsum("nk,nk->n", at, w[corners]) for name, w in weights.items()}
        x, up, z = (world - axis).T
        around = np.arctan2(x, z + 0.02)
        ridge = strands * np.sin(around * 0.09 * 2 * np.pi / 0.005 + 2 * np.sin(40 * up))
        distance = np.maximum(distance, np.abs(x) - half_width - 0.003)  # no spikes out of the ears' open rims
        distance = distance - lift["scalp"] * (shell + ridge) - lift["beard"] * (beard + ridge)
        for ball in eyes:  # closed bumps
            middle = ball.mean(0)
            distance = np.minimum(distance, np.linalg.norm(world - middle, axis=1) - np.ptp(ball[:, 0]) / 2 - 0.0015)
        if long:  # a curtain that hangs beside the neck, open in front, with a gap to the neck
            radius = np.hypot(x, (z + 0.02) * 1.1)
            thick = np.abs(radius - half_width - 0.004) - 0.012 - ridge
            open_front = (1.15 - np.abs(around)) * radius
            curtain = np.maximum(np.maximum(thick, open_front), np.maximum(up - 0.04, floor - 0.02 - world[:, 1]))
            distance = np.minimum(distance, curtain)
        distance = distance + noise * np.sin(world @ waves + phases).sum(1)
        return np.maximum(distance, floor - world[:, 1] - (0.02 if long else 0) * (np.hypot(x, z + 0.02) > 0.06))

    width = 2 / resolution * SIDE
    settings = SurfaceSettings(resolution=resolution, band_inside=0.04, band_outside=0.06)
    cube = extract_surface(
        lambda p: np.clip(0.5 - signed(p) / width / 2, 0, 1).astype(np.float32), lambda p: signed(p) / SIDE, settings
    )
    rest = cube.vertices * SIDE + centre
    codes = SemanticField(model, other.astype(np.float64)).sample(rest)
    codes = np.clip(codes + 0.02 * np.sin(rest * 60), 0, 1)
    joints = model.joint_regressor.astype(np.float64) @ other
    still = np.zeros_like(POSE)
    still[0] = POSE[0]
    moved = pose_vertices(rest, joints, np.eye(1, 5).repeat(len(rest), 0), still) + TRANSLATION
    fit_joints = model.joint_regressor.astype(np.float64) @ neutral
    posed = pose_vertices(neutral, fit_joints, model.skin_weights, still, model.pose_basis) + TRANSLATION
    return RoughHead(TargetSurface(moved, cube.triangles, codes), neutral, posed)
