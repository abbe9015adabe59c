"""Giving a head model what it lacks from another: UVs, regions, landmarks and ARKit keys by correspondence.

Used for FLAME, whose file holds none of them; the other model is the Open head.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ..geometry.alignment import nearest_rotation
from ..geometry.barycentric import MeshPoints
from ..geometry.connectivity import connected_pieces
from ..geometry.normals import area_vectors, unit, vertex_normals
from ..registration.correspondences import AgreeingPoints
from ..shapes import Bool, Float, Float32, Int, Int32
from .anatomy import anatomy_of
from .correspondence import (
    EYE_PARTS,
    PartMesh,
    ball,
    match_vertices,
    register,
)
from .deformation_transfer import DeformationTransfer
from .model import HeadModel, LandmarkEmbedding

_SMALLEST_DISPLACEMENT: Final = 5e-6
"""Metres: smaller displacements of a transferred key are set to zero, so that keys stay local."""
_UV_TEAR: Final = 0.5
"""A corner whose UV lies this many times a face's size away from where its face expects it is across a seam."""
_UV_SLACK: Final = 0.01
"""Texture sides that are added to it. Chosen, not measured."""
_NO_GAZE: Final = 1e-4
"""Metres that an eyeball moves in a key that does not turn it."""
_UV_PER_METRE: Final = 15.0
"""Faces that would spread farther over the texture lie on a sliver; they are drawn together (a face has about 3)."""


@dataclass(frozen=True, eq=False)
class MatchedParts:
    """Which place of the source each place of the target is, on skin and eyeballs.

    Attributes:
        registered: (S, 3) float64 metres, the source's template drawn onto the target's (`correspondence.register`).
        meshes: part -> its mesh on the source and on the target.
        matches: part -> the point of the source's mesh that each vertex of the target's belongs to.
    """

    registered: Float[np.ndarray, "S 3"]
    meshes: dict[str, tuple[PartMesh, PartMesh]]
    matches: dict[str, MeshPoints]


def complete_model(target: HeadModel, source: HeadModel) -> HeadModel:
    """`target` with UVs, regions, landmark embeddings and expression keys of `source`.

    Topology, components, joints, weights and pose correctives of the target stay as they are.
    """
    matched = matched_parts(target, source)
    uvs, uv_faces = _transfer_uvs(target, source, matched)
    return replace(
        target,
        key_names=source.key_names,
        key_basis=transfer_keys(target, source, matched),
        uvs=uvs,
        uv_faces=uv_faces,
        regions=transfer_regions(target, source, matched),
        embeddings={
            name: transfer_embedding(embedding, target, source, matched)
            for name, embedding in source.embeddings.items()
        },
    )


def matched_parts(target: HeadModel, source: HeadModel) -> MatchedParts:
    """Draw the source onto the target, and match skin and eyeballs.

    Args:
        target: the model that receives.
        source: the model that gives.
    """
    registered = register(source, target)
    parts = ["skin", *[p for p in EYE_PARTS if len(PartMesh.of(target, (p,)).triangles)]]
    seen = anatomy_of(source).named_skin
    meshes = {
        part: (PartMesh.of(source, (part,), seen if part == "skin" else None), PartMesh.of(target, (part,)))
        for part in parts
    }
    matches = {part: match_vertices(registered, own, target, goal) for part, (own, goal) in meshes.items()}
    return MatchedParts(registered, meshes, matches)


