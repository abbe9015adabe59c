"""What a frame's landmarks say of head pose and key weights, as batched normal equations.

    E(p) = 1/2 | W (project(R (n + sum w_k d_k) + t) - observed) |^2 + depth + 1/2 | w / spread |^2 + sparsity sum w

n and d_k are a person's landmarks and what each key adds to them, so the head is linear in its weights: jaw and gaze
are keys here, no joints, and nothing is counted twice. An iris is measured against its lids, on both sides. W whitens
the noise that neighbouring landmarks share, as the portrait's fit does (`fitting.energy`).

Convention: camera space as in `geometry.camera`; parameters are axis-angle (3), translation (3, metres), weights (K).
Worked number: rotation 0, translation (0, 0, -1), focal length 1000: a landmark 0.1 m to the right of the head's root
falls 100 px right of the principal point.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from ..fitting.energy import noise_correlation, whitening
from ..headmodel.landmark_schemes import MEDIAPIPE
from ..headmodel.torch_model import rotation_derivatives, rotation_matrices
from ..portrait.mesh_topology import LIPS, MIRROR
from ..shapes import Float
from .settings import CaptureSettings

POSE: Final = slice(0, 3)
PLACE: Final = slice(3, 6)
FIRST_WEIGHT: Final = 6
"""Parameter of the first key: head's rotation and place come before."""

_CORRELATION: Final = 0.6
_REACH: Final = 0.01
"""Share of a landmark's error that it has in common with its neighbours, and metres over which that is lost: less than
in `fitting.settings`, for most of the common error has gone with the neutral's calibration. Chosen on drawn videos."""
_RIGHT_BROW: Final = (46, 53, 52, 65, 55, 70, 63, 105, 66, 107)
_NOSE: Final = (1, 2, 4, 5, 19, 94, 97, 98, 326, 327, 48, 278, 64, 294, 6, 168, 195, 197)
_CHIN: Final = (152, 148, 176, 377, 400, 175, 199, 200, 18)
"""Points of the face mesh on the right brow, the nose and the chin (MediaPipe's canonical face model)."""
SHARP: Final = tuple(
    sorted(
        {
            *LIPS,
            *MEDIAPIPE.lids[0],
            *MEDIAPIPE.lids[1],
            *_RIGHT_BROW,
            *MIRROR[list(_RIGHT_BROW)].tolist(),
            *_NOSE,
            *_CHIN,
        }
    )
)
"""Points where a face has edges or corners. What lies between, on cheeks and forehead, the network places by habit: a
smile's cheeks stay where they were, and believed like the others they would make every smile a third of itself."""
_THINNED: Final = 4
"""One in so many of the other points is used; they tell the head's pose."""


def observation_matrix() -> Float[np.ndarray, "L L"]:
    """(L, L) what is measured of the landmarks: each itself, an iris less the mean of its lids."""
    matrix = np.eye(MEDIAPIPE.count)
    half = len(MEDIAPIPE.iris_points) // 2
    for rows, lids in zip((MEDIAPIPE.iris_points[:half], MEDIAPIPE.iris_points[half:]), MEDIAPIPE.lids, strict=True):
        for row in rows:
            matrix[row, list(lids)] = -1 / len(lids)
    return matrix


def landmark_sigma(settings: CaptureSettings, sigma: Float[np.ndarray, " L"]) -> Float[np.ndarray, " L"]:
    """Standard deviation (L,) of each measured landmark in metres, infinite for those that the model lacks.

    Args:
        settings: the noise.
        sigma: the embedding's own, 0 for landmarks that must not be used.
    """
    out = np.full(MEDIAPIPE.count, np.inf)
    out[::_THINNED] = settings.soft_noise
    out[list(SHARP)] = settings.landmark_noise
    out[list(MEDIAPIPE.iris_points)] = np.inf
    out[list(MEDIAPIPE.irises)] = settings.iris_noise
    out[(sigma <= 0) & (np.arange(len(out)) < MEDIAPIPE.iris_points[0])] = np.inf
    return out


