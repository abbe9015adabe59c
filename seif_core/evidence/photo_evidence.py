"""What the photo shows of a fitted head, found once and read by the stages after it.

    Portrait, Fit -> look_at_photo -> PhotoEvidence -> registration, texture

Colours, light and hair belong to the photo and the fit; a stage that has a better mesh than the fit's looks at the same
evidence through that mesh (`mesh_view`), and does not ask the photo again.

Convention: maps are in the pixels of `PhotoEvidence.camera`, a piece of the photo; colours sRGB 0..1 unless called
linear. Worked number: a texel of which the camera says (u, v) = (10.5, 20.5) reads the maps' row 20, column 10.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import cv2
import numpy as np

from ..fitting import Fit
from ..geometry.camera import Camera
from ..geometry.colour import decode, is_grey
from ..geometry.sampling import smoothstep
from ..headmodel.anatomy import HEAD_WIDTH, OUTER_EYE_CORNERS
from ..portrait import Portrait
from ..portrait.head_parsing import HeadParsing
from ..shapes import Float, Float32, UInt8
from .baldness import BaldCrown, ShownScalp, bald_crown, bared
from .beard import full_beard
from .ear_occlusion import EarOcclusion, ear_occlusion
from .glasses import with_glasses
from .lighting import estimate_light, plain_light, shading
from .mesh_view import MeshView, view_mesh
from .photograph import (
    HeadPicture,
    cut_mask,
    cut_out,
    head_width_pixels,
    head_window,
    posed_eyes,
    with_hair,
)
from .settings import EvidenceSettings, LightSettings, SkinColourSettings
from .shown_classes import ShownClasses, shown_classes
from .skin_colour_model import skin_likeness
from .skin_samples import skin_samples

GAMMA: Final = 1 / 2.2
"""Linear light to about sRGB."""

_MASK_EDGE: Final = (0.010, 0.040)
"""Head widths from the mask's edge: nothing is believed up to the first, all from the second. Chosen; on
which photos was not noted."""
_ON_SAMPLE: Final = 0.9
"""Painted value of a per-vertex mask from which a pixel lies within it."""
_LIKELY: Final = 0.5
"""Likeness to skin from which a pixel's colour counts in the median."""
_UP: Final = np.array([0.0, 0.05, 0.0])
"""Metres up from between the eyes: far enough to tell the direction."""
_DARKEST: Final = 0.2
"""Light below which nothing is divided."""


@dataclass(frozen=True, eq=False)
class PhotoEvidence:
    """What the photo shows of a head; maps of h by w pixels.

    Attributes:
        camera: the maps' camera.
        inside: (h, w) float32 in 0..1, 0 at the edge of the person's mask and outside: where the photo is believed.
        skin_likeness: (h, w) float32 in 0..1, how much each pixel looks like this person's skin.
        light: (9, 3) the light's coefficients per channel (`lighting`), plain where the photo tells none.
        skin_colour: (3,) float32 sRGB, the median of the face with its light evened.
        hair_colour: (3,) float32 sRGB of what covers the scalp, hair or hat; None for a bald head, and for a photo that
            was not parsed.
        ear_occlusion: how far hair covers each ear; not at all for a photo that was not parsed.
        posed: (V, 3) the fitted head that was looked at, camera space, metres.
        view: that head in the maps' camera.
        shown: what the parsing tells of each pixel; None for a photo that was not parsed.
        parsing: the portrait's, but in it a bald crown is skin, a beard is whole, and thin glasses are sure; None for a
            photo that was not parsed.
        bald: the bald crown; None for a head with hair on top, or for a photo that was not parsed.
    """

    camera: Camera
    inside: Float32[np.ndarray, "h w"]
    skin_likeness: Float32[np.ndarray, "h w"]
    light: Float[np.ndarray, "9 3"]
    skin_colour: Float32[np.ndarray, "3"]
    hair_colour: Float32[np.ndarray, "3"] | None
    ear_occlusion: EarOcclusion
    posed: Float32[np.ndarray, "V 3"]
    view: MeshView
    shown: ShownClasses | None = None
    parsing: HeadParsing | None = None
    bald: BaldCrown | None = None

    def view_of(self, fit: Fit, device: str = "cpu") -> MeshView:
        """A mesh in the maps' camera; the one that was looked at is not drawn again.

        Args:
            fit: the posed mesh.
            device: torch device of the rasterizer.
        """
        return self.view if fit.posed is self.posed else view_mesh(fit, self.camera, device)

    def light_at(self, normals: Float[np.ndarray, "N 3"], evening: float) -> Float32[np.ndarray, "N 3"]:
        """What to divide linear colours by, (N, 3), where a surface has these normals.

        Args:
            normals: (N, 3) unit normals in camera space.
            evening: how much of the light is divided out, 0 for none, 1 for all.
        """
        return (shading(self.light, normals) ** evening).astype(np.float32)


