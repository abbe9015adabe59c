"""What the photo's pixels show by their colours: this person's skin, hair, or something else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..fitting import Fit
from ..headmodel.skinning import rotation_matrices
from ..shapes import Float32
from .colour import decode
from .complexion import foreign_colour, hair_colour, skin_likeness
from .lighting import estimate_light, shading
from .numeric import smoothstep
from .photograph import Photograph
from .zones import Zones

GAMMA: Final = 1 / 2.2
"""Linear light to about sRGB."""


@dataclass(frozen=True, eq=False)
class PhotoColours:
    """The colours of a head's piece of the photo (h, w), and what they tell.

    Attributes:
        light: (V, 3) float32 the light at each vertex, linear, 1 on average.
        likeness: (h, w) float32 in 0..1, how much each pixel looks like this person's skin.
        foreign: (h, w) float32 in 0..1, how far its hue is none of a face.
        skin: (3,) float32 sRGB, the median of cheeks and nose.
        hair: (3,) float32 sRGB of what covers the scalp, None for a bald head.
    """

    light: Float32[np.ndarray, "V 3"]
    likeness: Float32[np.ndarray, "h w"]
    foreign: Float32[np.ndarray, "h w"]
    skin: Float32[np.ndarray, "3"]
    hair: Float32[np.ndarray, "3"] | None


def photo_colours(photo: Photograph, fit: Fit, zones: Zones, evening: float) -> PhotoColours:
    """Judge the pixels of a photo.

    Args:
        photo: the head's piece of the picture.
        fit: gives the posed mesh.
        zones: the model's zones.
        evening: how much of the estimated light is divided out.
    """
    light = _estimate(photo, fit, zones, evening)
    likeness, foreign, skin = _likeness(photo, fit, zones, light)
    return PhotoColours(light, likeness, foreign, skin, _hair(photo, fit, likeness))


def _estimate(photo: Photograph, fit: Fit, zones: Zones, strength: float) -> Float32[np.ndarray, "V 3"]:
    """The light at each vertex, linear, 1 on average."""
    triangles = fit.model.triangles
    values = np.concatenate([photo.normals, photo.facing[:, None], zones.light[:, None]], 1)
    painted = photo.paint(triangles, values)
    trust = painted[..., 4] * smoothstep(painted[..., 3], 0.15, 0.4) * photo.inside
    use = photo.covered & (trust > 0.3)
    if use.sum() < 100 or strength == 0:
        return np.ones((len(fit.posed), 3), np.float32)
    normals = painted[use][:, :3]
    normals = normals / np.linalg.norm(normals, axis=1, keepdims=True).clip(min=1e-6)
    light = estimate_light(decode(photo.small[use]), normals, trust[use])
    return (shading(light, photo.normals) ** strength).astype(np.float32)


def _likeness(
    photo: Photograph, fit: Fit, zones: Zones, light: Float32[np.ndarray, "V 3"]
) -> tuple[Float32[np.ndarray, "h w"], Float32[np.ndarray, "h w"], Float32[np.ndarray, "3"]]:
    """How much each pixel looks like skin, how far its hue is none of a face, and the skin's own colour (sRGB)."""
    triangles = fit.model.triangles
    columns = [light, photo.facing[:, None], zones.reliable[:, None], zones.light[:, None]]
    painted = photo.paint(triangles, np.concatenate(columns, 1))
    covered = photo.covered
    albedo = decode(photo.small) / np.where(covered[..., None], painted[..., :3], 1).clip(min=0.2)
    seen = covered & (painted[..., 3] > 0.35) & (photo.inside > 0.5)
    unit = photo.small_camera.focal * 0.15 / float(-fit.posed[:, 2].mean())
    likeness = skin_likeness(albedo.astype(np.float32), seen & (painted[..., 4] > 0.9), unit)
    skin = seen & (painted[..., 5] > 0.9) & (likeness > 0.5)
    colour = np.median(albedo[skin], axis=0) if skin.sum() > 30 else np.array([0.55, 0.33, 0.25])
    colour = np.clip(colour, 0, 1).astype(np.float32)
    foreign = foreign_colour(albedo.astype(np.float32), colour, unit)
    return likeness, foreign, (colour**GAMMA).astype(np.float32)


def _hair(photo: Photograph, fit: Fit, likeness: Float32[np.ndarray, "h w"]) -> Float32[np.ndarray, "3"] | None:
    eyes = fit.model.joint_regressor[3:5] @ fit.posed
    up = rotation_matrices(fit.pose.astype(np.float64))[0] @ np.array([0.0, 0.05, 0.0])
    between, above = photo.small_camera.project(np.stack([eyes.mean(0), eyes.mean(0) + up]))
    upward = (above - between) / max(float(np.linalg.norm(above - between)), 1e-6)
    unit = photo.small_camera.focal * float(np.linalg.norm(eyes[0] - eyes[1]) / -eyes[:, 2].mean())
    return hair_colour(photo.small, photo.inside, likeness, between=between, up=upward, unit=max(unit, 1.0))
