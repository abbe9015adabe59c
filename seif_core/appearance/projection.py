"""The photo seen from the texture: each texel's colour under an even light, and how far it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from ..fitting import Fit
from ..portrait import Portrait
from ..shapes import Float32, UInt8
from .alignment import landmark_displacement
from .atlas import Atlas
from .complexion import openings
from .membrane import MeshMembrane
from .numeric import sample, smoothstep
from .photo_colours import GAMMA, PhotoColours, photo_colours
from .photograph import Photograph
from .settings import TextureSettings
from .zones import Zones, scalp_share

_DEPTH_TOLERANCE: Final = 0.006  # metres, how far a texel may lie behind the nearest surface around it
_BELOW_TRUST: Final = 0.2  # neck and shoulders: mostly clothes, hair and shadow


@dataclass(frozen=True, eq=False)
class Projected:
    """What the photo says of the atlas' texels; N texels, of which those off the skin have no trust.

    Attributes:
        colour: (N, 3) float32 sRGB, the photo with its light evened.
        trust: (N,) float32 in 0..1, how well the photo shows the surface there.
        likeness: (N,) float32 in 0..1, how much the photo there looks like this person's skin; 1 from brows to lips.
        scalp: (N,) float32 in 0..1, above the hairline.
        detail: (N,) float32 in 0..1, where the photo's fine structure is wanted at all.
        skin_colour: (3,) float32 sRGB, the median of cheeks and nose.
        hair_colour: (3,) float32 sRGB of what covers the scalp, None for a bald head.
    """

    colour: Float32[np.ndarray, "N 3"]
    trust: Float32[np.ndarray, " N"]
    likeness: Float32[np.ndarray, " N"]
    scalp: Float32[np.ndarray, " N"]
    detail: Float32[np.ndarray, " N"]
    skin_colour: Float32[np.ndarray, "3"]
    hair_colour: Float32[np.ndarray, "3"] | None


def project_photo(
    portrait: Portrait,
    fit: Fit,
    photo: Photograph,
    *,
    atlas: Atlas,
    zones: Zones,
    membrane: MeshMembrane,
    settings: TextureSettings,
) -> Projected:
    """Look up the texels in the photo.

    Args:
        portrait: gives the landmarks.
        fit: gives the posed mesh.
        photo: the head's piece of the picture.
        atlas: the model's texels.
        zones: the model's zones.
        membrane: of the model's mesh.
        settings: how much light is divided out, whether landmarks bend the photo.
    """
    seen = photo_colours(photo, fit, zones, settings.evening)
    shift = np.zeros((len(fit.posed), 2), np.float32)
    zoom = photo.camera.focal / fit.camera.focal  # of the piece against the photo
    if settings.align:
        shift = landmark_displacement(portrait, fit, membrane, photo.facing, zones.inner) * zoom
    place = photo.camera.project(fit.posed.astype(np.float64)) + shift
    columns = [place, -fit.posed[:, 2:], photo.facing[:, None], zones.features[:, None], zones.hair[:, None]]
    columns += [zones.core[:, None]]
    columns += [zones.below[:, None], zones.skin[:, None].astype(np.float64), seen.light**-GAMMA]
    values = np.concatenate(columns, axis=1)
    origin = np.array([photo.camera.cx - fit.camera.cx * zoom, photo.camera.cy - fit.camera.cy * zoom])
    hole = openings(portrait, zoom, origin, (photo.camera.height, photo.camera.width))
    count = len(atlas.texels)
    found = _Looked(np.empty((count, 3), np.float32), *(np.empty(count, np.float32) for _ in range(4)))
    for part in atlas.parts:
        for whole, piece in zip(found, _look_up(photo, seen, hole, atlas.spread(values, part)), strict=True):
            whole[part] = piece
    return Projected(**found._asdict(), skin_colour=seen.skin, hair_colour=seen.hair)


class _Looked(NamedTuple):
    """The fields of `Projected` that each of N texels has."""

    colour: Float32[np.ndarray, "N 3"]
    trust: Float32[np.ndarray, " N"]
    likeness: Float32[np.ndarray, " N"]
    scalp: Float32[np.ndarray, " N"]
    detail: Float32[np.ndarray, " N"]


def _look_up(
    photo: Photograph, seen: PhotoColours, hole: UInt8[np.ndarray, "H W"], spread: Float32[np.ndarray, "N C"]
) -> _Looked:
    """What the photo says of some texels, whose values are in the order of `project_photo`."""
    x, y, depth, facing, features, hair, core, below, outer, *evening = np.ascontiguousarray(spread.T)
    colour = sample(photo.pixels, x - 0.5, y - 0.5, cubic=True).astype(np.float32) / 255
    colour *= np.stack(evening, 1)
    scalp = scalp_share(hair)
    lenient = 0.15 * scalp  # hair forgives a slanting view, skin shows streaks
    trust = (
        smoothstep(facing + lenient, 0.28, 0.70) * outer * (1 - sample(hole, x - 0.5, y - 0.5).astype(np.float32) / 255)
    )
    scale = photo.small_camera.focal / photo.camera.focal
    u, v = (x * scale - 0.5).astype(np.float32), (y * scale - 0.5).astype(np.float32)
    trust *= sample(photo.inside, u, v)
    near = sample(np.where(np.isfinite(photo.nearest), photo.nearest, 1e3).astype(np.float32), u, v)
    trust *= 1 - smoothstep(depth - near, _DEPTH_TOLERANCE, 2 * _DEPTH_TOLERANCE)
    like = sample(seen.likeness, u, v)
    strange = sample(seen.foreign, u, v)
    own = np.maximum(features * (1 - strange), scalp)  # here the photo is kept whatever its colour
    trust *= own + (1 - own) * like
    trust *= 1 - (1 - _BELOW_TRUST) * below
    return _Looked(
        colour=np.clip(colour, 0, 1),
        trust=np.clip(trust, 0, 1).astype(np.float32),
        likeness=np.clip(np.maximum(like, core * (1 - strange)), 0, 1).astype(np.float32),
        scalp=scalp,
        detail=np.clip(1 - below, 0, 1).astype(np.float32),
    )
