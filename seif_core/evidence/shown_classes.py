"""What the parsed photo shows of a head, in the evidence's pixels: skin that may be believed, hair and its colour.

Convention: shares 0..1 of each pixel. Worked number: a pixel of which the parsing gives 0.7 to skin, 0.2 to a beard and
0.1 to hair has a `skin` of 0.9 and a `growth` of 0.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from ..geometry.camera import Camera
from ..portrait.head_parsing import HeadParsing
from ..shapes import Float32, UInt8

_SURE: Final = 0.85
"""Share from which a pixel is hair whose colour counts."""
_LEAST_HAIR: Final = 0.03
"""Pixels that are surely hair, as a share of those that are surely skin, from which a head has hair: less may be a
shadow or a brow. Chosen by eye on the sample portraits."""
_LIGHTNESS: Final = (0.2, 0.6)
"""Quantiles of the hair's lightness whose mean is its colour: no deep shadow, no highlight."""
_EDGE: Final = 2.5
"""Pixels of the parsing's map by which skin keeps away from what hangs over its edge."""


@dataclass(frozen=True, eq=False)
class ShownClasses:
    """What each pixel shows; maps of h by w pixels.

    Attributes:
        skin: (h, w) float32, the head's own skin, with the beard and brows on it, away from what covers it.
        growth: (h, w) float32, beard, moustache and brows.
        hair: (h, w) float32, hair of the head.
        headwear: (h, w) float32, hats and scarves.
        glasses: (h, w) float32.
        hair_colour: (3,) float32 sRGB of the hair as the photo shows it; None for a head without.
        headwear_colour: (3,) likewise of a hat or scarf.
    """

    skin: Float32[np.ndarray, "h w"]
    growth: Float32[np.ndarray, "h w"]
    hair: Float32[np.ndarray, "h w"]
    headwear: Float32[np.ndarray, "h w"]
    glasses: Float32[np.ndarray, "h w"]
    hair_colour: Float32[np.ndarray, "3"] | None
    headwear_colour: Float32[np.ndarray, "3"] | None = None


def shown_classes(
    parsing: HeadParsing, picture: UInt8[np.ndarray, "h w 3"], camera: Camera, photo: Camera
) -> ShownClasses:
    """The parsing of a portrait in the pixels of a piece of its photo.

    Args:
        parsing: of the photo.
        picture: the piece.
        camera: the piece's camera.
        photo: the photo's camera.
    """
    scale = camera.focal / photo.focal
    origin = (photo.cx - camera.cx / scale, photo.cy - camera.cy / scale)
    size = (camera.width, camera.height)

    def map_of(*names: str) -> Float32[np.ndarray, "h w"]:
        return parsing.in_photo(*names, size=size, origin=origin, scale=scale)

    skin, hair, headwear = map_of("skin", "beard", "brows", "glasses"), map_of("hair"), map_of("headwear")
    step = scale * parsing.crop.size / parsing.shares.shape[1]
    return ShownClasses(
        skin=_away_from_the_edge(skin, _EDGE * step),
        growth=map_of("beard", "brows"),
        hair=hair,
        headwear=headwear,
        glasses=map_of("glasses"),
        hair_colour=_hair_colour(picture, hair, skin),
        headwear_colour=_hair_colour(picture, headwear, skin),
    )


def into_parsing(
    values: Float32[np.ndarray, "h w"], parsing: HeadParsing, camera: Camera, photo: Camera
) -> Float32[np.ndarray, "S S"]:
    """A map of a piece of a photo in the pixels of its parsing; 0 off the piece.

    Args:
        values: of the piece.
        parsing: of the photo.
        camera: the piece's camera.
        photo: the photo's camera.
    """
    side, zoom = parsing.shares.shape[1], camera.focal / photo.focal
    matrix = parsing.crop.matrix(side)  # OpenCV counts pixel centres as integers
    matrix[:, 2] = (matrix[:, 2] + 0.5 - [photo.cx, photo.cy]) * zoom + [camera.cx, camera.cy] - 0.5
    matrix[:, :2] *= zoom
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(values, matrix, (side, side), flags=flags), np.float32)


def _away_from_the_edge(skin: Float32[np.ndarray, "h w"], radius: float) -> Float32[np.ndarray, "h w"]:
    size = 2 * max(1, round(radius)) + 1
    shrunk = cv2.erode(skin, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))
    return np.asarray(cv2.GaussianBlur(shrunk, (0, 0), max(0.5, radius / 1.5)), np.float32)


def _hair_colour(
    picture: UInt8[np.ndarray, "h w 3"], hair: Float32[np.ndarray, "h w"], skin: Float32[np.ndarray, "h w"]
) -> Float32[np.ndarray, "3"] | None:
    sure = hair > _SURE
    if sure.sum() < max(_LEAST_HAIR * (skin > _SURE).sum(), 1):
        return None
    colours = picture[sure].astype(np.float32) / 255
    light = colours.sum(1)
    low, high = np.quantile(light, _LIGHTNESS)
    return colours[(light >= low) & (light <= high)].mean(0)
