"""What cameras and files do to a picture: exposure, colour, blur, noise, JPEG, greyscale."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - torch's own documentation writes F

from ...shapes import Float


def to_srgb(linear: Float[torch.Tensor, "*N 3"]) -> Float[torch.Tensor, "*N 3"]:
    """Linear light to sRGB in 0..1 (IEC 61966-2-1)."""
    x = linear.clamp(0, 1)
    return torch.where(x <= 0.0031308, 12.92 * x, 1.055 * x.clamp(min=1e-8) ** (1 / 2.4) - 0.055)


def degrade(photo: Float[torch.Tensor, "3 H W"], generator: torch.Generator) -> Float[torch.Tensor, "3 H W"]:
    """A photo in 0..1 as a camera and a web site would have left it."""

    def rand() -> float:
        return torch.rand((), generator=generator, device=generator.device).item()

    x = photo
    if rand() < 0.5:
        size = photo.shape[-1]
        small = max(48, int(size * (0.3 + 0.7 * rand())))
        x = F.interpolate(x[None], size=(small, small), mode="area")
        x = F.interpolate(x, size=(size, size), mode="bilinear", align_corners=False)[0]
    x = (x.clamp(0, 1) ** (0.75 + 0.5 * rand()) - 0.5) * (0.75 + 0.5 * rand()) + 0.5 + (rand() - 0.5) * 0.2
    grey = x.mean(0, keepdim=True)
    colour = 0.0 if rand() < 0.12 else 0.5 + 0.8 * rand()
    x = grey + (x - grey) * colour
    x = x + torch.randn(x.shape, generator=generator, device=x.device) * 0.03 * rand()
    x = x.clamp(0, 1)
    return _jpeg(x, int(30 + 65 * rand())) if rand() < 0.5 else x


def _jpeg(photo: torch.Tensor, quality: int) -> torch.Tensor:
    array = (photo.permute(1, 2, 0).cpu().numpy() * 255).astype(np.uint8)
    _, coded = cv2.imencode(".jpg", array, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    return torch.as_tensor(decoded, device=photo.device).permute(2, 0, 1).float() / 255
