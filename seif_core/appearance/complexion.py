"""Which pixels have the colour of this person's skin, how the hair looks, where eyes and mouth open."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from ..portrait import Portrait
from ..shapes import Bool, Float, Float32, UInt8
from .colour import to_srgb
from .numeric import smoothstep

_FLOOR: Final = np.array([16.0, 3.5, 4.0])
"""Least standard deviations of skin in L*, a*, b*: light that was not evened, make-up, blood."""
_MONOCHROME: Final = 2.5
"""Standard deviation of a* and b* about a curve in L* up to which a picture is black and white, or toned in one colour.
Measured on seven sample portraits: made grey 0.0, toned in sepia and saved as JPEG 1.1 to 2.9, in colour 3.4 to 6.9."""
_OTHER_BRIGHTNESS: Final = 20.0
"""Difference in L* from the face's skin beyond which something above it is hair in a picture without colours. On nine
sample portraits made grey it finds 0.13 to 0.92 of the region where hair is looked for; a tenth of it is needed."""


EYE_RINGS: Final = (
    (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
)
"""MediaPipe Face Mesh (Apache 2.0), FACEMESH_LEFT_EYE and FACEMESH_RIGHT_EYE: the openings, left eye first."""

INNER_LIPS: Final = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191)
"""MediaPipe Face Mesh, the inner ring of FACEMESH_LIPS."""


_OPENINGS: Final = {
    "mediapipe478": (*EYE_RINGS, INNER_LIPS),
    "ibug68": (tuple(range(42, 48)), tuple(range(36, 42)), tuple(range(60, 68))),
}
"""Left eye, right eye and mouth in each landmark scheme; iBUG: Sagonas et al. 2013, figure 1, counted from 0."""


def skin_likeness(
    albedo: Float32[np.ndarray, "h w 3"], reliable: Bool[np.ndarray, "h w"], unit: float
) -> Float32[np.ndarray, "h w"]:
    """How much each pixel looks like the skin of the reliable ones, 0..1.

    Args:
        albedo: (h, w, 3) linear, the photo with its light evened.
        reliable: (h, w) pixels that are skin.
        unit: pixels of a head's width, the scale of the clean-up.
    """
    lab = cv2.cvtColor(to_srgb(albedo).astype(np.float32), cv2.COLOR_RGB2Lab)
    if reliable.sum() < 30:
        return np.ones(albedo.shape[:2], np.float32)
    samples = lab[reliable].astype(np.float64)
    centre = np.median(samples, axis=0)
    for _ in range(4):  # trimmed mean and covariance
        spread = np.maximum(1.4826 * np.median(np.abs(samples - centre), axis=0), _FLOOR * 0.5)
        kept = samples[(np.abs(samples - centre) / spread < 2.5).all(1)]
        if len(kept) < 20:
            break
        centre = kept.mean(0)
    deviation = np.maximum(np.std(samples - centre, axis=0).clip(max=_FLOOR * 2), _FLOOR)
    distance = np.sqrt((((lab - centre) / deviation) ** 2).sum(2)).astype(np.float32)
    size = 2 * max(1, round(0.006 * unit)) + 1
    distance = cv2.medianBlur(distance, min(size, 5))
    likeness = 1 - smoothstep(distance, 2.2, 3.6)
    # moles are skin; of skin-coloured patches only those of some size are, and what hangs over their edge is not
    likeness = cv2.morphologyEx(likeness.astype(np.float32), cv2.MORPH_CLOSE, _disc(0.012 * unit))
    likeness = cv2.morphologyEx(likeness, cv2.MORPH_OPEN, _disc(0.03 * unit))
    likeness = cv2.erode(likeness, _disc(0.012 * unit))
    return cv2.GaussianBlur(likeness, (0, 0), max(0.5, 0.008 * unit)).astype(np.float32)


def _disc(radius: float) -> np.ndarray:
    size = 2 * max(1, round(radius)) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))


def foreign_colour(
    albedo: Float32[np.ndarray, "h w 3"], skin: Float32[np.ndarray, "3"], unit: float
) -> Float32[np.ndarray, "h w"]:
    """Where a pixel has a hue that no face has, 0..1: a scarf or a wall, while brows, lips and beards are near skin.

    Args:
        albedo: (h, w, 3) linear, the photo with its light evened.
        skin: (3,) linear, the skin's own colour.
        unit: pixels of a head's width, the scale of the clean-up.
    """
    lab = cv2.cvtColor(to_srgb(albedo).astype(np.float32), cv2.COLOR_RGB2Lab)
    own = cv2.cvtColor(to_srgb(skin.astype(np.float32))[None, None], cv2.COLOR_RGB2Lab)[0, 0]
    distance = np.hypot(lab[..., 1] - own[1], lab[..., 2] - own[2]).astype(np.float32)
    foreign = smoothstep(cv2.medianBlur(distance, 5), 40.0, 55.0).astype(np.float32)
    foreign = cv2.morphologyEx(foreign, cv2.MORPH_OPEN, _disc(0.012 * unit))
    return cv2.dilate(foreign, _disc(0.02 * unit)).astype(np.float32)


def hair_colour(
    picture: UInt8[np.ndarray, "h w 3"],
    head: Float32[np.ndarray, "h w"],
    likeness: Float32[np.ndarray, "h w"],
    *,
    between: Float[np.ndarray, "2"],
    up: Float[np.ndarray, "2"],
    unit: float,
) -> Float32[np.ndarray, "3"] | None:
    """Colour of what covers the scalp, hair or hat, sRGB 0..1; None for a bald head.

    Looks at the head's mask above the brows and beside them; the hair may stand far off the mesh.

    Args:
        picture: (h, w, 3) uint8 sRGB.
        head: (h, w) 0..1, inside the person's mask.
        likeness: from `skin_likeness`.
        between: (2,) the middle between the eyes, pixels.
        up: (2,) the head's upward direction in the picture, unit.
        unit: pixels between the eyes as if seen from the front.
    """
    rows, columns = np.mgrid[: head.shape[0], : head.shape[1]]
    offset = np.stack([columns + 0.5, rows + 0.5], -1) - between
    height, aside = offset @ up / unit, np.abs(offset @ np.array([up[1], -up[0]])) / unit
    head = cv2.erode(head, np.ones((5, 5), np.uint8))
    crown = (head > 0.9) & (height > 0.7) & (aside < 1.6)
    temples = (head > 0.9) & (height > 0.2) & (aside > 1.0) & (aside < 1.6)
    region = crown | temples
    face = (head > 0.9) & (np.abs(height) < 0.6) & (aside < 0.8) & (likeness > 0.5)
    hair = region & ((likeness < 0.15) | _otherwise_bright(picture, face, region))
    if region.sum() < 30 or hair.sum() < 0.12 * region.sum():
        return None
    colours = picture[hair].astype(np.float32) / 255
    light = colours.sum(1)
    low, high = np.quantile(light, (0.2, 0.6))  # between deep shadow and highlights
    return colours[(light >= low) & (light <= high)].mean(0)


def _otherwise_bright(
    picture: UInt8[np.ndarray, "h w 3"], face: Bool[np.ndarray, "h w"], region: Bool[np.ndarray, "h w"]
) -> Bool[np.ndarray, "h w"]:
    """In a picture without colours, what is much darker or brighter than the face: likeness to skin tells little there.

    Args:
        picture: (h, w, 3) uint8 sRGB.
        face: (h, w) pixels of the face's skin.
        region: (h, w) pixels where hair is looked for.
    """
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    if face.sum() < 30 or not _is_monochrome(lab[face | region]):
        return np.zeros(face.shape, bool)
    skin = np.median(lab[face][:, 0])
    spread = 1.4826 * np.median(np.abs(lab[face][:, 0] - skin))
    return np.asarray(np.abs(lab[..., 0] - skin) > max(_OTHER_BRIGHTNESS, 1.5 * spread))


def _is_monochrome(lab: Float32[np.ndarray, "n 3"]) -> bool:
    """Whether colour follows from brightness alone: black and white, sepia, any toned print."""
    light = lab[:, 0].astype(np.float64) / 100
    curve = np.stack([np.ones_like(light), light, light**2, light**3], axis=1)
    ab = lab[:, 1:].astype(np.float64)
    return bool((ab - curve @ np.linalg.lstsq(curve, ab, rcond=None)[0]).std(0).max() < _MONOCHROME)


def openings(
    portrait: Portrait, scale: float, origin: Float[np.ndarray, "2"], shape: tuple[int, int]
) -> UInt8[np.ndarray, "h w"]:
    """255 inside the openings of eyes and mouth, where the photo shows no skin.

    Args:
        portrait: gives the landmarks; of an unknown scheme there are no openings.
        scale: pixels of the piece per pixel of the photo.
        origin: (2,) where the photo's top left corner lies in the piece, pixels.
        shape: height and width of the piece.
    """
    out = np.zeros(shape, np.uint8)
    rings = _OPENINGS.get(portrait.landmark_scheme, ())
    for ring, grow in zip(rings, (0.02, 0.02, 0.04), strict=False):
        points = portrait.landmarks[list(ring), :2] * scale + origin - 0.5
        width = float(np.linalg.norm(np.ptp(points, axis=0)))
        centre = points.mean(0)
        away = points - centre
        points = centre + away * (1 + grow * width / np.linalg.norm(away, axis=1, keepdims=True).clip(min=1e-3))
        cv2.fillPoly(out, [np.rint(points * 16).astype(np.int32)], (255,), lineType=cv2.LINE_AA, shift=4)
    return out
