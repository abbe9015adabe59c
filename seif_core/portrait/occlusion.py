"""Which parts of a face something covers: sunglasses, a mask, a telephone, a hand, a microphone.

The landmark network draws a face also where none is seen, and what lies before it would be painted as skin. A part
counts as covered where its pixels have a colour that this face's skin, in light or shade, has nowhere else, or where
they are more even than a mouth or a cheek ever is.

Convention: the face upright in a square of `_SIDE` pixels; colours in CIE L*a*b*. Worked number: a mouth of which 90
percent of the pixels lie 18 or more from the skin in the a*b* plane is covered, one of 70 percent is not:
lips and beard.

Limits: a bare hand on the cheek has the skin's own colour and shading, and is not told from it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np

from ..shapes import Bool, Float, Float32
from .crop import Crop, Pyramid
from .landmarks import turned
from .mesh_topology import LEFT_OUTER, MESH_POINTS, RIGHT_OUTER
from .portrait import Portrait

_SIDE: Final = 160
"""Pixels a side of the upright face that is looked at."""
_MARGIN: Final = 1.1
"""Its side in sizes of the landmarks' box."""
_BLUR: Final = 1.2
"""Standard deviation in pixels by which noise is smoothed."""
_SOCKETS: Final = (
    (226, 247, 30, 29, 27, 28, 56, 190, 243, 244, 233, 232, 231, 230, 229, 228, 31),
    (446, 467, 260, 259, 257, 258, 286, 414, 463, 464, 453, 452, 451, 450, 449, 448, 261),
)
_OPENINGS: Final = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
)
"""Lids and skin about the eyes, and the eyes' openings, which are left out of them: right eye first."""
_ZONES: Final = {
    "nose": (195, 5, 4, 45, 275, 48, 278, 3, 248, 197),
    "mouth": (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185),
    "chin": (*(43, 106, 182, 83, 18, 313, 406, 335, 273, 262, 428, 199, 208, 32, 170, 140, 171, 175, 396, 369, 395),),
    "right cheek": (50, 117, 123, 147, 187, 205, 36, 101),
    "left cheek": (280, 346, 352, 376, 411, 425, 266, 330),
    "forehead": (109, 108, 151, 337, 338, 10),
}
"""Convex hulls of MediaPipe Face Mesh landmarks; sides are the person's."""
_SKIN_FROM: Final = ("forehead", "right cheek", "left cheek", "nose", "chin", "eyes")
"""Parts whose colour may be the skin's."""
_CHROMA: Final = 8.0
_HUE: Final = (10.0, 80.0)
_DARKEST: Final = 15.0
"""Least chroma, hue in degrees and least lightness of what may be skin of any person, in any usual light."""
_FOREIGN: Final = 18.0
"""Distance in the a*b* plane from which a pixel has another colour than the skin."""
_SHADE: Final = (-28.0, 35.0)
"""A pixel is too dark for skin when it is so much darker and this dark."""
_GLARE: Final = (18.0, 10.0)
"""And too bright when it is so much lighter and, unlike a highlight, so far in the a*b* plane."""
_SHARE: Final = {"eyes": 0.6, "nose": 0.6, "mouth": 0.85, "chin": 0.75, "right cheek": 0.5, "left cheek": 0.5}
"""Share of a part's pixels that must be foreign, dark or bright. Of 116 portraits the 99th percentiles are 0.34, 0.39,
0.74, 0.53, 0.19 and 0.33; of drawn sunglasses, masks, microphones and telephones the 5th mostly 0.6 to 1."""
_TOGETHER: Final = 1.05
"""Share of mouth and chin in sum: a microphone hides half of both, a beard leaves the lips."""
_EVEN: Final = {"mouth": 4.5, "right cheek": 1.0, "left cheek": 1.0}
"""Least standard deviation of lightness in a part that is seen; 1st percentiles 6.9, 1.7 and 2.0 on the portraits."""
_IN_FRAME: Final = 0.6
"""Share of a part that must lie in the photo to be judged."""


class _Part(NamedTuple):
    """Lab colours of a part's pixels."""

    lab: Float[np.ndarray, "N 3"]

    @property
    def colour(self) -> Float[np.ndarray, "3"]:
        return np.median(self.lab, axis=0)


