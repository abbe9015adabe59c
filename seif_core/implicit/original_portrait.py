"""A fitted portrait through the published networks of SeIF, once the user has imported their weights.

The square, its cube and the normal map are those of the embedded networks (`head_surface`), scaled to the 512 pixels
that the published ones were trained on; the result is the same typed surface, so that nothing after it need know.

Convention: as in `head_surface`. Worked number: a normal map of 256 pixels a side whose pixel (10, 20) faces the viewer
gives 512 pixels of which those about (20..21, 40..41) do.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - torch's own documentation writes F

from ..fitting.fit import Fit
from ..portrait.portrait import Portrait
from ..progress import Progress
from ..shapes import Float
from .head_surface import HeadSurface, HeadSurfaceSettings, NormalEstimator, estimate_normals
from .inputs import head_inputs, view_of
from .original import SIDE, original_surface
from .prior import CubePrior


def reconstruct_original_surface(
    portrait: Portrait,
    fit: Fit,
    settings: HeadSurfaceSettings | None = None,
    *,
    device: str = "cpu",
    normals: NormalEstimator | None = None,
    progress: Progress | None = None,
) -> HeadSurface:
    """Make the surface of a fitted head with the published networks.

    Args:
        portrait: the photo.
        fit: the fitted head model.
        settings: size of the normal map, resolution of the surface; the published method refines nothing.
        device: where the networks run.
        normals: estimates the front normals; the embedded network when None.
        progress: told the fraction done; may cancel.

    Raises:
        ModelError: the weights are not imported (the sentence names ``seif weights import``), or are damaged.
        SettingsError: the implicit function has no surface near the fitted head.
        CancelledError: the user cancelled.
    """
    s, progress = settings or HeadSurfaceSettings(), progress or Progress()
    view = view_of(portrait, fit)
    inputs = head_inputs(portrait, fit, view, s.size, device)
    front = normals(inputs) if normals is not None else estimate_normals(inputs, device)
    progress.step(0.1)
    large = head_inputs(portrait, fit, view, SIDE)
    mask = large.mask.numpy()
    prior = CubePrior(fit.model, fit.posed, view)
    surface, codes = original_surface(
        (large.photo.numpy() * 2 - 1) * mask,
        enlarged(front).cpu().numpy() * mask,
        lambda points: prior.ask(points)[:, 3],
        device=device,
        resolution=s.surface.resolution,
        progress=progress,
    )
    placed = view.to_camera(surface.vertices.astype(np.float64))
    normal_map = front.permute(1, 2, 0).float().cpu().numpy()
    return HeadSurface(placed, surface.triangles, codes, normal_map, view, surface.queries)


def enlarged(normals: Float[torch.Tensor, "3 S S"], side: int = SIDE) -> Float[torch.Tensor, "3 N N"]:
    """A normal map at another size: unit length where it says something, 0 elsewhere."""
    larger = F.interpolate(normals[None].float(), size=(side, side), mode="bilinear", align_corners=False)[0]
    length = larger.norm(dim=0, keepdim=True)
    return larger / length.clamp(min=1e-6) * (length > 0.5)