def transfer_keys(
    target: HeadModel,
    source: HeadModel,
    matched: MatchedParts,
    basis: Float32[np.ndarray, "K S 3"] | None = None,
) -> Float32[np.ndarray, "K V 3"]:
    """The source's keys (K, V, 3), metres: by deformation transfer on the skin, as rotations on the eyeballs.

    Args:
        target: the model that receives.
        source: the model that gives.
        matched: of `matched_parts`.
        basis: (K, S, 3) metres, displacements of the source in the place of its keys.
    """
    basis = source.key_basis if basis is None else basis
    meshes, (own, goal) = matched.meshes, matched.meshes["skin"]
    centroids = target.template[goal.triangles].mean(axis=1).astype(np.float64)
    normals = unit(area_vectors(target.template.astype(np.float64), goal.triangles))
    triangle_map = AgreeingPoints(matched.registered, own.triangles).match(centroids, normals).triangles
    solver = DeformationTransfer(source.template, own.triangles, target.template, goal.triangles, triangle_map)
    keys = np.zeros((len(basis), len(target.template), 3), np.float32)
    for index, delta in enumerate(basis.astype(np.float64)):
        guide = np.zeros((len(target.template), 3))
        guide[goal.vertices] = matched.matches["skin"].interpolate(own.triangles, delta)
        if not delta[own.vertices].any():
            continue
        moved = solver.transfer(delta, guide)
        moved[np.abs(moved).max(axis=1) < _SMALLEST_DISPLACEMENT] = 0
        keys[index] = moved
        for part in EYE_PARTS:
            if part in meshes:
                _turn_eyeball(keys[index], delta, target, source, meshes[part])
    return keys


def _turn_eyeball(
    key: np.ndarray, delta: np.ndarray, target: HeadModel, source: HeadModel, mesh: tuple[PartMesh, PartMesh]
) -> None:
    """Write into `key` the rotation that `delta` gives the source's eyeball, on the target's eyeball."""
    own, goal = mesh
    if np.abs(delta[own.vertices]).max() < _NO_GAZE:
        key[goal.vertices] = 0
        return
    centre, _ = ball(source.template[own.vertices])
    rest = source.template[own.vertices] - centre
    rotation = nearest_rotation((rest + delta[own.vertices]).T @ rest)
    target_centre, _ = ball(target.template[goal.vertices])
    arm = target.template[goal.vertices] - target_centre
    key[goal.vertices] = arm @ rotation.T - arm


def transfer_regions(target: HeadModel, source: HeadModel, matched: MatchedParts) -> dict[str, Bool[np.ndarray, " V"]]:
    """The source's regions on the target, (V,) bool each: where more than half of a vertex's point lies in one."""
    regions = {}
    for name, mask in source.regions.items():
        found = np.zeros(len(target.template), bool)
        for part, (own, goal) in matched.meshes.items():
            share = matched.matches[part].interpolate(own.triangles, mask.astype(np.float64)[:, None])[:, 0]
            found[goal.vertices] |= share > 0.5
        regions[name] = found
    return regions


def transfer_embedding(
    embedding: LandmarkEmbedding, target: HeadModel, source: HeadModel, matched: MatchedParts
) -> LandmarkEmbedding:
    """Each landmark's place on the registered source, taken to the closest agreeing point of the target's same part."""
    registered, meshes = matched.registered, matched.meshes
    points = embedding.points(registered)
    ids = np.zeros((len(points), 3), np.int32)
    weights = np.zeros((len(points), 3), np.float32)
    part_of = _vertex_parts(source, meshes)[embedding.vertex_ids[:, 0]]
    for index, (own, goal) in enumerate(meshes.values()):
        chosen = np.flatnonzero(part_of == index)
        normals = np.einsum(
            "lk,lkc->lc",
            embedding.weights[chosen],
            vertex_normals(registered, own.triangles)[embedding.vertex_ids[chosen]],
        )
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
        found = AgreeingPoints(target.template, goal.triangles).match(points[chosen], normals)
        ids[chosen] = goal.triangles[found.triangles]
        weights[chosen] = found.weights
    return LandmarkEmbedding(ids, weights, embedding.sigma)


def _vertex_parts(source: HeadModel, meshes: dict[str, tuple[PartMesh, PartMesh]]) -> Int[np.ndarray, " V"]:
    """Index into `meshes` of each source vertex; vertices of other parts count as skin."""
    parts = np.zeros(len(source.template), np.int64)
    for index, (own, _) in enumerate(meshes.values()):
        parts[own.vertices] = index
    return parts