def covered_parts(portrait: Portrait) -> tuple[str, ...]:
    """Names of the parts that something seems to cover, from the eyes down; empty for other landmark schemes."""
    if portrait.landmark_scheme != "mediapipe478":
        return ()
    parts = _parts(portrait)
    if not any(name in parts for name in _SKIN_FROM):
        return ()
    skin = _skin(parts)
    share = {name: _unlike(part.lab, skin) for name, part in parts.items()}
    found = {name for name, least in _SHARE.items() if share.get(name, 0.0) > least}
    found |= {name for name, least in _EVEN.items() if name in parts and parts[name].lab[:, 0].std() < least}
    if share.get("mouth", 0.0) + share.get("chin", 0.0) > _TOGETHER:
        found |= {"mouth"}
    return tuple(name for name in _SHARE if name in found)


def occlusion_warnings(portrait: Portrait) -> tuple[str, ...]:
    """A sentence that names what is covered; none for a face that is seen."""
    names = [f"the {name}" for name in covered_parts(portrait)]
    if not names:
        return ()
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    sentence = (
        f"Something seems to cover {listed}; shape and colour there are not the person's. "
        "Choose a photo that shows the whole face."
    )
    return (sentence,)


def _parts(portrait: Portrait) -> dict[str, _Part]:
    """Colours of the parts that lie in the photo."""
    crop = _upright(portrait)
    image = Pyramid(portrait.pixels).sample(crop, _SIDE)
    smooth = cv2.GaussianBlur(image, (0, 0), _BLUR).astype(np.float32) / 255
    lab: Float32[np.ndarray, "R R 3"] = np.asarray(cv2.cvtColor(smooth, cv2.COLOR_RGB2Lab), np.float32)
    rows, columns = np.mgrid[:_SIDE, :_SIDE] + 0.5
    at = crop.to_photo(np.stack([columns, rows], axis=-1).reshape(-1, 2) / _SIDE).reshape(_SIDE, _SIDE, 2)
    height, width = portrait.pixels.shape[:2]
    in_photo = ((at >= 0) & (at <= (width, height))).all(axis=2)
    points = crop.from_photo(portrait.landmarks[:, :2].astype(np.float64)) * _SIDE
    places = {name: _hulls(points, (ids,)) for name, ids in _ZONES.items()}
    places["eyes"] = _hulls(points, _SOCKETS) & ~_hulls(points, _OPENINGS)
    seen = {name: place & in_photo for name, place in places.items()}
    return {
        name: _Part(lab[place].astype(np.float64))
        for name, place in seen.items()
        if place.sum() > max(9, _IN_FRAME * places[name].sum())
    }


def _upright(portrait: Portrait) -> Crop:
    points = portrait.landmarks[:MESH_POINTS, :2].astype(np.float64)
    dx, dy = points[LEFT_OUTER] - points[RIGHT_OUTER]
    angle = float(np.arctan2(dy, dx))
    level = turned(points, -angle)
    low, high = level.min(axis=0), level.max(axis=0)
    x, y = turned((low + high)[None] / 2, angle)[0]
    return Crop(float(x), float(y), float((high - low).max()) * _MARGIN, angle)


def _hulls(points: Float[np.ndarray, "L 2"], rings: tuple[tuple[int, ...], ...]) -> Bool[np.ndarray, "R R"]:
    out = np.zeros((_SIDE, _SIDE), np.uint8)
    for ring in rings:
        cv2.fillConvexPoly(out, cv2.convexHull(np.round(points[list(ring)]).astype(np.int32)), (1,))
    return out > 0


def _skin(parts: dict[str, _Part]) -> Float[np.ndarray, "3"]:
    """The skin's colour: of the parts that may be skin, the one that is nearest to the others."""
    colours = np.array([parts[name].colour for name in _SKIN_FROM if name in parts])
    chroma, hue = np.hypot(colours[:, 1], colours[:, 2]), np.degrees(np.arctan2(colours[:, 2], colours[:, 1]))
    likely = (chroma > _CHROMA) & (hue > _HUE[0]) & (hue < _HUE[1]) & (colours[:, 0] > _DARKEST)
    colours = colours[likely] if likely.any() else colours
    if len(colours) < 3:
        return colours[colours[:, 0].argmax()]
    apart = np.linalg.norm((colours[:, None] - colours) * (0.5, 1, 1), axis=2)
    return colours[np.median(apart, axis=1).argmin()]


def _unlike(lab: Float[np.ndarray, "N 3"], skin: Float[np.ndarray, "3"]) -> float:
    """The largest share of pixels that are foreign, too dark, or too bright."""
    away, lighter = np.hypot(*(lab[:, 1:] - skin[1:]).T), lab[:, 0] - skin[0]
    dark = (lighter < _SHADE[0]) & (lab[:, 0] < _SHADE[1])
    bright = (lighter > _GLARE[0]) & (away > _GLARE[1])
    return float(max((away > _FOREIGN).mean(), dark.mean(), bright.mean()))
