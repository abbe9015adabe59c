"""The rims of glasses: closed thin lines around the eyes, whatever their colour.

Lids, brows, bags and folds are lines too, but none closes around an eye at a lens' distance. About each eye the photo
is read in polar coordinates, and the ring with the most contrast against both of its sides is found by dynamic
programming. Glasses are alike on both sides, so each eye's ring is also drawn to what the other eye shows.

Source of the ring: minimal paths through a polar map, as snakes are solved by dynamic programming (Amini, Weymouth and
Jain, "Using dynamic programming for solving variational problems in vision", PAMI 1990).
Convention: places in units of the distance between the eyes' middles, from the middle between them, x to the picture's
right along the eyes, y down. Worked number: a round rim 3 % of that distance thick and 14 L* darker than the skin on
both of its sides has a `contrast` of 1 all round.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np

from ..geometry.sampling import sample
from ..shapes import Float, Float32

_ANGLES, _RADII = 96, 72
"""Of the polar map."""
_CENTRE: Final = (0.5, 0.04)
"""Where a lens' middle lies, to the side and below. Chosen by eye on portraits, as are the constants below unless they
say more."""
_INNER: Final = (0.27, 0.17, 0.18)
"""Half axes, to the sides, up and down, of the ellipse about it that holds an eye: no rim lies within."""
_OUTER: Final = (0.66, 0.46, 0.58)
"""The same of the ellipse that holds a lens."""
_NOSE: Final = 0.47
"""How far a lens reaches towards the nose."""
_SIDES: Final = (0.035, 0.06, 0.10)
"""How far beside a line its sides are looked at: thin metal to thick plastic."""
_STRONG: Final = 14.0
"""L* (and two thirds of that in a* and b*) by which a line differs from both sides that counts wholly."""
_STRONGEST: Final = 0.9
"""Or, in a face full of lines, this quantile of their contrasts."""
_ALMOST: Final = 0.8
"""Share of its contrast at which a line's side is reached."""
_CHROMA: Final = 1.5
_CALM: Final = 0.012
"""Of the Gaussian that the picture is smoothed by."""
_OTHER: Final = 0.25
"""Weight of what the other eye shows."""
_WIDE: Final = 0.12
"""Worth of the widest ring over the narrowest: bags and lids lie within a frame."""
_ALIKE: Final = 3.0
"""Standard deviation of the Gaussian, in steps of angle and radius, over which the eyes are alike."""
_BENDS: Final = 5
"""Steps of the radius, of its 72, that a ring may take from an angle to the next."""
_STIFF: Final = 0.02
"""What a step costs, times its square."""
_LEAST: Final = -1e9
_TO_NOSE: Final = -0.6
"""Cosine of the angles of a ring's part beside the nose."""
_HALF: Final = (0.012, 0.5)
"""Half of a frame's width: this much, and this share of the distance at which its sides were told."""
_SHADE: Final = 0.02
"""How far below a frame its shadow lies on the skin."""
_EVEN: Final = 7
"""Places of a line over which its width is the middle one and its contrast the mean."""
_FINER: Final = 4
"""Pixels that a frame is drawn with for one of its map."""
_ROWS, _COLUMNS = 64, 40
_BRIDGE: Final = (0.30, -0.22, 0.24)
"""Half width, top and bottom of the place of the bridge."""
_TEMPLE: Final = (0.85, 1.30, -0.28, 0.22)
"""From where to where a temple is seen beside a rim, and between which heights."""
_LINE: Final = 0.25
"""Contrast from which a place of a line is believed."""


class Lines(NamedTuple):
    """Lines in a picture of a face, P places each.

    Attributes:
        place: (L, P, 2) where they run.
        contrast: (L, P) how far each place differs from both sides of the line, 0..1.
        side: (L, P) distance at which these sides were seen.
    """

    place: Float[np.ndarray, "L P 2"]
    contrast: Float[np.ndarray, "L P"]
    side: Float[np.ndarray, "L P"]


class Spectacles(NamedTuple):
    """The likeliest frame before a face, whether there is one or not.

    Attributes:
        rims: around both eyes, that on the picture's left first, of 96 angles from the outer side over the lower.
        share: (2, A) how far the parsing calls these glasses.
        straight: the bridge, and the temples.
    """

    rims: Lines
    share: Float[np.ndarray, "2 A"]
    straight: Lines

    def told(self) -> Float[np.ndarray, "4"]:
        """What tells of glasses, 0..1 each.

        Returns:
            The root of the rims' share beside the nose; the mean contrast of the fainter rim there, of the bridge, and
            of the temples.
        """
        inner = np.cos(_angles()) < _TO_NOSE
        rim = self.rims.contrast[:, inner].mean(1).min()
        bridge, *temples = self.straight.contrast.mean(1)
        return np.array([np.sqrt(self.share[:, inner]).mean(), rim, bridge, np.mean(temples)])


