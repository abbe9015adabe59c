"""What a frame's points say of head pose and key weights, as batched normal equations.

    E(p) = 1/2 |project(R (n + sum w_k d_k) + t) + o - observed|^2_S + 1/2 | w / spread |^2 + sum sparsity w

n and d_k are a person's points and what is seen of what each key adds to them, so the head is linear in its weights:
jaw and gaze are keys here, no joints, and nothing is counted twice. o is what is seen wrong about this person all the
time. An iris is measured against its lids. S is the covariance of the errors (`response`), F F^T + D with few columns
in F, whose inverse is applied by Woodbury's identity.

Convention: camera space as in `geometry.camera`; parameters are axis-angle (3), translation (3, metres), weights (K).
Residuals are metres at the head, in the picture's axes turned upright with the face, y down. Worked number: rotation 0,
translation (0, 0, -1), focal length 1000: a point 0.1 m to the right of the head's root falls 100 px right of the
principal point.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch

from ..headmodel.torch_model import rotation_derivatives, rotation_matrices
from ..shapes import Float

POSE: Final = slice(0, 3)
PLACE: Final = slice(3, 6)
FIRST_WEIGHT: Final = 6
"""Parameter of the first key: head's rotation and place come before."""


@dataclass(frozen=True, eq=False)
class Noise:
    """Covariance of the errors of M points, two coordinates each.

    Attributes:
        factors: (N, Q) with N = 2M, metres.
        own: (N,) square metres.
    """

    factors: Float[torch.Tensor, "N Q"]
    own: Float[torch.Tensor, " N"]

    def products(
        self, slope: Float[torch.Tensor, "B N P"], error: Float[torch.Tensor, "B N"]
    ) -> tuple[Float[torch.Tensor, "B P"], Float[torch.Tensor, "B P P"]]:
        """``J^T S^-1 r`` and ``J^T S^-1 J``."""
        scaled, small = slope / self.own[:, None], self.factors / self.own[:, None]
        inner = torch.eye(self.factors.shape[1], dtype=self.own.dtype) + self.factors.T @ small
        shared = small.T @ slope
        mixed = torch.linalg.solve(inner, shared)
        gradient = (scaled.mT @ error[..., None] - mixed.mT @ (small.T @ error[..., None])).squeeze(-1)
        return gradient, slope.mT @ scaled - shared.mT @ mixed

    def variance(self) -> Float[torch.Tensor, "M 2"]:
        """The errors' variances, square metres."""
        return (self.own + self.factors.square().sum(1)).unflatten(0, (-1, 2))


@dataclass(frozen=True, eq=False)
class FrameEnergy:
    """The energy of B frames, M points, K keys that are searched.

    Attributes:
        neutral: (M, 3) metres, relative to the root joint.
        keys: (K, M, 3) metres at weight 1, as they are seen.
        irises: rows of the irises, each with the rows of its lids.
        focal: pixels.
        centre: (2,) pixels.
        observed: (B, M, 2) pixels.
        offset: (M, 2) metres by which this person's points are seen elsewhere.
        noise: of the errors.
        trust: (B, M) in 0..1, how far each is believed.
        spread: (K,) standard deviations of the weights.
        sparsity: (B, K) costs of a weight of 1.
    """

    neutral: Float[torch.Tensor, "M 3"]
    keys: Float[torch.Tensor, "K M 3"]
    irises: tuple[tuple[int, list[int]], ...]
    focal: float
    centre: Float[torch.Tensor, "2"]
    observed: Float[torch.Tensor, "B M 2"]
    offset: Float[torch.Tensor, "M 2"]
    noise: Noise
    trust: Float[torch.Tensor, "B M"]
    spread: Float[torch.Tensor, " K"]
    sparsity: Float[torch.Tensor, "B K"]

    def residual(self, params: Float[torch.Tensor, "B P"]) -> Float[torch.Tensor, "B M 2"]:
        """What the head shows less what was observed."""
        xyz = self._posed(params)
        flip = xyz.new_tensor([1.0, -1.0])
        pixels = self.centre + self.focal * flip * xyz[..., :2] / -xyz[..., 2:]
        difference = self._measured(pixels - self.observed) / self._scale(params)[:, None, None]
        return torch.einsum("bxy,bmx->bmy", _upright(params), difference) + self.offset

    def linearise(
        self, params: Float[torch.Tensor, "B P"]
    ) -> tuple[Float[torch.Tensor, "B P"], Float[torch.Tensor, "B P P"]]:
        """Gradient and Gauss-Newton matrix at `params`."""
        weights = params[:, FIRST_WEIGHT:]
        slope = (self.trust[..., None, None] * self._slope(params)).flatten(1, 2)
        error = (self.trust[..., None] * self.residual(params)).flatten(1)
        gradient, matrix = self.noise.products(slope, error)
        gradient[:, FIRST_WEIGHT:] += weights / self.spread**2 + self.sparsity
        diagonal = torch.zeros(params.shape[1], dtype=params.dtype)
        diagonal[FIRST_WEIGHT:] = 1 / self.spread**2
        return gradient, matrix + torch.diag(diagonal)

    def _slope(self, params: torch.Tensor) -> Float[torch.Tensor, "B M 2 P"]:
        rotation = rotation_matrices(params[:, POSE])
        rest = self.neutral + torch.tensordot(params[:, FIRST_WEIGHT:], self.keys, dims=1)
        xyz = rest @ rotation.mT + params[:, None, PLACE]
        moved = params.new_zeros((*xyz.shape, params.shape[1]))
        moved[..., POSE] = torch.einsum("bixy,bly->blxi", rotation_derivatives(params[:, POSE]), rest)
        moved[..., PLACE] = torch.eye(3, dtype=moved.dtype)
        moved[..., FIRST_WEIGHT:] = torch.einsum("bxy,kly->blxk", rotation, self.keys)
        away, flip = -xyz[..., 2:], xyz.new_tensor([1.0, -1.0])
        offset = self.focal * flip * xyz[..., :2] / away
        pixels = (self.focal * flip / away)[..., None] * moved[..., :2, :] + (offset / away)[..., None] * moved[
            ..., 2:, :
        ]
        turned = torch.einsum("bxy,bmxp->bmyp", _upright(params), self._measured(pixels))
        return turned / self._scale(params)[:, None, None, None]

    def _posed(self, params: torch.Tensor) -> Float[torch.Tensor, "B M 3"]:
        rest = self.neutral + torch.tensordot(params[:, FIRST_WEIGHT:], self.keys, dims=1)
        return rest @ rotation_matrices(params[:, POSE]).mT + params[:, None, PLACE]

    def _measured(self, values: torch.Tensor) -> torch.Tensor:
        """Of values (B, M, ...) at the points what is measured: an iris less the mean of its lids."""
        out = values.clone()
        for row, lids in self.irises:
            out[:, row] -= values[:, lids].mean(1)
        return out

    def _scale(self, params: torch.Tensor) -> Float[torch.Tensor, " B"]:
        """Pixels per metre at the head."""
        return self.focal / -params[:, PLACE][:, 2]


def _upright(params: torch.Tensor) -> Float[torch.Tensor, "B 2 2"]:
    """From the head's upright frame to the picture's, y down: how the face is rolled."""
    cos, sin = params[:, 2].cos(), params[:, 2].sin()
    return torch.stack([torch.stack([cos, sin], -1), torch.stack([-sin, cos], -1)], -2)
