"""Glasses that the parsing hardly sees: thin frames, told by the rims that close around the eyes.

The network gives thin frames small shares, which alone tell nothing: a furrow has as much. Where it gives the bridge
some, it is asked once more, about the eyes from close by, and the rims are looked for in the photo itself
(`spectacle_rims`). What the network then says of bridge and rims, and how much the rims differ from the skin, together
tell whether glasses are worn; if so the rims, the bridge, the temples and their shadow are glasses, not skin.

Convention: places in units of the distance between the eyes' middles, x to the picture's right along the eyes, y down.
Worked number: the bridge of a nose lies at (0, 0.05) or so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from ..geometry.sampling import smoothstep
from ..portrait import Portrait
from ..portrait.crop import Crop, Pyramid
from ..portrait.head_parsing import CLASSES, HeadParsing
from ..portrait.landmarks import Landmarks
from ..portrait.parsing import inputs_of, shares_of
from ..shapes import Float, Float32
from .spectacle_rims import FacePicture, drawn_frame, find_spectacles

_SIDE: Final = 512
"""Pixels of the crop in which lines are looked for. Chosen by eye, as are the constants below unless they say more."""
_BOX: Final = (0.20, -0.20, 0.35)
"""Half width, top and bottom of the place where the parsing is asked for a bridge."""
_STRIP: Final = (0.12, -0.25, 0.40)
"""The same where the photo is asked for a line across the nose, which a bridge is from side to side."""
_ROWS, _COLUMNS = 96, 24
_THIN: Final = 15
"""Rows of the strip, a tenth of the eyes' distance, above which a line is not thin."""
_BENT: Final = 9
"""Rows within which it may bend."""
_BROKEN: Final = 3
"""Columns of the strip that it may lack."""
_CLEAR: Final = 12.0
"""L* of such a line beyond which it tells no more."""
_ASKED: Final = 0.02
"""Share of a bridge in the first parsing from which the network is asked again."""
_CLOSE: Final = 0.6
"""Side of the crop about the eyes, of that of the head's."""
_WEIGHTS: Final = (4.5, 5.4, 3.1, 1.5, 2.2, 9.5, -12.6)
"""Of the root of the bridge's share, of the line across the nose, of `Spectacles.told`, and of 1: a logistic regression
(ridge of 1 on standardized figures) on 211 portraits of public domain, 43 of them with glasses. Of these 41 score above
0, as does one face without; of 44 kept back all 10 with glasses do and none of the others. The rule before, the line
across the nose times the share, told 39 and 9, and one face without. Worked number: 0.9, 0.1, 0.4, 0.8, 0.6 and 0.6
score 1.45."""
_WORN: Final = (-0.3, 0.3)
"""Score from which glasses are worn, not at all and wholly."""


_FRAMES: Final = 0.2
"""Squares of the eyes' distance that are surely glasses, from which some are worn. Of 70 portraits of public domain
that nobody had looked at, those with glasses have 0.59 to 0.80, the others 0.04 at most (dark brows)."""
_SURE: Final = 0.5
"""Share from which a pixel surely shows them."""


def glasses_warnings(
    parsing: HeadParsing | None, eyes: Float[np.ndarray, "2 2"], *, merged: bool = False
) -> tuple[str, ...]:
    """A sentence on glasses, which the head does not wear; none for a face without, or where nothing is known.

    Args:
        parsing: of the photo, with thin glasses sure (`with_glasses`).
        eyes: (2, 2) the eyes' middles, pixels of the photo.
        merged: whether hair is merged into the head, where the photo stays on the skin as it is, frames too.
    """
    if parsing is None or worn_glasses(parsing, eyes) < _FRAMES:
        return ()
    if merged:
        return ("Merged hair keeps the glasses in the head's skin; choose hair as a layer to have them left out.",)
    told = (
        "The glasses are left out of the head, and the skin under their frames is filled in; choose a photo without "
        "glasses, or add a pair of your own to the head."
    )
    return (told,)


def worn_glasses(parsing: HeadParsing, eyes: Float[np.ndarray, "2 2"]) -> float:
    """Area that surely shows glasses, in squares of the distance between the eyes' middles (2, 2), photo pixels."""
    pixel = parsing.crop.size / parsing.shares.shape[1]
    distance = float(np.linalg.norm(eyes[1] - eyes[0])) / pixel
    return float((parsing.share("glasses") > _SURE).sum()) / max(distance, 1.0) ** 2