class FacePicture(NamedTuple):
    """A picture of a face and where the eyes are in it.

    Attributes:
        lab: (T, T, 3) float32, L*a*b*, smoothed.
        middle: (2,) between the eyes, 0..1 of the picture.
        across: (2,) from the one on the left to the other.
    """

    lab: Float32[np.ndarray, "T T 3"]
    middle: Float[np.ndarray, "2"]
    across: Float[np.ndarray, "2"]

    @staticmethod
    def of(picture: np.ndarray, middle: Float[np.ndarray, "2"], across: Float[np.ndarray, "2"]) -> FacePicture:
        """From a picture (T, T, 3), sRGB bytes."""
        lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
        sigma = _CALM * float(np.hypot(*across)) * len(picture)
        return FacePicture(cv2.GaussianBlur(lab, (0, 0), sigma).astype(np.float32), middle, across)

    def placed(self, place: Float[np.ndarray, "*N 2"]) -> Float[np.ndarray, "*N 2"]:
        """Places of the face in the picture, 0..1."""
        down = np.array([-self.across[1], self.across[0]])
        return self.middle + place[..., :1] * self.across + place[..., 1:] * down

    def read(self, values: np.ndarray, place: Float[np.ndarray, "*N 2"]) -> Float32[np.ndarray, "*N *C"]:
        """Values of a map of the picture at places of the face."""
        at = (self.placed(place).reshape(-1, 2) * len(values) - 0.5).astype(np.float32)
        found = np.asarray(sample(values, *np.ascontiguousarray(at.T)), np.float32)
        return found.reshape(*place.shape[:-1], *values.shape[2:])

    def lines(
        self, place: Float[np.ndarray, "*N 2"], aside: Float[np.ndarray, "*N 2"]
    ) -> tuple[Float[np.ndarray, "*N"], Float[np.ndarray, "*N"]]:
        """How far places differ from both of their sides, 0..1, and how far off these sides are.

        Args:
            place: where.
            aside: unit directions across the line.
        """
        here, found = self.read(self.lab, place), []
        for distance in _SIDES:
            one, other = (self.read(self.lab, place + sign * distance * aside) for sign in (-1, 1))
            apart = np.maximum(np.minimum(one, other) - here, here - np.maximum(one, other))
            found.append((np.maximum(apart, 0) * [1, _CHROMA, _CHROMA]).max(-1))
        most = np.max(found, 0)
        near = np.argmax(np.array(found) >= _ALMOST * most, 0)
        strong = max(_STRONG, float(np.quantile(most, _STRONGEST)))
        return np.clip(most / strong, 0, 1), np.array(_SIDES)[near]


def find_spectacles(face: FacePicture, share: Float32[np.ndarray, "S S"]) -> Spectacles:
    """The likeliest frame, whether there is one or not.

    Args:
        face: the picture.
        share: how far its pixels show glasses by the parsing.
    """
    polar = [_polar(side) for side in (-1, 1)]
    looks = [face.lines(place, aside) for place, aside in polar]
    shares = [np.clip(face.read(share, place), 0, 1) for place, _ in polar]
    wide = _WIDE * np.linspace(0, 1, _RADII)
    maps = [line + np.sqrt(told) + wide for (line, _), told in zip(looks, shares, strict=True)]
    alike = [cv2.GaussianBlur(m, (0, 0), _ALIKE) for m in maps]
    found = []
    for k in (0, 1):
        at = (np.arange(_ANGLES), _ring(maps[k] + _OTHER * alike[1 - k]))
        found.append((polar[k][0][at], looks[k][0][at], looks[k][1][at], shares[k][at]))
    place, contrast, side, told = (np.stack(values) for values in zip(*found, strict=True))
    return Spectacles(Lines(place, contrast, side), told, _straight(face))


