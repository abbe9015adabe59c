"""The implicit function of one head: occupancy and semantic codes at points of its cube.

Asked only in the visual hull of the mask and near the fitted 3DMM; everything else is outside.

How far a head is from the camera, and how deep its face, one photo tells a network badly: its faces lie up to 2 cm
before or behind the fitted one, each as a whole. The fit knows it from the landmarks' perspective. So the network is
asked about points moved in depth by as much as its face is off the fit's; towards the back of the head, where it leans
on the 3DMM anyway, the move fades.

Convention: the cube of `view`. Worked number: a network whose face lies 0.03 before the fit's is asked about
(0, 0, 0.23) when (0, 0, 0.2) is wanted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - torch's own documentation writes F

from ..fitting.fit import Fit
from ..geometry.normals import vertex_normals
from ..geometry.rasterizer import rasterize_view
from ..headmodel.anatomy import anatomy_of
from ..shapes import Bool, Float, Float32
from .inputs import HeadInputs
from .network import ImplicitNetwork, ImplicitSettings, first_guess
from .prior import CubePrior, held_places
from .silhouette import Rise
from .view import head_proper

_CHUNK: Final = 1 << 16
_DEEPEST: Final = 0.35
"""Sides of the cube before and behind its middle where the hull counts: deep enough for hair. Chosen by eye on the
sample portraits."""
_HULL: Final = 0.1
"""Distance that points in the visual hull are given at most, so that hair far from the 3DMM is asked about."""
_KNOWN: Final = 0.02
"""Cube units from the 3DMM at which its depth is no longer taken to be the head's."""
_FINER: Final = 4
"""How much finer the feature map is made, bicubically: read bilinearly as it is, its cells show as facets."""
_OFFSETS: Final = np.linspace(-0.08, 0.08, 41)
"""Cube units within which the network's face is looked for, before and behind the fit's."""
_FACING: Final = 0.6
"""Least z of the normals of the skin that it is looked for at."""
_FADE: Final = (-0.15, 0.05)
"""z in the cube up to which depths are not moved, and from which wholly."""
_MARGIN: Final = 2
"""Pixels by which the mask may be too small."""


@dataclass(frozen=True)
class FieldSettings:
    """What is laid over the implicit function; `benchmarks/ablation.py` prints what each is worth.

    Attributes:
        depth_shift: whether the network's face is moved to the fit's depth.
        hull: whether everything outside the visual hull of the mask is outside.
        holes: whether holes that the photo does not show are filled (`silhouette`).
        held: whether the fitted 3DMM decides near eyes, nose and mouth (`prior.held_places`).
    """

    depth_shift: bool = True
    hull: bool = True
    holes: bool = True
    held: bool = True


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


