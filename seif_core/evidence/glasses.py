"""Glasses that the parsing hardly sees: thin frames, told by their bridge.

The network gives thin frames small shares, which alone tell nothing: a furrow has as much. A frame also crosses the
nose between the eyes, as one line, darker or lighter than the skin, from side to side. Where the photo shows such a
line the network is asked once more, about the eyes from close by; where it says so too, the person wears glasses, and
the shares of what is frame are raised.

Source of the line finder: Meyer's top-hat transform (Serra, Image analysis and mathematical morphology, 1982).
Convention: places in units of the distance between the eyes' middles, x to the picture's right along the eyes, y down.
Worked number: a bridge that is 25 L* darker than the nose, with a share of 0.2, scores 5.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

import cv2
import numpy as np

from ..geometry.sampling import sample, smoothstep
from ..portrait import Portrait
from ..portrait.crop import Crop, Pyramid
from ..portrait.head_parsing import CLASSES, HeadParsing
from ..portrait.landmarks import Landmarks
from ..portrait.parsing import inputs_of, shares_of
from ..shapes import Float, Float32
from .skin_colour_model import disc

_SIDE: Final = 512
"""Pixels of the crop in which lines are looked for. Chosen by eye, as are the constants below unless they say more."""
_BOX: Final = (0.20, -0.20, 0.35)
"""Half width, top and bottom of the place where the parsing is asked for a bridge."""
_STRIP: Final = (0.12, -0.25, 0.40)
"""The same where the photo is asked for a line."""
_ROWS, _COLUMNS = 96, 24
_THIN: Final = 15
"""Rows of the strip, a tenth of the eyes' distance, above which a line is not thin."""
_BENT: Final = 9
"""Rows within which it may bend."""
_BROKEN: Final = 3
"""Columns of the strip that it may lack."""
_ASKED: Final = (0.01, 2.5)
"""Share and L* of a bridge in the first parsing from which the network is asked again."""
_CLOSE: Final = 0.6
"""Side of the crop about the eyes, of that of the head's."""
_WORN: Final = (1.95, 2.4)
"""Score from which glasses are worn, not at all and wholly. Of 151 portraits 32 score more, all of people with glasses;
of the others nine wear some, which are rimless, out of focus, or thick and clear."""
_BAND: Final = (1.25, 0.65)
"""Half width and half height of the place around the eyes where shares are raised."""
_BAND_FADE: Final = (0.85, 1.0)
_GAIN: Final = (0.03, 0.16)
"""Shares that become 0 and 1."""
_LINE: Final = 0.1
"""How wide a part of a frame is at most."""
_FRAME: Final = (4.0, 10.0)
"""L* by which a line differs from what is beside it, not and wholly a frame."""
_NEAR: Final = (0.015, 0.06)
"""Share nearby from which it is one."""
_BESIDE: Final = 0.12
"""How far off the parsing's frame a line may lie."""


class _Look(NamedTuple):
    """A crop with what it shows: glasses (S, S) by the parsing, lightness (T, T) in L*, the eyes' places in it."""

    crop: Crop
    share: Float32[np.ndarray, "S S"]
    light: Float32[np.ndarray, "T T"]
    middle: Float[np.ndarray, "2"]
    across: Float[np.ndarray, "2"]

    @staticmethod
    def at(pyramid: Pyramid, crop: Crop, share: Float32[np.ndarray, "S S"], eyes: Float[np.ndarray, "2 2"]) -> _Look:
        """What a crop of a photo shows; the eyes' middles (2, 2) are pixels of the photo."""
        places = crop.from_photo(eyes)
        places = places[np.argsort(places[:, 0])]
        picture = pyramid.sample(crop, _SIDE, replicate=True)
        light = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)[..., 0]
        return _Look(crop, share, light, places.mean(0), places[1] - places[0])

    @property
    def down(self) -> Float[np.ndarray, "2"]:
        """The eyes' distance downward."""
        return np.array([-self.across[1], self.across[0]])


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
    first = _Look.at(pyramid, parsing.crop, parsing.share("glasses"), eyes)
    if np.hypot(*first.across) * len(first.share) < 1 or not np.all(_bridge(first) > _ASKED):
        return parsing
    crop, middle = parsing.crop, eyes.mean(0)
    x, y = middle + _CLOSE * (np.array([crop.x, crop.y]) - middle)
    close = replace(crop, x=float(x), y=float(y), size=_CLOSE * crop.size)
    shares = shares_of(inputs_of(pyramid, Landmarks(portrait.landmarks, portrait.confidence, portrait.roll), close))
    look = _Look.at(pyramid, close, shares[CLASSES.index("glasses")], eyes)
    worn = float(smoothstep(np.prod(_bridge(look), keepdims=True), *_WORN)[0])
    if worn <= 0:
        return parsing
    raised = np.maximum(worn * _seen_from(parsing, close, _frame(look)), first.share)
    mended = parsing.shares * ((1 - raised) / np.maximum(1 - first.share, 1e-6))
    mended[CLASSES.index("glasses")] = raised
    return replace(parsing, shares=mended.astype(np.float32))


