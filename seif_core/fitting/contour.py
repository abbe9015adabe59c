"""Contour landmarks that slide along the silhouette of a turned head.

A detector puts the points of the face's outline on the visible outline. Where the head turns away, that is no longer
the same point of the skin, so such a landmark is tied, anew in every round, to the nearest point of the silhouette
and held across the outline more than along it.

Source of the idea: Cao et al., Displaced dynamic expression regression, SIGGRAPH 2014, section 3; Zhu et al.,
High-fidelity pose and expression normalization, CVPR 2015, section 3.2 ("landmark marching").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import torch
from scipy.spatial import KDTree

from ..geometry.normals import vertex_normals
from ..headmodel import HeadModel, LandmarkEmbedding
from ..shapes import Bool, Float, Int

REACH: Final = 0.035
"""Metres on the mean head within which a contour landmark may slide."""
GRAZING: Final = 0.25
"""Cosine between normal and view below which a contour landmark leaves its embedded point. Chosen by eye on the sample
portraits, as are the constants below."""
_NEAR: Final = 0.005
"""Metres from the observed landmark that count as much as `_EDGE_ON` in the choice of a silhouette's vertex."""
_EDGE_ON: Final = 0.15
"""Cosine between normal and view that does."""


class Silhouette(NamedTuple):
    """Where the contour landmarks of a batch lie; C contour landmarks.

    Attributes:
        slid: (B, C) whether the landmark left its embedded point.
        vertex: (B, C) vertex of the model it lies on if so.
        across: (B, C, 2) unit vector across the outline in the image (x right, y down).
    """

    slid: Bool[torch.Tensor, "B C"]
    vertex: Int[torch.Tensor, "B C"]
    across: Float[torch.Tensor, "B C 2"]


@dataclass(frozen=True, eq=False)
class ContourFinder:
    """Finds silhouette vertices for contour landmarks.

    Attributes:
        vertex_ids: (N,) vertices of the model it needs to see posed.
        triangles: (T, 3) among those.
        candidates: (C, K) among those: where each landmark may lie; repeated to fill the row.
        own: (C, 3) among those: the landmark's embedding.
        own_weights: (C, 3) of the embedding.
    """

    vertex_ids: np.ndarray
    triangles: Int[torch.Tensor, "T 3"]
    candidates: Int[torch.Tensor, "C K"]
    own: Int[torch.Tensor, "C 3"]
    own_weights: Float[torch.Tensor, "C 3"]

    @staticmethod
    def build(model: HeadModel, embedding: LandmarkEmbedding, contour: tuple[int, ...]) -> ContourFinder:
        """Prepare the search on `model` for the landmarks `contour` of an embedding."""
        ids = np.asarray(contour, int)
        allowed = np.zeros(len(model.template), bool)
        allowed[model.faces[model.face_part == 0][:, :3].ravel()] = True
        for name, inside in (("ears", False), ("mouth_interior", False), ("eyeballs", False), ("lids", False)):
            if name in model.regions:
                allowed &= model.regions[name] == inside
        pool = np.flatnonzero(allowed)
        tree = KDTree(model.template[pool])
        near = tree.query_ball_point(embedding.points(model.template)[ids], REACH)
        count = max(1, max((len(n) for n in near), default=1))
        corners = embedding.vertex_ids[ids]
        rows = [pool[np.sort(n)] if len(n) else corners[k, :1] for k, n in enumerate(near)]
        candidates = np.stack([np.pad(r, (0, count - len(r)), mode="edge") for r in rows])
        used = np.unique(np.concatenate([candidates.ravel(), corners.ravel()]))
        triangles = model.triangles
        ring = triangles[np.isin(triangles, used).any(1)]
        vertex_ids = np.unique(np.concatenate([used, ring.ravel()]))
        local = np.full(len(model.template), -1)
        local[vertex_ids] = np.arange(len(vertex_ids))
        return ContourFinder(
            vertex_ids,
            torch.as_tensor(local[ring]),
            torch.as_tensor(local[candidates]),
            torch.as_tensor(local[corners]),
            torch.as_tensor(embedding.weights[ids].astype(np.float64)),
        )

    def find(
        self,
        posed: Float[torch.Tensor, "B N 3"],
        pixels: Float[torch.Tensor, "B N 2"],
        observed: Float[torch.Tensor, "B C 2"],
        scale: Float[torch.Tensor, " B"],
    ) -> Silhouette:
        """Tie the observed contour landmarks to the posed head.

        Args:
            posed: the finder's vertices in camera space, metres.
            pixels: where they fall.
            observed: the landmarks, pixels.
            scale: pixels per metre at the head.
        """
        found = [self._find(*each) for each in zip(posed, pixels, observed, scale, strict=True)]
        return Silhouette(*(torch.stack(parts) for parts in zip(*found, strict=True)))

    def _find(
        self, posed: torch.Tensor, pixels: torch.Tensor, observed: torch.Tensor, scale: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        normals = vertex_normals(posed, self.triangles.to(posed.device))
        facing = -(normals * torch.nn.functional.normalize(posed, dim=1)).sum(1)
        own = (facing[self.own] * self.own_weights).sum(1)
        near = pixels[self.candidates]
        distance = (near - observed[:, None]).norm(dim=-1) / scale
        away = torch.nn.functional.normalize(normals[:, :2] * normals.new_tensor([1.0, -1.0]), dim=1)
        chosen = ((distance / _NEAR) ** 2 + (facing[self.candidates] / _EDGE_ON) ** 2).argmin(1)
        vertex = self.candidates[torch.arange(len(chosen)), chosen]
        slid = (own < GRAZING) & (facing[vertex].abs() < 2 * GRAZING)
        return slid, torch.as_tensor(self.vertex_ids, device=posed.device)[vertex], away[vertex]
