"""The texture atlas of a head model: which triangle each texel shows, and where.

Convention: texel (row i, column j) of a texture of N texels has its centre at u = (j + 0.5) / N and
v = 1 - (i + 0.5) / N. Worked number: N = 2, row 0, column 1 lies at (0.75, 0.75).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import cv2
import numpy as np
from scipy import sparse

from ..headmodel import HeadModel
from ..headmodel.model import triangulate
from ..shapes import Bool, Float, Float32, Int, Int32, Integer, UInt8
from .symmetry import mirror_uvs

GATHER_STEP: Final = 3
"""Every how many-th texel `Atlas.gather` looks at."""
_PART: Final = 1 << 17
"""Texels that are worked on at a time: some megabytes for each number that they have."""
_FEW: Final = 1 << 16
"""Vertices that 16 bits tell apart."""
_AT_ONCE: Final = 2
"""Parts that are worked on side by side: each step of a part uses one core alone."""


@dataclass(frozen=True, eq=False)
class Atlas:
    """Texels of a model's texture; N texels carry surface, V vertices.

    Attributes:
        size: width and height in texels.
        texels: (N,) int32, flat index of the texels that carry surface, ascending.
        part: (N,) uint8 into `headmodel.PART_NAMES`.
        vertices: V.
        corners: (N, 3) int32, each texel's three vertices; uint16 for a model of few enough.
        weights: (N, 3) float32, their barycentric weights; rows sum to 1.
        gaps: (G,) int32, flat index of the texels that carry no surface, ascending.
        fillers: (G,) int32, for each of them the nearest that does, as an index into the N.
        mirror_x: (N,) float32, column (in OpenCV's pixels) of the same place on the other side of the head.
        mirror_y: (N,) float32, its row.
        mirrored: (N,) bool, whether that place is known.
    """

    size: int
    texels: Int32[np.ndarray, " N"]
    part: UInt8[np.ndarray, " N"]
    vertices: int
    corners: Integer[np.ndarray, "N 3"]
    weights: Float32[np.ndarray, "N 3"]
    gaps: Int32[np.ndarray, " G"]
    fillers: Int32[np.ndarray, " G"]
    mirror_x: Float32[np.ndarray, " N"]
    mirror_y: Float32[np.ndarray, " N"]
    mirrored: Bool[np.ndarray, " N"]

    @cached_property
    def _area(self) -> Float32[np.ndarray, " V"]:
        return np.asarray(self.blend(slice(None, None, GATHER_STEP)).sum(0), np.float32).ravel()

    def blend(self, chosen: np.ndarray | slice) -> sparse.csr_matrix:
        """The barycentric weights of the chosen M texels as a matrix (M, V), float32."""
        weights, corners = np.ascontiguousarray(self.weights[chosen]), self.corners[chosen].astype(np.int32)
        rows = np.arange(0, weights.size + 1, 3, dtype=np.int32)
        return sparse.csr_matrix((weights.ravel(), corners.ravel(), rows), (len(weights), self.vertices), copy=False)

    @property
    def parts(self) -> list[slice]:
        """Parts of the N texels, one after the other: what is computed for each texel alone needs less room so."""
        count = len(self.texels)
        return [slice(start, min(start + _PART, count)) for start in range(0, count, _PART)]

    def each_part(self, work: Callable[[slice], None]) -> None:
        """Do some work on each of `parts`, two at a time; it may write to the texels of its own part alone."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for _ in pool.map(work, self.parts):
                pass

    def touched(self, chosen: Bool[np.ndarray, " V"]) -> Int[np.ndarray, " M"]:
        """The texels, as indices into the N, that a value of the chosen vertices reaches."""
        one, two, three = (chosen[self.corners[:, k]] for k in range(3))
        return np.flatnonzero(one | two | three)

    def spread(
        self, values: Float[np.ndarray, "V C"], chosen: np.ndarray | slice | None = None
    ) -> Float32[np.ndarray, "M C"]:
        """Per-vertex values at the texels (or at the chosen ones of them)."""
        values = np.ascontiguousarray(values, np.float32)
        if isinstance(chosen, slice):
            return np.asarray(self.blend(chosen) @ values)
        count = len(self.texels) if chosen is None else len(chosen)
        out = np.empty((count, values.shape[1]), np.float32)
        for start in range(0, count, _PART):  # the weights of all texels are a hundred megabytes
            part = slice(start, min(start + _PART, count))
            out[part] = self.blend(part if chosen is None else chosen[part]) @ values
        return out

    def gather(
        self,
        values: Float[np.ndarray, "M C"],
        weights: Float[np.ndarray, " M"],
        chosen: Int[np.ndarray, " M"] | None = None,
    ) -> tuple[Float32[np.ndarray, "V C"], Float32[np.ndarray, " V"]]:
        """Weighted mean of texel values around each vertex, and the fraction of its texels' area that had weight.

        Args:
            values: (M, C) of every `GATHER_STEP`-th texel, which is plenty for a vertex, or of the chosen ones.
            weights: (M,) of the same texels.
            chosen: (M,) other texels, the only ones that count then.
        """
        blend = self.blend(slice(None, None, GATHER_STEP) if chosen is None else chosen)
        area = self._area if chosen is None else np.asarray(blend.sum(0), np.float32).ravel()
        weighted = np.concatenate([values * weights[:, None], weights[:, None]], axis=1).astype(np.float32)
        sums = np.asarray(blend.T @ weighted)
        mean = sums[:, :-1] / np.maximum(sums[:, -1:], 1e-9)
        return mean, sums[:, -1] / np.maximum(area, 1e-9)

    def image(self, values: np.ndarray) -> np.ndarray:
        """The texture, filled beyond its islands with the nearest texel's value, so that nothing bleeds in.

        (N, C) of any type becomes (size, size, C) of the same.
        """
        picture = np.empty((self.size * self.size, values.shape[1]), values.dtype)
        picture[self.texels] = values
        picture[self.gaps] = values[self.fillers]
        return picture.reshape(self.size, self.size, values.shape[1])

    def nearest(self, flat: Int[np.ndarray, " M"]) -> Int[np.ndarray, " M"]:
        """For texels of the texture, by flat index, the nearest that carries surface, as an index into the N."""
        at = np.minimum(np.searchsorted(self.texels, flat), len(self.texels) - 1)
        off = self.texels[at] != flat
        at[off] = self.fillers[np.searchsorted(self.gaps, flat[off])]
        return at


@lru_cache(maxsize=2)
def build_atlas(model: HeadModel, size: int) -> Atlas:
    """The atlas of a model at a texture size; cached, for it depends on the model alone."""
    triangles, origin = triangulate(model.faces)
    uv_triangles = triangulate(model.uv_faces)[0]
    corners = model.uvs[uv_triangles].astype(np.float64)  # T 3 2
    xy = np.stack([corners[..., 0] * size - 0.5, (1 - corners[..., 1]) * size - 0.5], -1)
    owner = _paint(xy, size)
    texels = np.flatnonzero(owner.reshape(-1) >= 0).astype(np.int32)
    triangle = owner.reshape(-1)[texels]
    parts = [slice(start, start + _PART) for start in range(0, len(texels), _PART)]
    weights = np.concatenate([_barycentric(xy, triangle[part], texels[part], size) for part in parts])
    mirror_corners, known = mirror_uvs(model, triangles, origin, uv_triangles)
    mirror, mirror_corners = np.empty((len(texels), 2), np.float32), mirror_corners.astype(np.float32)
    for part in parts:
        mirror[part] = np.einsum("nk,nkc->nc", weights[part], mirror_corners[triangle[part]])
    gaps = np.flatnonzero(owner.reshape(-1) < 0).astype(np.int32)
    return Atlas(
        size=size,
        texels=texels,
        part=model.face_part[origin[triangle]],
        vertices=len(model.template),
        corners=triangles.astype(np.uint16 if len(model.template) <= _FEW else np.int32)[triangle],
        weights=weights,
        gaps=gaps,
        fillers=_nearest(owner >= 0, texels)[gaps],
        mirror_x=np.ascontiguousarray(mirror[:, 0] * size - 0.5),
        mirror_y=np.ascontiguousarray((1 - mirror[:, 1]) * size - 0.5),
        mirrored=known[triangle],
    )


def _paint(xy: np.ndarray, size: int) -> Int32[np.ndarray, "S S"]:
    """Index of the triangle at each texel, -1 for none; edges reach up to a texel outwards."""
    owner = np.full((size, size), -1, np.int32)
    fixed = np.rint(xy * 16).astype(np.int32)
    for index, corner in enumerate(fixed):
        cv2.fillConvexPoly(owner, corner, (index,), lineType=cv2.LINE_8, shift=4)
    return owner


def _barycentric(xy: np.ndarray, triangle: np.ndarray, texels: np.ndarray, size: int) -> Float32[np.ndarray, "N 3"]:
    a, b, c = xy[:, 0], xy[:, 1], xy[:, 2]
    area = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    area = np.where(np.abs(area) < 1e-12, 1e-12, area)
    # weight_k = (gradient_k . (p - a)) + [k is a]
    second = np.stack([(c - a)[:, 1], -(c - a)[:, 0]], 1) / area[:, None]
    third = np.stack([-(b - a)[:, 1], (b - a)[:, 0]], 1) / area[:, None]
    dx = ((texels % size) - a[triangle, 0]).astype(np.float32)
    dy = ((texels // size) - a[triangle, 1]).astype(np.float32)
    second, third = second.astype(np.float32)[triangle], third.astype(np.float32)[triangle]
    w = np.empty((len(texels), 3), np.float32)
    w[:, 1] = dx * second[:, 0] + dy * second[:, 1]
    w[:, 2] = dx * third[:, 0] + dy * third[:, 1]
    w[:, 0] = 1 - w[:, 1] - w[:, 2]
    np.maximum(w, 0, out=w)
    w /= w.sum(1, keepdims=True)
    return w


def _nearest(covered: np.ndarray, texels: np.ndarray) -> Int32[np.ndarray, " S"]:
    _, label = cv2.distanceTransformWithLabels(
        np.where(covered, 0, 255).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    rank = np.full(int(label.max()) + 1, 0, np.int32)
    flat = label.reshape(-1).astype(np.int32)
    rank[flat[texels]] = np.arange(len(texels), dtype=np.int32)
    return rank[flat]