@dataclass(frozen=True, eq=False)
class FrameEnergy:
    """The energy of B frames, L landmarks that are used, K keys that are searched.

    Attributes:
        neutral: (L, 3) metres, relative to the root joint.
        keys: (K, L, 3) metres at weight 1.
        measured: (M, L) what is measured of the landmarks.
        focal: pixels.
        centre: (2,) pixels.
        observed: (B, M, 2) pixels, measured.
        depth: (B, L) pixels, positive away from the viewer.
        white: (M, M) whitening, per metre of error.
        trust: (B, M) in 0..1, how far each is believed.
        depth_weight: (L,) per metre of error.
        scale: (B,) pixels per metre at the head.
        spread: (K,) standard deviations of the weights.
        sparsity: cost of a weight of 1.
    """

    neutral: Float[torch.Tensor, "L 3"]
    keys: Float[torch.Tensor, "K L 3"]
    measured: Float[torch.Tensor, "M L"]
    focal: float
    centre: Float[torch.Tensor, "2"]
    observed: Float[torch.Tensor, "B M 2"]
    depth: Float[torch.Tensor, "B L"]
    white: Float[torch.Tensor, "M M"]
    trust: Float[torch.Tensor, "B M"]
    depth_weight: Float[torch.Tensor, " L"]
    scale: Float[torch.Tensor, " B"]
    spread: Float[torch.Tensor, " K"]
    sparsity: float

    def posed(self, params: Float[torch.Tensor, "B P"]) -> Float[torch.Tensor, "B L 3"]:
        """The landmarks in camera space, metres."""
        rest = self.neutral + torch.tensordot(params[:, FIRST_WEIGHT:], self.keys, dims=1)
        return rest @ rotation_matrices(params[:, POSE]).mT + params[:, None, PLACE]

    def pixels(self, params: Float[torch.Tensor, "B P"]) -> Float[torch.Tensor, "B L 2"]:
        """Where the landmarks fall."""
        return self._project(self.posed(params))

    def residual(self, params: Float[torch.Tensor, "B P"]) -> Float[torch.Tensor, "B M 2"]:
        """What is measured on the head less what was observed, in metres at the head."""
        return (self.measured @ self.pixels(params) - self.observed) / self.scale[:, None, None]

    def linearise(
        self, params: Float[torch.Tensor, "B P"]
    ) -> tuple[Float[torch.Tensor, "B P"], Float[torch.Tensor, "B P P"]]:
        """Gradient and Gauss-Newton matrix at `params`."""
        weights = params[:, FIRST_WEIGHT:]
        rotation = rotation_matrices(params[:, POSE])
        rest = self.neutral + torch.tensordot(weights, self.keys, dims=1)
        xyz = rest @ rotation.mT + params[:, None, PLACE]
        jac = params.new_zeros((*xyz.shape, params.shape[1]))
        jac[..., POSE] = torch.einsum("bixy,bly->blxi", rotation_derivatives(params[:, POSE]), rest)
        jac[..., PLACE] = torch.eye(3, dtype=jac.dtype)
        jac[..., FIRST_WEIGHT:] = torch.einsum("bxy,kly->blxk", rotation, self.keys)
        away = -xyz[..., 2:]
        offset = self._project(xyz) - self.centre
        flip = xyz.new_tensor([1.0, -1.0])
        slope = (self.focal * flip / away)[..., None] * jac[..., :2, :] + (offset / away)[..., None] * jac[..., 2:, :]
        slope = (self.measured @ slope.flatten(2)).unflatten(2, slope.shape[2:]) / self.scale[:, None, None, None]
        rows = (self.white @ (self.trust[..., None] * slope.flatten(2))).unflatten(2, slope.shape[2:]).flatten(1, 2)
        flat = (self.white @ (self.trust[..., None] * self.residual(params))).flatten(1)
        steep = -jac[:, :, 2]
        depth_rows = self.depth_weight[:, None] * (steep - steep.mean(1, keepdim=True))
        gradient = (rows.mT @ flat[..., None] + depth_rows.mT @ self._depth(xyz)[..., None]).squeeze(-1)
        gradient[:, FIRST_WEIGHT:] += weights / self.spread**2 + self.sparsity
        matrix = rows.mT @ rows + depth_rows.mT @ depth_rows
        diagonal = torch.zeros(params.shape[1], dtype=params.dtype)
        diagonal[FIRST_WEIGHT:] = 1 / self.spread**2
        return gradient, matrix + torch.diag(diagonal)

    def _project(self, xyz: torch.Tensor) -> torch.Tensor:
        return self.centre + self.focal * xyz.new_tensor([1.0, -1.0]) * xyz[..., :2] / -xyz[..., 2:]

    def _depth(self, xyz: torch.Tensor) -> torch.Tensor:
        seen = self.depth / self.scale[:, None]
        away = -xyz[..., 2]
        return self.depth_weight * (away - away.mean(1, keepdim=True) - seen + seen.mean(1, keepdim=True))


def shared_noise(points: Float[np.ndarray, "L 3"]) -> Float[np.ndarray, "L L"]:
    """(L, L) correlation of the landmarks' noise on a head."""
    return noise_correlation(points, _CORRELATION, _REACH)


def whitened(correlation: Float[np.ndarray, "M M"], sigma: Float[np.ndarray, " M"]) -> Float[torch.Tensor, "M M"]:
    """(M, M) whitening of noise with this correlation and these standard deviations in metres."""
    return whitening(torch.as_tensor(correlation)) / torch.as_tensor(sigma)