def _transfer_uvs(
    target: HeadModel,
    source: HeadModel,
    matched_on: MatchedParts,
) -> tuple[Float32[np.ndarray, "U 2"], Int32[np.ndarray, "F 4"]]:
    """UVs of the target: at each vertex those of its point on the source, torn where the source's UVs have a seam.

    A face lies in the chart of the source triangle under its centroid. A corner in another chart, or across a seam of
    the same one, is placed where that triangle's own map, continued, puts it.
    """
    registered, meshes, matches = matched_on.registered, matched_on.meshes, matched_on.matches
    uvs = np.zeros((len(target.template), 2))
    corner_uvs = np.zeros((len(target.faces), 3, 2))
    own_uv = np.zeros((len(target.faces), 3), bool)
    charts = _charts(source)
    for part, (own, goal) in meshes.items():
        matched = matches[part]
        uvs[goal.vertices] = matched.interpolate(own.uv_triangles, source.uvs.astype(np.float64))
        row = np.full(len(target.template), -1)
        row[goal.vertices] = np.arange(len(goal.vertices))
        faces = np.flatnonzero(np.isin(target.faces[:, 0], goal.vertices) & (target.faces[:, 3] < 0))
        corners = target.faces[faces, :3]
        points = target.template[corners].astype(np.float64)
        normals = unit(area_vectors(target.template.astype(np.float64), corners))
        under = AgreeingPoints(registered, own.triangles).match(points.mean(axis=1), normals)
        carrier = under.triangles
        expected = _continued(points, registered[own.triangles[carrier]], source.uvs[own.uv_triangles[carrier]])
        centre = under.interpolate(own.uv_triangles, source.uvs.astype(np.float64))[:, None]
        extent = np.linalg.norm(points - points.mean(axis=1, keepdims=True), axis=2).max(axis=1)
        reach = np.linalg.norm(expected - centre, axis=2).max(axis=1)
        shrink = np.minimum(1, _UV_PER_METRE * extent / np.maximum(reach, 1e-12))
        expected = centre + (expected - centre) * shrink[:, None, None]
        size = reach * shrink
        distance = np.linalg.norm(uvs[corners] - expected, axis=2)
        same = (
            charts[own.uv_triangles[matched.triangles[row[corners]], 0]]
            == charts[own.uv_triangles[carrier, 0]][:, None]
        )
        own_uv[faces] = same & (distance < _UV_TEAR * size[:, None] + _UV_SLACK)
        corner_uvs[faces] = expected
    torn = np.flatnonzero(~own_uv.reshape(-1) & np.repeat(target.faces[:, 3] < 0, 3))
    uv_faces = target.faces.copy()
    flat = uv_faces[:, :3].reshape(-1)
    flat[torn] = len(uvs) + np.arange(len(torn))
    uv_faces[:, :3] = flat.reshape(-1, 3)
    everything = np.concatenate([uvs, corner_uvs.reshape(-1, 2)[torn]])
    return np.clip(everything, 0, 1).astype(np.float32), uv_faces


def _charts(source: HeadModel) -> Int[np.ndarray, " U"]:
    """Number of the connected UV chart that each texture vertex belongs to."""
    faces = source.uv_faces
    following = np.where(faces[:, [1, 2, 3, 0]] >= 0, faces[:, [1, 2, 3, 0]], faces[:, :1])
    used = faces >= 0
    return connected_pieces(np.stack([faces[used], following[used]], axis=1), len(source.uvs))


def _continued(
    points: Float[np.ndarray, "F 3 3"], carrier: Float[np.ndarray, "F 3 3"], uvs: Float[np.ndarray, "F 3 2"]
) -> Float[np.ndarray, "F 3 2"]:
    """Where the affine map from each carrier triangle to its UVs puts the points, dropped onto the carrier's plane."""
    edges = np.stack([carrier[:, 1] - carrier[:, 0], carrier[:, 2] - carrier[:, 0]], axis=2)
    local = np.linalg.pinv(edges) @ (points - carrier[:, :1]).transpose(0, 2, 1)  # F 2 corner
    uv_edges = np.stack([uvs[:, 1] - uvs[:, 0], uvs[:, 2] - uvs[:, 0]], axis=2)
    return uvs[:, :1] + (uv_edges @ local).transpose(0, 2, 1)