def look_at_photo(
    portrait: Portrait, fit: Fit, settings: EvidenceSettings | None = None, *, device: str = "cpu"
) -> PhotoEvidence | None:
    """Find out what the photo shows of the head; None where the fitted head lies outside the picture.

    Args:
        portrait: the photo.
        fit: the fitted head.
        settings: see `EvidenceSettings`.
        device: torch device of the rasterizer; not mps, which does not count in double precision.
    """
    s = settings or EvidenceSettings()
    window = head_window(portrait, fit)
    if window is None:
        return None
    scale = s.side / max(window.right - window.left, window.bottom - window.top)
    window = with_hair(portrait, window)
    picture = cut_out(portrait, fit.camera, window, scale)
    view = view_mesh(fit, picture.camera, device)
    inside = _inside(cut_mask(portrait, window, picture.camera), fit, picture.camera)
    seen = _Seen(fit, picture, view, inside)
    shown = bald = None
    parsing = with_glasses(portrait, fit.camera.project(posed_eyes(fit)))
    if parsing is not None:
        parsing = full_beard(parsing, fit, picture.pixels, camera=picture.camera, view=view)
        shown = shown_classes(parsing, picture.pixels, picture.camera, fit.camera)
    bare = inside if shown is None else inside * shown.skin  # nothing that covers skin tells of light or skin
    light = _light(seen._replace(inside=bare), s.light)
    likeness, skin = _colours(seen._replace(inside=bare), light, s)
    if shown is not None and parsing is not None:
        colour = None if is_grey(portrait.pixels) else likeness
        scalp = ShownScalp(picture.camera, view, shown.hair + shown.headwear, colour, inside)
        bald = bald_crown(fit, scalp)
        if bald is not None:
            parsing = bared(parsing, bald, fit, scalp)
            shown = shown_classes(parsing, picture.pixels, picture.camera, fit.camera)
    hair, ears = None, EarOcclusion()
    if shown is not None:
        hair = shown.hair_colour if shown.hair_colour is not None else shown.headwear_colour
        ears = ear_occlusion(fit.model, shown.hair + shown.headwear, view, inside, s.ears)
    return PhotoEvidence(
        picture.camera, inside, likeness, light, skin, hair, ears, fit.posed, view, shown, parsing, bald
    )


class _Seen(NamedTuple):
    """The fitted head in its picture, and where the picture is believed."""

    fit: Fit
    picture: HeadPicture
    view: MeshView
    inside: Float32[np.ndarray, "h w"]


def _inside(mask: UInt8[np.ndarray, "h w"], fit: Fit, camera: Camera) -> Float32[np.ndarray, "h w"]:
    """0 near the mask's edge, 1 inside; the picture's own edge is no edge.

    A mesh whose landmarks lie off keeps that much farther away, lest it takes the background for skin.
    """
    slack = fit.landmark_error / 100 * OUTER_EYE_CORNERS / HEAD_WIDTH
    return inside_share(mask, head_width_pixels(fit, camera), slack)


def inside_share(mask: UInt8[np.ndarray, "h w"], unit: float, slack: float) -> Float32[np.ndarray, "h w"]:
    """How far each pixel of a mask is believed, 0..1, by its distance from the edge.

    Args:
        mask: (h, w) 255 inside.
        unit: pixels of a head's width.
        slack: how far off the mesh may lie, in head widths.
    """
    distance = cv2.distanceTransform((mask > 127).astype(np.uint8), cv2.DIST_L2, 5) / unit
    low, high = _MASK_EDGE
    return smoothstep(distance, low + slack, high + 2 * slack).astype(np.float32)


def _light(seen: _Seen, s: LightSettings) -> Float[np.ndarray, "9 3"]:
    """The light's coefficients; plain where too little skin is seen."""
    view, model = seen.view, seen.fit.model
    sample = skin_samples(model).light
    painted = view.paint(model.triangles, np.concatenate([view.normals, view.facing[:, None], sample[:, None]], 1))
    trust = painted[..., 4] * smoothstep(painted[..., 3], *s.facing) * seen.inside
    use = view.covered & (trust > s.trust)
    if use.sum() < s.least_pixels:
        return plain_light()
    normals = painted[use][:, :3]
    normals = normals / np.linalg.norm(normals, axis=1, keepdims=True).clip(min=1e-6)
    return estimate_light(decode(seen.picture.pixels[use]), normals, trust[use], s)


def _colours(
    seen: _Seen, light: Float[np.ndarray, "9 3"], s: EvidenceSettings
) -> tuple[Float32[np.ndarray, "h w"], Float32[np.ndarray, "3"]]:
    """How much each pixel looks like skin, and the skin's own colour (sRGB)."""
    view, model = seen.view, seen.fit.model
    samples = skin_samples(model)
    lit = shading(light, view.normals, s.light) ** s.evening
    columns = [lit, view.facing[:, None], samples.reliable[:, None], samples.light[:, None]]
    painted = view.paint(model.triangles, np.concatenate(columns, 1))
    albedo = decode(seen.picture.pixels) / np.where(view.covered[..., None], painted[..., :3], 1).clip(min=_DARKEST)
    albedo = albedo.astype(np.float32)
    plain = view.covered & (painted[..., 3] > s.skin.facing) & (seen.inside > s.skin.inside)
    unit = head_width_pixels(seen.fit, seen.picture.camera)
    likeness = skin_likeness(albedo, plain & (painted[..., 4] > _ON_SAMPLE), unit, s.skin)
    skin = _skin_colour(albedo, plain & (painted[..., 5] > _ON_SAMPLE) & (likeness > _LIKELY), s.skin)
    return likeness, (skin**GAMMA).astype(np.float32)


def _skin_colour(albedo: np.ndarray, skin: np.ndarray, s: SkinColourSettings) -> Float32[np.ndarray, "3"]:
    """The median linear colour of the chosen pixels, or the default where there are too few."""
    colour = np.median(albedo[skin], axis=0) if skin.sum() > s.least_samples else np.array(s.default)
    return np.clip(colour, 0, 1).astype(np.float32)