def finer(features: Float[torch.Tensor, "B C h w"]) -> Float[torch.Tensor, "B C H W"]:
    """A feature map that is smooth between its cells, `_FINER` times as large."""
    return F.interpolate(features, scale_factor=_FINER, mode="bicubic", align_corners=True)


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
        settings: what is laid over the network's answer.
        prior: the fitted 3DMM in the view's cube, where it is there already.
    """

    def __init__(
        self,
        network: ImplicitNetwork,
        inputs: HeadInputs,
        normals: Float[torch.Tensor, "3 S S"],
        fit: Fit,
        settings: FieldSettings | None = None,
        *,
        prior: CubePrior | None = None,
    ) -> None:
        self._network, self._settings = network, settings or FieldSettings()
        self._device = next(network.parameters()).device
        self._prior = prior or CubePrior(fit.model, fit.posed, inputs.view)
        image = network_image(
            inputs.photo[None], normals[None], inputs.guidance[None], inputs.mask[None], network.settings
        )
        with torch.no_grad():
            self._features = finer(network.encode(image.to(self._device))[-1])
        self._offset = self._face_offset(fit, inputs) if self._settings.depth_shift else 0.0
        grown = F.max_pool2d(inputs.mask[None], 2 * _MARGIN + 1, 1, _MARGIN)[0, 0].cpu()
        shown = _silhouette(fit, inputs, len(grown))
        self._hull = ((grown > 0) | shown).numpy()
        self._rise = None
        if self._settings.holes:
            self._rise = Rise(self._unraised, inputs.mask[0].cpu().numpy() > 0, shown.numpy())

    def prior(self, points: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, " N"]:
        """Signed distance (N,) in cube units to the fitted 3DMM, lessened in the visual hull."""
        distance = self._prior.ask(points)[:, 3]
        inside, deep = self._in_hull(points), np.abs(points[:, 2]) < _DEEPEST
        return np.where(inside & deep, np.minimum(distance, _HULL), distance)

    def occupancy(self, points: Float[np.ndarray, "N 3"]) -> Float32[np.ndarray, " N"]:
        """Occupancy (N,) in 0..1; 0 outside the visual hull."""
        inside = self._ask(points)[:, 0]
        return inside * self._in_hull(points) if self._settings.hull else inside

    def codes(self, points: Float[np.ndarray, "N 3"]) -> Float32[np.ndarray, "N 3"]:
        """Predicted semantic codes (N, 3) in 0..1, faded far from the 3DMM."""
        return self._ask(points)[:, 1:]

    def known(self, points: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, " N"]:
        """How near the fitted 3DMM is, (N,): 1 on it, 1 / e at `_KNOWN` from it."""
        return np.exp(-((self._prior.ask(points)[:, 3].astype(np.float64) / _KNOWN) ** 2))

    def _face_offset(self, fit: Fit, inputs: HeadInputs) -> float:
        """How far before the fitted face, in cube units, the network sees the face; 0 for one without the distance."""
        if not self._network.settings.distance_input:
            return 0.0
        cube = inputs.view.to_cube(fit.posed.astype(np.float64))
        shown = head_proper(fit.model) & fit.model.regions["face"] & (held_places(fit.model) > 0)
        shown &= vertex_normals(cube, anatomy_of(fit.model).outer_skin_triangles)[:, 2] > _FACING
        if not shown.any():
            return 0.0
        points = cube[shown][:, None] + np.array([0.0, 0.0, 1.0]) * _OFFSETS[None, :, None]
        inside = (self._logits(points.reshape(-1, 3))[0, 0] > 0).reshape(-1, len(_OFFSETS))
        found = inside.any(dim=1)
        last = len(_OFFSETS) - 1 - inside.flip(1).float().argmax(dim=1)
        return float(np.median(_OFFSETS[last[found].cpu().numpy()])) if found.any() else 0.0

    def _in_hull(self, points: np.ndarray) -> np.ndarray:
        size = self._hull.shape[0]
        column = np.clip(((points[:, 0] + 0.5) * size).astype(int), 0, size - 1)
        row = np.clip(((0.5 - points[:, 1]) * size).astype(int), 0, size - 1)
        return self._hull[row, column]

    def _ask(self, points: np.ndarray) -> Float32[np.ndarray, "N 4"]:
        answers = []
        for start in range(0, len(points), _CHUNK):
            part = points[start : start + _CHUNK].astype(np.float32)
            logits = self._moved(part)
            if self._rise is not None:
                logits[:, 0] += torch.from_numpy(self._rise.at(part)).to(logits)
            told = torch.from_numpy(self._prior.ask(part)).to(self._device).T[None]
            held = told[:, 4] * (self._network.settings.distance_input and self._settings.held)
            logits[:, 0] += held * (first_guess(told[:, 3]) - logits[:, 0])
            answers.append(torch.sigmoid(logits)[0].T.cpu().numpy())
        return np.concatenate(answers) if answers else np.zeros((0, 4), np.float32)

    def _unraised(self, points: np.ndarray) -> Float[np.ndarray, " N"]:
        """Logits of the occupancy as the network has them, at points behind pixels that the 3DMM does not cover."""
        parts = np.array_split(points, -(-len(points) // _CHUNK))
        return np.concatenate([self._moved(part)[0, 0].cpu().numpy() for part in parts])

    def _moved(self, points: np.ndarray) -> Float[torch.Tensor, "1 4 N"]:
        """The network's logits, its face moved to the fit's depth."""
        low, high = _FADE
        moved = points.astype(np.float32)
        moved[:, 2] += self._offset * np.clip((points[:, 2] - low) / (high - low), 0, 1)
        return self._logits(moved)

    @torch.no_grad()
    def _logits(self, points: Float[np.ndarray, "N 3"]) -> Float[torch.Tensor, "1 4 N"]:
        """What the network itself says at points, before the sigmoid."""
        part = points.astype(np.float32)
        told = torch.from_numpy(self._prior.ask(part)).to(self._device).T[None]
        asked = torch.from_numpy(part).to(self._device).T[None]
        return self._network.logits(self._features, asked, told[:, :3], told[:, 3:4])