def _seen_from(parsing: HeadParsing, close: Crop, values: Float32[np.ndarray, "S S"]) -> Float32[np.ndarray, "R R"]:
    """Values of a closer crop at the pixels of the parsing's; 0 off it."""
    side = parsing.shares.shape[1]
    rows, columns = np.mgrid[:side, :side]
    photo = parsing.crop.to_photo(np.stack([columns + 0.5, rows + 0.5], axis=2).reshape(-1, 2) / side)
    return _read(values, close.from_photo(photo)).reshape(side, side)


def _read(values: np.ndarray, places: np.ndarray) -> Float32[np.ndarray, " N"]:
    """Values of a map (S, S) at places (N, 2) of its crop, 0..1."""
    at = (places * len(values) - 0.5).astype(np.float32)
    found = sample(np.ascontiguousarray(values, np.float32), *np.ascontiguousarray(at.T))
    return np.asarray(found, np.float32)


def _bridge(look: _Look) -> Float[np.ndarray, "2"]:
    """The bridge's share by the parsing, and its line's contrast in L*."""
    told = float(_patch(look.share, look, _BOX).max())
    strip = _patch(look.light, look, _STRIP)
    tall = np.ones((_THIN, 1), np.uint8)
    dark = cv2.morphologyEx(strip, cv2.MORPH_CLOSE, tall) - strip
    bright = strip - cv2.morphologyEx(strip, cv2.MORPH_OPEN, tall)
    lines = [cv2.dilate(found, np.ones((_BENT, 1), np.uint8)) for found in (dark, bright)]
    return np.array([told, max(float(np.sort(found, axis=1)[:, _BROKEN].max()) for found in lines)])


def _patch(values: np.ndarray, look: _Look, box: tuple[float, float, float]) -> Float32[np.ndarray, "R C"]:
    """A map of the crop in a box along the eyes, `_ROWS` by `_COLUMNS`."""
    half, top, bottom = box
    x, y = np.meshgrid(np.linspace(-half, half, _COLUMNS), np.linspace(top, bottom, _ROWS))
    place = look.middle + x[..., None] * look.across + y[..., None] * look.down
    return _read(values, place.reshape(-1, 2)).reshape(_ROWS, _COLUMNS)


def _frame(look: _Look) -> Float32[np.ndarray, "S S"]:
    """What is frame, (S, S) in 0..1: what the parsing sees, however weakly, and thin lines beside that."""
    share, light, side = look.share, look.light, len(look.share)
    unit = float(np.hypot(*look.across))
    thin = disc(_LINE * unit * _SIDE / 2)
    dark = cv2.morphologyEx(light, cv2.MORPH_CLOSE, thin) - light
    bright = light - cv2.morphologyEx(light, cv2.MORPH_OPEN, thin)
    line = smoothstep(np.maximum(dark, bright), *_FRAME).astype(np.float32)
    line = np.clip(2 * cv2.resize(line, (side, side), interpolation=cv2.INTER_AREA), 0, 1)
    near = cv2.dilate(share, disc(_BESIDE * unit * side))
    frame = np.maximum(smoothstep(share, *_GAIN), line * smoothstep(near, *_NEAR))
    rows, columns = np.mgrid[:side, :side]
    offset = np.stack([columns + 0.5, rows + 0.5], axis=2) / side - look.middle
    along, below = offset @ look.across / unit**2, offset @ look.down / unit**2
    within = np.maximum(np.abs(along) / _BAND[0], np.abs(below) / _BAND[1])
    return (frame * (1 - smoothstep(within, *_BAND_FADE))).astype(np.float32)
