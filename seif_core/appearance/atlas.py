"""The texture atlas of a head model: which triangle each texel shows, and where.

Convention: texel (row i, column j) of a texture of N texels has its centre at u = (j + 0.5) / N and
v = 1 - (i + 0.5) / N. Worked number: N = 2, row 0, column 1 lies at (0.75, 0.75).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

import cv2
import numpy as np
from scipy import sparse

from ..headmodel import HeadModel
from ..headmodel.model import triangulate
from ..headmodel.topology import PART_NAMES
from ..shapes import Bool, Float, Float32, Int, Int32, Integer, UInt8
from .symmetry import mirror_uvs

GATHER_STEP: Final = 3
"""Every how many-th texel of a small triangle `Atlas.gather` looks at."""
_ENOUGH: Final = 16
"""Texels of a triangle that are enough to tell its mean: that strays by a quarter of what one texel does. Of larger
triangles fewer texels are looked at, so many at least."""
_PART: Final = 1 << 17
"""Texels that are worked on at a time: some megabytes for each number that they have."""
_FEW: Final = 1 << 16
"""Triangles that 16 bits tell apart."""
_AT_ONCE: Final = 2
"""Parts that are worked on side by side: each step of a part uses one core alone."""
_ALL: Final = slice(None)


class MirroredPlaces(NamedTuple):
    """Places of M texels on the other side of the head.

    Attributes:
        x: (M,) float32, column in OpenCV's pixels.
        y: (M,) float32, row.
        known: (M,) bool, whether the place is known.
    """

    x: Float32[np.ndarray, " M"]
    y: Float32[np.ndarray, " M"]
    known: Bool[np.ndarray, " M"]


@dataclass(frozen=True, eq=False)
class Atlas:
    """Texels of a model's texture; N texels carry surface, V vertices.

    Attributes:
        size: width and height in texels.
        texels: (N,) int32, flat index of the texels that carry surface, ascending.
        part: (N,) uint8 into `headmodel.PART_NAMES`.
        vertices: V.
        triangles: (T, 3) int32, the model's triangles.
        triangle: (N,) int32, the triangle that each texel shows; uint16 for a model of few enough.
        weights: (N, 3) float32, barycentric weights of its vertices; rows sum to 1.
        samples: (S,) int32, texels, as indices into the N, whose weighted mean is as good as that of all.
        stands_for: (S,) float32, for how many times `GATHER_STEP` texels each of them stands.
        gaps: (G,) int32, flat index of the texels that carry no surface, ascending.
        fillers: (G,) int32, for each of them the nearest that does, as an index into the N.
        mirror_uvs: (T, 3, 2) float32, texture coordinates of each triangle's corners on the other side of the head.
        mirrored: (T,) bool, whether they are known.
    """

    size: int
    texels: Int32[np.ndarray, " N"]
    part: UInt8[np.ndarray, " N"]
    vertices: int
    triangles: Int32[np.ndarray, "T 3"]
    triangle: Integer[np.ndarray, " N"]
    weights: Float32[np.ndarray, "N 3"]
    samples: Int32[np.ndarray, " S"]
    stands_for: Float32[np.ndarray, " S"]
    gaps: Int32[np.ndarray, " G"]
    fillers: Int32[np.ndarray, " G"]
    mirror_uvs: Float32[np.ndarray, "T 3 2"]
    mirrored: Bool[np.ndarray, " T"]

    @cached_property
    def _sampler(self) -> sparse.csr_matrix:
        """What each of the samples says of the vertices, (S, V)."""
        sampler = self.blend(self.samples)
        sampler.data *= np.repeat(self.stands_for, 3)
        return sampler

    @cached_property
    def _area(self) -> Float32[np.ndarray, " V"]:
        return np.asarray(self._sampler.sum(0), np.float32).ravel()

    def blend(self, chosen: np.ndarray | slice) -> sparse.csr_matrix:
        """The barycentric weights of the chosen M texels as a matrix (M, V), float32."""
        weights = self.weights[chosen] if isinstance(chosen, slice) else self.weights.take(chosen, axis=0)
        corners = self.triangles.take(self.triangle[chosen], axis=0)
        rows = np.arange(0, weights.size + 1, 3, dtype=np.int32)
        shape = (len(weights), self.vertices)
        return sparse.csr_matrix((np.ravel(weights), corners.ravel(), rows), shape, copy=False)

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

    def touched(self, chosen: Bool[np.ndarray, " V"], part: slice = _ALL) -> Int[np.ndarray, " M"]:
        """The texels of a part, as indices into the N, that a value of the chosen vertices reaches."""
        found = np.flatnonzero(chosen[self.triangles].any(axis=1)[self.triangle[part]])
        found += part.start or 0
        return found

    def beside(self, chosen: Bool[np.ndarray, " V"]) -> Bool[np.ndarray, " V"]:
        """The chosen vertices (V,) and those that share a triangle with one."""
        near = chosen.copy()
        near[self.triangles[chosen[self.triangles].any(axis=1)]] = True
        return near

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
            values: (M, C) of the `samples`, or of the chosen ones.
            weights: (M,) of the same texels.
            chosen: (M,) other texels, the only ones that count then.
        """
        blend = self._sampler if chosen is None else self.blend(chosen)
        area = self._area if chosen is None else np.asarray(blend.sum(0), np.float32).ravel()
        weighted = np.concatenate([values * weights[:, None], weights[:, None]], axis=1).astype(np.float32)
        sums = np.asarray(blend.T @ weighted)
        mean = sums[:, :-1] / np.maximum(sums[:, -1:], 1e-9)
        return mean, sums[:, -1] / np.maximum(area, 1e-9)

    @cached_property
    def _grids(self) -> dict[int, Int32[np.ndarray, "M M"]]:
        return {}

    def skin_grid(self, step: int) -> Int32[np.ndarray, "M M"]:
        """Every `step`-th texel of each row and column: its index into the N, -1 where it shows no skin."""
        if step not in self._grids:
            skin = np.flatnonzero(self.part == PART_NAMES.index("skin")).astype(np.int32)
            index = np.full(self.size * self.size, -1, np.int32)
            index[self.texels[skin]] = skin
            kept = slice(step // 2, None, step)
            self._grids[step] = np.ascontiguousarray(index.reshape(self.size, self.size)[kept, kept])
        return self._grids[step]

    def mirror(self, chosen: Int[np.ndarray, " M"] | slice = _ALL) -> MirroredPlaces:
        """Where the same places on the other side of the head are, of the chosen M texels."""
        triangle = self.triangle[chosen]
        u, v = np.einsum("mk,mkc->cm", self.weights[chosen], self.mirror_uvs[triangle])
        return MirroredPlaces(u * self.size - 0.5, (1 - v) * self.size - 0.5, self.mirrored[triangle])

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
    gaps = np.flatnonzero(owner.reshape(-1) < 0).astype(np.int32)
    samples, stands_for = _samples(triangle, len(triangles))
    return Atlas(
        size=size,
        texels=texels,
        part=model.face_part[origin[triangle]],
        vertices=len(model.template),
        triangles=np.ascontiguousarray(triangles, np.int32),
        triangle=triangle.astype(np.uint16 if len(triangles) <= _FEW else np.int32),
        weights=weights,
        samples=samples,
        stands_for=stands_for,
        gaps=gaps,
        fillers=_nearest(owner >= 0, texels)[gaps],
        mirror_uvs=mirror_corners.astype(np.float32),
        mirrored=known,
    )


def _samples(
    triangle: Int[np.ndarray, " N"], triangles: int
) -> tuple[Int32[np.ndarray, " S"], Float32[np.ndarray, " S"]]:
    """`Atlas.samples` and `Atlas.stands_for`, by the triangle that each texel shows."""
    times = np.bincount(triangle, minlength=triangles) // (GATHER_STEP * _ENOUGH)
    fewer = 2 ** np.floor(np.log2(np.maximum(times, 1))).astype(np.int32)
    some = np.arange(0, len(triangle), GATHER_STEP, dtype=np.int32)
    own = fewer[triangle[some]]
    kept = some % (GATHER_STEP * own) == 0
    return some[kept], own[kept].astype(np.float32)


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
