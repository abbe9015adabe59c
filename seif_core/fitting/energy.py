"""The fit's energy: landmarks in the image, their depth, and the priors, as batched normal equations.

    E(p) = 1/2 | W T (project(points(p)) - observed) |^2 + 1/2 | W D (depth(p) - observed depth) |^2
         + 1/2 | V S (project(seen points(p)) - seen) |^2 + 1/2 | A p - t |^2

T weights each landmark by its noise (2x2, so that contour landmarks may slide along the outline); W whitens the noise
that neighbouring landmarks share: a detector moves a whole lid or cheek at once, so many landmarks say little more than
a few about where it lies, yet precisely how far the lids are apart. An outlier has noise of its own added in W. S and V
are the same for points that came with doubts of their own (`sighted`), beside the landmarks or in their place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from ..shapes import Float
from .levenberg import Normal
from .parameters import LOG_SCALE, Layout, PointSet, points, points_and_derivatives, project

_NEAREST: Final = 0.02
"""Metres before the camera that every point keeps: nearer, a step of the fit has gone astray."""


def noise_correlation(
    positions: Float[np.ndarray, "L 3"], correlation: float, reach: float
) -> Float[np.ndarray, "L L"]:
    """Correlation (L, L) of the landmarks' noise.

    Args:
        positions: (L, 3) metres, the landmarks on the mean head.
        correlation: share of the variance that close neighbours have in common, 0 to below 1.
        reach: metres; the common part falls with exp(-d^2 / (2 reach^2)).
    """
    square = ((positions[:, None] - positions[None]) ** 2).sum(-1)
    return correlation * np.exp(-square / (2 * reach**2)) + (1 - correlation) * np.eye(len(positions))


def whitening(noise: Float[torch.Tensor, "*B L L"]) -> Float[torch.Tensor, "*B L L"]:
    """W (*B, L, L) with ``W^T W`` the inverse of the noise's covariance."""
    eye = torch.eye(noise.shape[-1], dtype=noise.dtype, device=noise.device).expand_as(noise)
    return whitened(torch.linalg.cholesky(noise), eye)


def whitened(factor: Float[torch.Tensor, "*B L L"], values: Float[torch.Tensor, "*B L C"]) -> torch.Tensor:
    """Values (*B, L, C) whose noise has the covariance ``factor factor^T``, as those of independent noise 1."""
    return torch.linalg.solve_triangular(factor, values, upper=False)


@dataclass(frozen=True, eq=False)
class Sightings:
    """Points that were seen in the photos with doubts of their own, beside the landmarks.

    Attributes:
        point_set: the points on the model.
        observed: (B, M, 2) where they were seen, pixels.
        weight: (B, M) one over the standard deviation of each coordinate, per pixel.
        factor: (B, M, M) Cholesky factor of their errors' covariance, in units of those deviations.
    """

    point_set: PointSet
    observed: Float[torch.Tensor, "B M 2"]
    weight: Float[torch.Tensor, "B M"]
    factor: Float[torch.Tensor, "B M M"]

    def offset(self, pixels: Float[torch.Tensor, "B M 2"]) -> Float[torch.Tensor, "B M 2"]:
        """How far pixels are from where the points were seen, in standard deviations."""
        return self.weight[..., None] * (pixels - self.observed)


