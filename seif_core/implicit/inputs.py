"""What the networks see of a portrait: the square around the head, its mask, and the fitted 3DMM's normals.

Convention: pictures (C, S, S), row 0 at the top; normals in camera space, x right, y up, z to the viewer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - torch's own documentation writes F

from ..fitting.fit import Fit
from ..geometry.normals import vertex_normals
from ..geometry.rasterizer import interpolate, rasterize_view
from ..portrait.crop import Crop, Pyramid
from ..portrait.portrait import Portrait
from ..shapes import Float
from .view import HeadView, head_proper, mask_outline


@dataclass(frozen=True, eq=False)
class HeadInputs:
    """One head, ready for the networks.

    Attributes:
        view: the square and its cube.
        photo: (3, S, S) float32 sRGB in 0..1, 0 outside the mask.
        mask: (1, S, S) float32, 1 on the head.
        guidance: (3, S, S) float32 unit normals of the fitted 3DMM, 0 where it is not or the mask is not.
    """

    view: HeadView
    photo: Float[torch.Tensor, "3 S S"]
    mask: Float[torch.Tensor, "1 S S"]
    guidance: Float[torch.Tensor, "3 S S"]


def view_of(portrait: Portrait, fit: Fit) -> HeadView:
    """The square around a fitted head and the hair that the mask shows."""
    proper = fit.posed[: len(fit.model.template)][head_proper(fit.model)].astype(np.float64)
    return HeadView.around(proper, fit.camera, mask_outline(portrait.mask))


def head_inputs(portrait: Portrait, fit: Fit, view: HeadView, size: int, device: str = "cpu") -> HeadInputs:
    """Cut the square out of the photo, `size` pixels a side, and render the guidance.

    Args:
        portrait: the photo.
        fit: the fitted head model.
        view: of `view_of`.
        size: pixels a side.
        device: where the tensors go.
    """
    crop = Crop(view.left + view.side / 2, view.top + view.side / 2, view.side)
    pixels = Pyramid(portrait.pixels).sample(crop, size, replicate=True)
    covered = Pyramid(np.repeat(portrait.mask[..., None], 3, axis=2)).sample(crop, size)[..., 0] > 127
    photo = torch.from_numpy(pixels).permute(2, 0, 1).float() / 255
    mask = torch.from_numpy(covered)[None].float()
    vertices, triangles = torch.from_numpy(fit.posed).float(), torch.from_numpy(fit.model.triangles).long()
    seen = rasterize_view(vertices, triangles, view.crop_camera(size))
    guidance = F.normalize(interpolate(seen, triangles, vertex_normals(vertices, triangles)), dim=2).permute(2, 0, 1)
    return HeadInputs(view, (photo * mask).to(device), mask.to(device), (guidance * mask).to(device))