def drawn_frame(face: FacePicture, frame: Spectacles, side: int) -> Float32[np.ndarray, "S S"]:
    """The frame and its shadow as a map of the picture, `side` pixels a side, 0..1: rims, bridge and temples."""
    fine = _FINER * side
    unit = float(np.hypot(*face.across)) * fine
    out = np.zeros((fine, fine), np.uint8)
    rims = _closed(frame)
    for lines, shown in ((rims, _believed(frame)), (frame.straight, frame.straight.contrast)):
        seen = np.stack([cv2.blur(row[None].astype(np.float32), (_EVEN, 1))[0] for row in shown]) > _LINE
        for k in range(len(lines.place)):
            at = np.rint(face.placed(lines.place[k]) * fine - 0.5).astype(int)
            width = 2 * (_HALF[0] + _HALF[1] * lines.side[k]) * unit
            for i in np.flatnonzero(seen[k, 1:] & seen[k, :-1]):
                cv2.line(out, at[i].tolist(), at[i + 1].tolist(), (255,), max(1, round(float(width[i]))), cv2.LINE_AA)
    down = _SHADE * np.array([-face.across[1], face.across[0]]) * fine
    shadow = cv2.warpAffine(out, np.array([[1, 0, down[0]], [0, 1, down[1]]], np.float32), (fine, fine))
    both = np.maximum(out, shadow).astype(np.float32) / 255
    return np.asarray(cv2.resize(both, (side, side), interpolation=cv2.INTER_AREA), np.float32)


def _straight(face: FacePicture) -> Lines:
    """Bridge and temples, from the picture's left to its right."""
    out = []
    half, top, bottom = _BRIDGE
    start, end, high, low = _TEMPLE
    for left, right, over, under in ((-half, half, top, bottom), (-end, -start, high, low), (start, end, high, low)):
        x, y = np.meshgrid(np.linspace(left, right, _COLUMNS), np.linspace(over, under, _ROWS))
        place = np.stack([x, y], -1)
        line, apart = face.lines(place, np.broadcast_to([0.0, 1.0], place.shape))
        at = (_path(line.T), np.arange(_COLUMNS))
        out.append((place[at], line[at], np.full(_COLUMNS, np.median(apart[at]))))
    return Lines(*(np.stack(values) for values in zip(*out, strict=True)))


def _angles() -> Float[np.ndarray, " A"]:
    return np.linspace(0, 2 * np.pi, _ANGLES, endpoint=False)


def _polar(side: int) -> tuple[Float[np.ndarray, "A R 2"], Float[np.ndarray, "A R 2"]]:
    """Places about one eye, by angle and radius, and the directions away from its middle."""
    cos, sin = np.cos(_angles()), np.sin(_angles())

    def reach(outward: float, nose: float, up: float, down: float) -> np.ndarray:
        wide, tall = np.where(cos < 0, nose, outward), np.where(sin < 0, up, down)
        return 1 / np.hypot(cos / wide, sin / tall)

    low, high = reach(_INNER[0], *_INNER), reach(_OUTER[0], _NOSE, *_OUTER[1:])
    radius = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, _RADII)
    away = np.stack([side * cos, sin], -1)[:, None]
    place = radius[..., None] * away + [side * _CENTRE[0], _CENTRE[1]]
    return place, np.broadcast_to(away, place.shape)


def _ring(worth: Float[np.ndarray, "A R"]) -> np.ndarray:
    """Of each angle the radius of the closed line that is worth most."""
    count = len(worth)
    return _path(np.concatenate([worth] * 3))[count : 2 * count]  # three times round: its ends are far from the middle


def _path(worth: Float[np.ndarray, "N R"]) -> np.ndarray:
    """Of each row the column of the line that is worth most, (N,)."""
    steps = np.arange(-_BENDS, _BENDS + 1)
    columns = np.arange(worth.shape[1])
    source = columns - steps[:, None]
    outside = (source < 0) | (source >= len(columns))
    source = source.clip(0, len(columns) - 1)
    cost = np.where(outside, -_LEAST, _STIFF * steps[:, None] ** 2)
    best, came = worth[0], []
    for row in worth[1:]:
        choice = best[source] - cost
        k = choice.argmax(0)
        came.append(source[k, columns])
        best = choice[k, columns] + row
    path = [int(best.argmax())]
    for back in reversed(came):
        path.append(int(back[path[-1]]))
    return np.array(path[::-1])


def _believed(frame: Spectacles) -> Float[np.ndarray, "2 B"]:
    """How far closed rims are lines, or glasses to the parsing: lenses may have no rim that could be seen."""
    seen = frame.rims.contrast + np.sqrt(frame.share)
    return np.concatenate([seen, seen[:, :1]], axis=1)


def _closed(frame: Spectacles) -> Lines:
    """The rims with their first place at their end again, as thick as they are around it; faint places as sure ones."""
    sure = frame.rims.contrast > _LINE
    usual = float(np.median(frame.rims.side[sure])) if sure.any() else _SIDES[0]
    apart = np.where(sure, frame.rims.side, usual)
    around = np.stack([np.roll(apart, k, axis=1) for k in range(-(_EVEN // 2), _EVEN // 2 + 1)])
    even = Lines(frame.rims.place, frame.rims.contrast, np.median(around, axis=0))
    return Lines(*(np.concatenate([values, values[:, :1]], axis=1) for values in even))