@dataclass(frozen=True, eq=False)
class Energy:
    """The energy of one round for a batch of portraits.

    Attributes:
        layout: of the parameter vector.
        point_set: the landmarks on the model.
        centre: (B, 2) principal points, pixels.
        observed: (B, L, 2) landmarks, pixels.
        transform: (B, L, 2, 2) per pixel.
        depth: (B, L) detector's depth in pixels, positive away from the viewer, or None.
        depth_weight: (B, L) per pixel.
        scale: (B,) pixels per metre by which the model's depth is compared.
        factor: (B, L, L) Cholesky factor of the noise's covariance.
        prior_matrix: (B, K, P).
        prior_target: (B, K).
        sightings: points that were seen with doubts of their own, or None.
    """

    layout: Layout
    point_set: PointSet
    centre: Float[torch.Tensor, "B 2"]
    observed: Float[torch.Tensor, "B L 2"]
    transform: Float[torch.Tensor, "B L 2 2"]
    depth: Float[torch.Tensor, "B L"] | None
    depth_weight: Float[torch.Tensor, "B L"]
    scale: Float[torch.Tensor, " B"]
    factor: Float[torch.Tensor, "B L L"]
    prior_matrix: Float[torch.Tensor, "B K P"]
    prior_target: Float[torch.Tensor, "B K"]
    sightings: Sightings | None = None

    def cost(self, params: Float[torch.Tensor, "B P"]) -> Float[torch.Tensor, " B"]:
        """(B,) energies; infinite where a point lies behind the camera."""
        xyz = points(params, self.layout, self.point_set)
        pixels, _ = project(params, self.centre, xyz)
        image = whitened(self.factor, (self.transform @ (pixels - self.observed)[..., None]).squeeze(-1))
        total = (image**2).sum((1, 2)) + (self._prior(params) ** 2).sum(1)
        if self.depth is not None:
            total = total + (whitened(self.factor, self._depth(xyz)[..., None]) ** 2).sum((1, 2))
        before = (xyz[..., 2] < -_NEAREST).all(1)
        if self.sightings is not None:
            xyz = points(params, self.layout, self.sightings.point_set)
            pixels, _ = project(params, self.centre, xyz)
            off = whitened(self.sightings.factor, self.sightings.offset(pixels))
            total = total + (off**2).sum((1, 2))
            before &= (xyz[..., 2] < -_NEAREST).all(1)
        return torch.where(before, 0.5 * total, torch.full_like(total, torch.inf))

    def linearise(self, params: Float[torch.Tensor, "B P"]) -> Normal:
        """Normal equations at `params`."""
        blocks = [self._marked(params)]
        if self.sightings is not None:
            blocks.append(self._sighted(params, self.sightings))
        rows, flat = torch.cat([row for row, _ in blocks], 1), torch.cat([off for _, off in blocks], 1)
        prior = self._prior(params)
        return Normal(
            0.5 * (flat**2).sum(1) + 0.5 * (prior**2).sum(1),
            (rows.mT @ flat[..., None]).squeeze(-1) + (self.prior_matrix.mT @ prior[..., None]).squeeze(-1),
            rows.mT @ rows + self.prior_matrix.mT @ self.prior_matrix,
        )

    def _marked(self, params: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Rows (B, L C, P) of the Jacobian and residuals (B, L C) of the landmarks and their depth."""
        xyz, jac3 = points_and_derivatives(params, self.layout, self.point_set)
        pixels, jac2 = project(params, self.centre, xyz, jac3)
        assert jac2 is not None  # noqa: S101 - derivatives were given; narrows the type
        residuals = [(self.transform @ (pixels - self.observed)[..., None]).squeeze(-1)]
        jacobians = [self.transform @ jac2]
        if self.depth is not None:
            residuals.append(self._depth(xyz)[..., None])
            slope = -self.scale[:, None, None] * jac3[:, :, 2]
            jacobians.append((self.depth_weight[..., None] * (slope - slope.mean(1, keepdim=True)))[:, :, None])
        residual = whitened(self.factor, torch.cat(residuals, 2))  # B L C
        jacobian = torch.cat(jacobians, 2)
        jacobian = whitened(self.factor, jacobian.flatten(2)).unflatten(2, jacobian.shape[2:])  # B L C P
        return jacobian.flatten(1, 2), residual.flatten(1)

    def _sighted(self, params: torch.Tensor, seen: Sightings) -> tuple[torch.Tensor, torch.Tensor]:
        """Rows (B, 2M, P) of the Jacobian and residuals (B, 2M) of the sightings."""
        xyz, jac3 = points_and_derivatives(params, self.layout, seen.point_set)
        pixels, jac2 = project(params, self.centre, xyz, jac3)
        assert jac2 is not None  # noqa: S101 - derivatives were given; narrows the type
        off = whitened(seen.factor, seen.offset(pixels))
        jac = whitened(seen.factor, (seen.weight[..., None, None] * jac2).flatten(2))
        return jac.unflatten(2, jac2.shape[2:]).flatten(1, 2), off.flatten(1)

    def _prior(self, params: torch.Tensor) -> torch.Tensor:
        return (self.prior_matrix @ params[..., None]).squeeze(-1) - self.prior_target

    def _depth(self, xyz: torch.Tensor) -> torch.Tensor:
        assert self.depth is not None  # noqa: S101 - callers check; narrows the type
        away = -self.scale[:, None] * xyz[..., 2]
        return self.depth_weight * (away - away.mean(1, keepdim=True) - self.depth + self.depth.mean(1, keepdim=True))


def scale_of(params: Float[torch.Tensor, "B P"]) -> Float[torch.Tensor, " B"]:
    """Pixels per metre at the head (B,)."""
    return params[:, LOG_SCALE].exp()
