"""Levels of detail of a head: the same `Head` with fewer triangles, keys, weights and texture as they were.

Every vertex of a level is one of the full head, so a key moves it exactly as far as there. What is decimated stays a
`Head`, so every exporter and Blender take it as it is.

Convention: level 0 is the full head; counts are of triangles. Worked number: the Open head has 15,640 triangles, so
``LOD1`` of 5,000 keeps 2,995 of its 8,698 vertices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .decimation.arrange import carrying_poses, mirror_image
from .decimation.decimate import Decimated, DecimationMesh, decimate
from .decimation.levels import HAIR_SHARE, LOD_TRIANGLES, checked_counts, importance, levels_of
from .hair_layer import HairLayer, HairMesh
from .head import Head
from .headmodel.model import triangulate
from .headmodel.topology import PART_NAMES
from .shapes import Int32


def head_lods(head: Head, counts: Sequence[int] = LOD_TRIANGLES) -> list[Head]:
    """The levels after the full head, without strands and landmarks.

    Args:
        head: the full head.
        counts: triangles of each level, descending.

    Returns:
        One head for each count below the head's own, with more triangles where borders and seams leave no other way.

    Raises:
        SettingsError: the counts make no sense.
    """
    triangles, origin = triangulate(head.faces)
    counts = [count for count in checked_counts(counts) if count < len(triangles)]
    part = head.face_part[origin].astype(np.int64)
    owned = {name: np.unique(triangles[part == k]) for k, name in enumerate(PART_NAMES)}
    mesh = DecimationMesh(
        carrying_poses(head.vertices, head.key_deltas),
        triangles,
        head.uvs,
        triangulate(head.uv_faces)[0],
        importance(len(head.vertices), head.regions, owned),
        mirror_image(head.vertices, triangles),
    )
    levels = levels_of(mesh, part, PART_NAMES, counts, lips=head.regions.get("lips"))
    return [
        replace(
            _level(head, level, part),
            name=f"{head.name} LOD{number}",
            hair=None if head.hair is None else _hair(head.hair, int(HAIR_SHARE * count)),
        )
        for number, (level, count) in enumerate(zip(levels, counts, strict=True), start=1)
    ]


def _level(head: Head, level: Decimated, part: np.ndarray) -> Head:
    used, corners = np.unique(level.triangles, return_inverse=True)
    used_uvs, coordinates = np.unique(level.uv_triangles, return_inverse=True)
    return replace(
        head,
        vertices=head.vertices[used],
        faces=_as_faces(corners),
        face_part=part[level.sources].astype(np.uint8),
        uvs=head.uvs[used_uvs],
        uv_faces=_as_faces(coordinates),
        skin_weights=head.skin_weights[used],
        key_deltas=head.key_deltas[:, used],
        expression_deltas=head.expression_deltas[:, used],
        pose_deltas=head.pose_deltas[:, used],
        regions={name: mask[used] for name, mask in head.regions.items()},
        photo_delta=head.photo_delta[used],
        landmark_vertices=None,
        landmark_weights=None,
        confidence=None if head.confidence is None else head.confidence[used],
        combinations=None if head.combinations is None else head.combinations.on_vertices(lambda d: d[:, used]),
    )


def _hair(layer: HairLayer, count: int) -> HairLayer:
    cards = None if layer.cards is None else decimated_hair(layer.cards, count)
    return replace(layer, shell=decimated_hair(layer.shell, count), cards=cards, guides=None)


def decimated_hair(mesh: HairMesh, count: int) -> HairMesh:
    """A mesh of hair with at most `count` triangles where its borders leave that open."""
    triangles = triangulate(mesh.faces)[0]
    if len(triangles) <= count:
        return mesh
    weights, alone = np.ones(len(mesh.vertices)), np.full(len(mesh.vertices), -1)
    whole = DecimationMesh(mesh.vertices[None], triangles, mesh.uvs, triangulate(mesh.uv_faces)[0], weights, alone)
    (level,) = decimate(whole, [count])
    used, corners = np.unique(level.triangles, return_inverse=True)
    used_uvs, coordinates = np.unique(level.uv_triangles, return_inverse=True)
    return replace(
        mesh,
        vertices=mesh.vertices[used],
        faces=_as_faces(corners),
        uvs=mesh.uvs[used_uvs],
        uv_faces=_as_faces(coordinates),
        skin_weights=mesh.skin_weights[used],
    )


def _as_faces(corners: np.ndarray) -> Int32[np.ndarray, "T 4"]:
    rows = corners.reshape(-1, 3)
    return np.column_stack([rows, np.full(len(rows), -1)]).astype(np.int32)
