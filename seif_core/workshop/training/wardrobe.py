"""Clothes at the neck and glasses: what portraits show besides the head.

Convention: clothes are a shell of the skin below a collar, in model space (metres, Y up, face +Z); glasses are lines
drawn into the finished picture, for they are no part of the head. Worked number: a collar with `height` -0.1 and
`dip` 0.03 lies at y = -0.13 below the chin and at y = -0.07 at the nape.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch

from ...geometry.normals import vertex_normals
from ...shapes import Float, Int
from .noise import NoiseField
from .randomness import Randomness


@dataclass(frozen=True)
class Garment:
    """A garment's upper edge and cloth; lengths in metres.

    Attributes:
        height: y of the collar at the neck's sides.
        dip: how much lower it lies in front, and higher behind.
        gap: distance from the skin.
        fold: amplitude of folds.
        edge: height over which the collar rises from the skin.
    """

    height: float
    dip: float
    gap: float
    fold: float
    edge: float


def random_garment(draw: Randomness) -> Garment:
    """From turtlenecks to wide necklines, shirts to hoods."""
    return Garment(
        height=draw.uniform(-0.15, -0.1),
        dip=draw.uniform(0.0, 0.05),
        gap=draw.uniform(0.002, 0.006) if draw.chance(0.6) else draw.uniform(0.006, 0.02),
        fold=draw.uniform(0.0005, 0.004),
        edge=draw.uniform(0.002, 0.012),
    )


def dress(
    rest: Float[torch.Tensor, "V 3"],
    home: Float[torch.Tensor, "V 3"],
    triangles: Int[torch.Tensor, "T 3"],
    garment: Garment,
    draw: Randomness,
) -> tuple[Float[torch.Tensor, "W 3"], Int[torch.Tensor, "U 3"], Float[torch.Tensor, "W 3"]]:
    """Vertices (W, 3), triangles and home places of the garment.

    Args:
        rest: the skin, metres.
        home: the skin's template.
        triangles: of the skin (other parts must be left out by the caller).
        garment: what to make.
        draw: randomness of the folds.
    """
    # the neck leans: nape and throat of one level differ in height
    forward = (home[:, 2:3] + 0.05) / 0.08
    line = garment.height - garment.dip * forward.clamp(-1, 1)
    low = (home[triangles][..., 1] < (line + 0.04)[triangles][..., 0]).all(1)
    kept = triangles[low]
    used, inverse = torch.unique(kept, return_inverse=True)
    below = ((line[used] - home[used, 1:2]) / garment.edge).clamp(-1, 1)
    folds = NoiseField(0.05, 3, draw.generator)(home[used] * home.new_tensor([1.0, 0.5, 1.0]))[:, None]
    out = torch.where(below > 0, (garment.gap + garment.fold * folds).clamp(min=0.001), home.new_tensor(0.004)) * below
    normals = vertex_normals(rest, triangles)[used]
    return rest[used] + normals * out, inverse, home[used]


def draw_glasses(
    photo: Float[torch.Tensor, "3 H W"],
    eyes: Float[np.ndarray, "2 F 2"],
    temples: Float[np.ndarray, "T 2 2"],
    draw: Randomness,
) -> Float[torch.Tensor, "3 H W"]:
    """Draw a frame, and tinted lenses for some, into a picture in 0..1.

    Args:
        photo: the picture.
        eyes: closed outline of each lens, pixels.
        temples: for each side that shows, hinge and ear, pixels.
        draw: randomness.
    """
    picture = np.ascontiguousarray(photo.permute(1, 2, 0).cpu().numpy())
    colour = tuple(
        float(c)
        for c in np.clip(draw.uniform(0, 0.5) * np.array([1, draw.uniform(0.6, 1), draw.uniform(0.4, 1)]), 0, 1)
    )
    thick = 1 + draw.index(max(1, picture.shape[0] // 80))
    shapes = [np.rint(e * 8).astype(np.int32) for e in eyes]
    if draw.chance(0.35):
        tinted = picture.copy()
        cv2.fillPoly(tinted, shapes, colour, cv2.LINE_AA, 3)
        share = draw.uniform(0.2, 0.9)
        picture = tinted * share + picture * (1 - share)
    cv2.polylines(picture, shapes, True, colour, thick, cv2.LINE_AA, 3)  # noqa: FBT003 - OpenCV's signature
    bridge = np.stack([eyes[0][eyes[0][:, 0].argmax()], eyes[1][eyes[1][:, 0].argmin()]])
    for line in (bridge, *temples):
        cv2.polylines(picture, [np.rint(line * 8).astype(np.int32)], False, colour, thick, cv2.LINE_AA, 3)  # noqa: FBT003
    return torch.as_tensor(picture.clip(0, 1), device=photo.device).permute(2, 0, 1).float()


def lens_outline(centre: Float[np.ndarray, "3"], draw: Randomness, count: int = 24) -> Float[np.ndarray, "F 3"]:
    """Outline (F, 3) of one lens about a centre in model space: between a circle and a rounded box."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    power = draw.uniform(0.5, 1.0)
    c, s = np.cos(angle), np.sin(angle)
    x = np.sign(c) * np.abs(c) ** power * draw.uniform(0.021, 0.028)
    y = np.sign(s) * np.abs(s) ** power * draw.uniform(0.014, 0.024)
    return centre + np.stack([x, y, -8.0 * x * x], axis=1)