def with_glasses(portrait: Portrait, eyes: Float[np.ndarray, "2 2"]) -> HeadParsing | None:
    """The portrait's parsing with the frames of glasses as sure as they are worn; itself where none are.

    Args:
        portrait: the photo.
        eyes: (2, 2) the eyes' middles, pixels of the photo, in any order.

    Raises:
        DependencyError: torch or LiteRT is not installed.
        ModelError: a network that ships is missing or damaged.
    """
    parsing = portrait.parsing
    if parsing is None:
        return None
    pyramid, eyes = Pyramid(portrait.pixels), np.asarray(eyes, np.float64)
    share = parsing.share("glasses")
    first = _face(pyramid, parsing.crop, eyes)
    if np.hypot(*first.across) * len(share) < 1 or _bridge(first, share) <= _ASKED:
        return parsing
    crop, middle = parsing.crop, eyes.mean(0)
    x, y = middle + _CLOSE * (np.array([crop.x, crop.y]) - middle)
    close = replace(crop, x=float(x), y=float(y), size=_CLOSE * crop.size)
    shares = shares_of(inputs_of(pyramid, Landmarks(portrait.landmarks, portrait.confidence, portrait.roll), close))
    face, told = _face(pyramid, close, eyes), np.asarray(shares[CLASSES.index("glasses")], np.float32)
    frame = find_spectacles(face, told)
    score = np.dot(_WEIGHTS, [np.sqrt(_bridge(face, told)), _across_nose(face), *frame.told(), 1.0])
    worn = float(smoothstep(np.array([score]), *_WORN)[0])
    if worn <= 0:
        return parsing
    raised = np.maximum(worn * _seen_from(parsing, close, drawn_frame(face, frame, len(told))), share)
    mended = parsing.shares * ((1 - raised) / np.maximum(1 - share, 1e-6))
    mended[CLASSES.index("glasses")] = raised
    return replace(parsing, shares=mended.astype(np.float32))


def _face(pyramid: Pyramid, crop: Crop, eyes: Float[np.ndarray, "2 2"]) -> FacePicture:
    """What a crop of a photo shows; the eyes' middles (2, 2) are pixels of the photo."""
    places = crop.from_photo(eyes)
    places = places[np.argsort(places[:, 0])]
    return FacePicture.of(pyramid.sample(crop, _SIDE, replicate=True), places.mean(0), places[1] - places[0])


def _seen_from(parsing: HeadParsing, close: Crop, values: Float32[np.ndarray, "S S"]) -> Float32[np.ndarray, "R R"]:
    """Values of a closer crop at the pixels of the parsing's; 0 off it."""
    side = parsing.shares.shape[1]
    to_photo = np.vstack([parsing.crop.matrix(side), [0, 0, 1]])
    to_close = np.linalg.inv(np.vstack([close.matrix(len(values)), [0, 0, 1]])) @ to_photo
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(values, to_close[:2], (side, side), flags=flags), np.float32)


def _bridge(face: FacePicture, share: Float32[np.ndarray, "S S"]) -> float:
    """The bridge's share by the parsing."""
    return float(np.clip(face.read(np.asarray(share, np.float32), _patch(_BOX)), 0, 1).max())


def _across_nose(face: FacePicture) -> float:
    """Contrast of a thin line across the nose, 0..1.

    By Meyer's top-hat transform (Serra, Image analysis and mathematical morphology, 1982) in the columns of a strip.
    """
    strip = face.read(np.ascontiguousarray(face.lab[..., 0]), _patch(_STRIP))
    tall = np.ones((_THIN, 1), np.uint8)
    dark = cv2.morphologyEx(strip, cv2.MORPH_CLOSE, tall) - strip
    bright = strip - cv2.morphologyEx(strip, cv2.MORPH_OPEN, tall)
    lines = [cv2.dilate(found, np.ones((_BENT, 1), np.uint8)) for found in (dark, bright)]
    contrast = max(float(np.sort(found, axis=1)[:, _BROKEN].max()) for found in lines)
    return min(contrast / _CLEAR, 1.0)


def _patch(box: tuple[float, float, float]) -> Float[np.ndarray, "R C 2"]:
    """Places of a box between the eyes: its half width, top and bottom."""
    half, top, bottom = box
    return np.stack(np.meshgrid(np.linspace(-half, half, _COLUMNS), np.linspace(top, bottom, _ROWS)), -1)
