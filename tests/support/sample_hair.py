"""A synthetic hair layer for any head with a scalp: a cap around it, strands that hang from it, ribbons along some."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from seif_core.geometry.normals import vertex_normals
from seif_core.hair_layer import HairGuides, HairLayer, HairMesh
from seif_core.head import Head
from seif_core.headmodel.model import triangulate

THICKNESS = 0.015
"""Metres between the scalp and the cap."""

STRIPS = 4
"""Columns of the cards' atlas."""

_POINTS, _LENGTH, _HALF_WIDTH = 12, 0.09, 0.006


def sample_hair(head: Head, guides: int = 200, cards: int = 64, size: int = 128, seed: int = 0) -> HairLayer:
    """A layer of hair; the same arguments give the same layer."""
    rng = np.random.default_rng(seed)
    scalp = np.flatnonzero(head.regions["scalp"][np.where(head.faces >= 0, head.faces, head.faces[:, :1])].all(1))
    strands = _guides(head, scalp[head.face_part[scalp] == 0], guides, rng)
    colour = np.array([0.28, 0.18, 0.11], np.float32)
    shell = _cap(head, scalp, _strand_texture(colour, size, size, rng))
    ribbons = _ribbons(head, strands, cards, _atlas(colour, size, rng))
    return HairLayer("hair", shell, strands, ribbons, colour)


def with_hair(head: Head, **choices: int) -> Head:
    """The head wearing `sample_hair`."""
    return dataclasses.replace(head, hair=sample_hair(head, **choices))


def with_hat(head: Head) -> Head:
    """The head wearing the cap alone, as headwear."""
    hair = sample_hair(head)
    return dataclasses.replace(head, hair=dataclasses.replace(hair, kind="headwear", guides=None, cards=None))


def _normals(head: Head) -> np.ndarray:
    return vertex_normals(head.vertices.astype(float), triangulate(head.faces)[0])


def _cap(head: Head, scalp: np.ndarray, texture: np.ndarray) -> HairMesh:
    """The scalp moved outwards, and a rim down to the scalp."""
    normals = _normals(head)
    faces, uv_faces = head.faces[scalp], head.uv_faces[scalp]
    used, corners = np.unique(faces[faces >= 0], return_inverse=True)
    local = np.full(faces.shape, -1, np.int32)
    local[faces >= 0] = corners
    outer = head.vertices[used] + THICKNESS * normals[used]
    rim, rim_uvs = _rim(local, uv_faces)
    sunk = np.unique(rim)
    inner = head.vertices[used[sunk]] - 0.001 * normals[used[sunk]]
    below = len(used) + np.searchsorted(sunk, rim)
    skirt = np.stack([rim[:, 1], rim[:, 0], below[:, 0], below[:, 1]], 1)
    skirt_uvs = np.stack([rim_uvs[:, 1], rim_uvs[:, 0], rim_uvs[:, 0], rim_uvs[:, 1]], 1)
    weights = head.skin_weights[np.concatenate([used, used[sunk]])]
    return HairMesh(
        np.concatenate([outer, inner]).astype(np.float32),
        np.concatenate([local, skirt]).astype(np.int32),
        head.uvs,
        np.concatenate([uv_faces, skirt_uvs]).astype(np.int32),
        weights,
        texture,
    )


def _rim(faces: np.ndarray, uv_faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Directed edges (E, 2) with a face on one side only, and their UVs."""
    edges, uvs = {}, {}
    for face, uv in zip(faces.tolist(), uv_faces.tolist(), strict=True):
        n = 3 if face[3] < 0 else 4
        for i in range(n):
            edges[face[i], face[(i + 1) % n]] = (uv[i], uv[(i + 1) % n])
    uvs = {e: u for e, u in edges.items() if (e[1], e[0]) not in edges}
    return np.array(list(uvs)), np.array(list(uvs.values()))


def _guides(head: Head, scalp: np.ndarray, count: int, rng: np.random.Generator) -> HairGuides:
    faces = rng.choice(scalp, count, replace=count > len(scalp)).astype(np.int32)
    second = (head.faces[faces, 3] >= 0) & (rng.uniform(size=count) < 0.5)
    weights = rng.dirichlet((4, 4, 4), count)
    corners = np.where(second[:, None], head.faces[faces][:, [0, 2, 3]], head.faces[faces][:, :3])
    roots = np.einsum("gk,gkc->gc", weights, head.vertices[corners].astype(float))
    outward = np.einsum("gk,gkc->gc", weights, _normals(head)[corners])
    s = np.linspace(0, 1, _POINTS)[None, :, None]
    rise = THICKNESS * (1 - (1 - s) ** 4)
    points = roots[:, None] + outward[:, None] * rise + np.array([0, -1, 0]) * _LENGTH * s**2
    points[:, 0] = roots
    seen = outward[:, 2] > 0
    return HairGuides(points.astype(np.float32), seen, faces, weights.astype(np.float32), second)


def _ribbons(head: Head, guides: HairGuides, count: int, atlas: np.ndarray) -> HairMesh:
    chosen = np.linspace(0, len(guides.points) - 1, count).astype(int)
    points = guides.points[chosen].astype(float)
    along = np.gradient(points, axis=1)
    side = np.cross(along, points - head.vertices.mean(0))
    side *= _HALF_WIDTH / np.linalg.norm(side, axis=2, keepdims=True)
    vertices = np.stack([points - side, points + side], 2).reshape(-1, 3)
    row = np.arange(_POINTS - 1)[:, None] * 2
    quads = row + np.array([0, 1, 3, 2])
    faces = (np.arange(count)[:, None, None] * 2 * _POINTS + quads).reshape(-1, 4)
    s = np.linspace(1, 0, _POINTS)
    uvs = np.stack(
        [
            np.stack([np.repeat([[c / STRIPS, (c + 1) / STRIPS]], _POINTS, 0).ravel(), np.repeat(s, 2)], 1)
            for c in np.arange(count) % STRIPS
        ]
    ).reshape(-1, 2)
    root = head.skin_weights[head.faces[guides.root_faces[chosen], 0]]
    weights = np.repeat(root, 2 * _POINTS, 0)
    faces = faces.astype(np.int32)
    return HairMesh(vertices.astype(np.float32), faces, uvs.astype(np.float32), faces.copy(), weights, atlas)


def _strand_texture(colour: np.ndarray, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    streaks = 0.75 + 0.5 * rng.uniform(size=(1, width, 1)) + 0.05 * rng.normal(size=(height, width, 1))
    texture = np.full((height, width, 4), 255.0)
    texture[..., :3] = 255 * colour * streaks
    texture[..., 3] = np.clip(255 * (2.2 * rng.uniform(size=(1, width)) + np.linspace(1, -1, height)[:, None]), 0, 255)
    texture[: height // 2, :, 3] = 255
    return np.clip(texture, 0, 255).astype(np.uint8)


def _atlas(colour: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    texture = _strand_texture(colour, size, size, rng)
    texture[..., 3] = np.where(rng.uniform(size=(1, size)) < 0.7, 255, 0)
    return texture
