"""Where the dense points of drawn heads fall, and which of them can be seen: told by a pool's own numbers.

A pool keeps who was drawn and how, so the points need no new drawing: the head is made again from its coefficients,
posed and projected. A point is seen where it is turned to the camera, nothing of the
head lies before it and its pixel shows skin.

Convention: pixels of the pool's picture, origin at the top left, centres at +0.5, y down.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import torch

from ...geometry.camera import Camera
from ...geometry.normals import vertex_normals
from ...geometry.rasterizer import rasterize_view
from ...headmodel.anatomy import anatomy_of
from ...headmodel.dense_set import dense_set
from ...headmodel.skinning import joint_transforms
from ...portrait.head_parsing import CLASSES
from ...shapes import Bool, Float, Float32
from ..drawing.body import Bodies, Traits
from ..drawing.drawer import Drawer
from ..drawing.pool import SHARD

_BEHIND: Final = 0.004
"""Metres by which a point may lie behind what the rasterizer finds at its pixel: a pixel of a pool is 2 mm wide."""
HELD_SKINS: Final = (
    "skins/young_caucasian_male2",
    "skins/middleage_african_female",
    "skins/old_asian_male",
    "skins/young_eurasian_female",
)
HELD_HAIR: Final = ("short03", "bob02")
"""Skins and hair of the pack that the points never learn from: heads drawn with them are kept back for measuring."""
_BARE: Final = tuple(CLASSES.index(name) for name in ("skin", "brows", "beard") if name in CLASSES)


class PointTruth(NamedTuple):
    """The dense points of one drawn head.

    Attributes:
        pixels: (N, 2) in the pool's picture.
        seen: (N,) whether the picture shows the point.
        vertices: (V, 3) the whole posed head, camera space, metres.
    """

    pixels: Float32[np.ndarray, "N 2"]
    seen: Bool[np.ndarray, " N"]
    vertices: Float32[np.ndarray, "V 3"]


def posed_head(bodies: Bodies, head: Mapping[str, np.ndarray]) -> Float[np.ndarray, "V 3"]:
    """The drawn head's vertices in camera space, metres.

    Args:
        bodies: who drew it.
        head: the arrays `traits`, `identity`, `keys`, `pose`, `placement` of one drawn head.
    """
    age, male, *origin, muscle, weight = (float(v) for v in head["traits"])
    traits = Traits(age, male, (origin[0], origin[1], origin[2]), muscle, weight)
    model = bodies.model
    rest, joints = bodies.head(bodies.body(traits), traits, head["identity"].astype(np.float64))
    rest = rest + np.tensordot(head["keys"].astype(np.float64), model.key_basis, axes=1)
    moves = np.einsum(
        "vj,jab->vab", model.skin_weights.astype(np.float64), joint_transforms(joints, head["pose"].astype(np.float64))
    )
    posed = np.einsum("vab,vb->va", moves[:, :3, :3], rest) + moves[:, :3, 3]
    return posed @ head["placement"][:, :3].T.astype(np.float64) + head["placement"][:, 3]


def point_truth(bodies: Bodies, head: Mapping[str, np.ndarray]) -> PointTruth:
    """Truth of one drawn head.

    Args:
        bodies: who drew it.
        head: arrays of one drawn head as `drawing.pool.packed` names them.
    """
    vertices = posed_head(bodies, head)
    side = head["labels"].shape[0]
    focal, cx, cy = (float(v) for v in head["camera"])
    camera = Camera(focal, cx, cy, side, side)
    ids = dense_set(bodies.model).vertices
    pixels = camera.project(vertices[ids])
    outer = anatomy_of(bodies.model).outer_skin_triangles.astype(np.int64)
    towards = (vertex_normals(vertices, outer)[ids] * -vertices[ids]).sum(1) > 0
    triangles = torch.as_tensor(outer)
    depth = rasterize_view(torch.as_tensor(vertices.astype(np.float32)), triangles, camera).depth.numpy()
    column, row = np.floor(np.clip(pixels, 0, side - 1)).astype(int).T
    inside = ((pixels > 0) & (pixels < side)).all(1)
    nearest = _least(depth)[row, column]
    seen = inside & towards & (-vertices[ids, 2] < nearest + _BEHIND) & np.isin(head["labels"][row, column], _BARE)
    return PointTruth(pixels.astype(np.float32), seen, vertices.astype(np.float32))


def write_truth(drawer: Drawer, shard: Path, seed: int, target: Path) -> None:
    """Write what `points_samples` needs beside one file of a pool.

    Args:
        drawer: who drew the pool.
        shard: file of the pool.
        seed: of the pool.
        target: `.npz` with pixels (K, N, 2), seen (K, N), held (K,).
    """
    with np.load(shard) as data:
        arrays = {name: data[name] for name in data.files if name not in ("photo", "normals")}
    heads = [{name: values[k] for name, values in arrays.items()} for k in range(len(arrays["words"]))]
    truths = [point_truth(drawer.bodies, head) for head in heads]
    first = int(shard.stem) * SHARD
    held = [
        drawer.skin_of(seed, first + k) in HELD_SKINS or not set(HELD_HAIR).isdisjoint(str(head["words"]).split())
        for k, head in enumerate(heads)
    ]
    np.savez(target, pixels=[t.pixels for t in truths], seen=[t.seen for t in truths], held=np.array(held))


def _least(depth: np.ndarray) -> np.ndarray:
    """The farthest of each pixel and its four neighbours, so that a rim does not hide itself."""
    out = depth.copy()
    for axis in (0, 1):
        for step in (-1, 1):
            moved = np.roll(depth, step, axis)
            out = np.where(np.isfinite(moved), np.maximum(out, moved), out)
    return out
