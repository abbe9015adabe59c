"""The implicit function of one head: occupancy and semantic codes at points of its cube.

Asked only in the visual hull of the mask and near the fitted 3DMM; everything else is outside.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - torch's own documentation writes F

from ..fitting.fit import Fit
from ..raster import rasterize_view
from ..shapes import Bool, Float, Float32
from .inputs import HeadInputs
from .network import ImplicitNetwork, ImplicitSettings, first_guess
from .prior import CubePrior
from .view import head_proper

_CHUNK: Final = 1 << 16
_HULL: Final = 0.1
"""Distance that points in the visual hull are given at most, so that hair far from the 3DMM is asked about."""
_KNOWN: Final = 0.02
"""Cube units from the 3DMM at which its depth is no longer taken to be the head's."""
_FINER: Final = 4
"""How much finer the feature map is made, bicubically: read bilinearly as it is, its cells show as facets."""
_MARGIN: Final = 2
"""Pixels by which the mask may be too small."""


def network_image(
    photo: Float[torch.Tensor, "B 3 H W"],
    normals: Float[torch.Tensor, "B 3 H W"],
    guidance: Float[torch.Tensor, "B 3 H W"],
    mask: Float[torch.Tensor, "B 1 H W"],
    settings: ImplicitSettings,
) -> Float[torch.Tensor, "B C S S"]:
    """The picture that an implicit network's encoder takes, of its size: in -1..1, 0 outside the mask.

    Args:
        photo: sRGB in 0..1.
        normals: the normal map.
        guidance: the fitted 3DMM's normals, for networks with nine channels.
        mask: 1 on the head.
        settings: of the network.
    """
    layers = [(photo * 2 - 1) * mask, normals * mask]
    if settings.encoder.in_channels == 9:  # the third picture
        layers.append(guidance * mask)
    image, size = torch.cat(layers, dim=1), (settings.size, settings.size)
    if image.shape[-1] == settings.size:
        return image
    return F.interpolate(image, size=size, mode="bilinear", antialias=True, align_corners=False)


def _silhouette(fit: Fit, inputs: HeadInputs, size: int) -> Bool[torch.Tensor, "S S"]:
    """Pixels of the fitted face, scalp and ears: head, whatever the mask says."""
    proper = head_proper(fit.model)
    triangles = fit.model.triangles[proper[fit.model.triangles].all(axis=1)]
    posed = torch.from_numpy(fit.posed.astype(np.float64))
    return rasterize_view(posed, torch.from_numpy(triangles).long(), inputs.view.crop_camera(size)).triangle >= 0


class HeadField:
    """An implicit network with one head's image features.

    Args:
        network: in evaluation mode, on the device to use.
        inputs: the head's square.
        normals: (3, S, S) front normals, 0 outside the mask.
        fit: the fitted head model.
    """

    def __init__(
        self, network: ImplicitNetwork, inputs: HeadInputs, normals: Float[torch.Tensor, "3 S S"], fit: Fit
    ) -> None:
        self._network = network
        self._device = next(network.parameters()).device
        self._prior = CubePrior(fit.model, fit.posed, inputs.view)
        image = network_image(
            inputs.photo[None], normals[None], inputs.guidance[None], inputs.mask[None], network.settings
        )
        with torch.no_grad():
            features = network.encode(image.to(self._device))[-1]
            self._features = F.interpolate(features, scale_factor=_FINER, mode="bicubic", align_corners=True)
        grown = F.max_pool2d(inputs.mask[None], 2 * _MARGIN + 1, 1, _MARGIN)[0, 0].cpu()
        shown = _silhouette(fit, inputs, len(grown))
        self._hull = ((grown > 0) | shown).numpy()

    def prior(self, points: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, " N"]:
        """Signed distance (N,) in cube units to the fitted 3DMM, lessened in the visual hull."""
        distance = self._prior.ask(points)[:, 3]
        inside, deep = self._in_hull(points), np.abs(points[:, 2]) < 0.35  # deep enough for hair
        return np.where(inside & deep, np.minimum(distance, _HULL), distance)

    def occupancy(self, points: Float[np.ndarray, "N 3"]) -> Float32[np.ndarray, " N"]:
        """Occupancy (N,) in 0..1; 0 outside the visual hull."""
        return self._ask(points)[:, 0] * self._in_hull(points)

    def codes(self, points: Float[np.ndarray, "N 3"]) -> Float32[np.ndarray, "N 3"]:
        """Predicted semantic codes (N, 3) in 0..1, faded far from the 3DMM."""
        return self._ask(points)[:, 1:]

    def known(self, points: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, " N"]:
        """How near the fitted 3DMM is, (N,): 1 on it, 1 / e at `_KNOWN` from it."""
        return np.exp(-((self._prior.ask(points)[:, 3].astype(np.float64) / _KNOWN) ** 2))

    def _in_hull(self, points: np.ndarray) -> np.ndarray:
        size = self._hull.shape[0]
        column = np.clip(((points[:, 0] + 0.5) * size).astype(int), 0, size - 1)
        row = np.clip(((0.5 - points[:, 1]) * size).astype(int), 0, size - 1)
        return self._hull[row, column]

    @torch.no_grad()
    def _ask(self, points: np.ndarray) -> Float32[np.ndarray, "N 4"]:
        answers = []
        for start in range(0, len(points), _CHUNK):
            part = points[start : start + _CHUNK].astype(np.float32)
            told = torch.from_numpy(self._prior.ask(part)).to(self._device).T[None]
            asked = torch.from_numpy(part).to(self._device).T[None]
            logits = self._network.logits(self._features, asked, told[:, :3], told[:, 3:4])
            held = told[:, 4] * self._network.settings.distance_input
            logits[:, 0] += held * (first_guess(told[:, 3]) - logits[:, 0])
            answers.append(torch.sigmoid(logits)[0].T.cpu().numpy())
        return np.concatenate(answers) if answers else np.zeros((0, 4), np.float32)
