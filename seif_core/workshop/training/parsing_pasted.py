"""Things drawn over real portraits, so that the network learns them on real skin: glasses, hands, telephones, hats.

Each is a few polygons, shaded, with a look taken from another picture or of one colour; its class is known exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from ...portrait.head_parsing import CLASSES
from ...shapes import Float, Float32

if TYPE_CHECKING:
    from .parsing_samples import ParsingSample

_FINE: Final = 4
"""Bits of fractions of a pixel in OpenCV's drawing."""
_EYES: Final = {68: ((36, 39), (42, 45)), 478: ((33, 133), (362, 263))}
"""Outer and inner corners of the eyes, in the picture from left to right."""
_CHIN: Final = {68: 8, 478: 152}
_NOSE: Final = {68: 30, 478: 4}
_MOUTH: Final = {68: (48, 54), 478: (61, 291)}
_CHEEKS: Final = {68: (2, 14), 478: (123, 352)}


class Canvas:
    """A sample that is being drawn on, with the measures of its face.

    Attributes:
        image: (S, S, 3) float32, 0..255.
        allowed: (S, S) uint16, as in `ParsingSample`.
        size: of the face, pixels.
        up: unit, from the chin to the brow.
        across: unit, from the picture's left to its right eye.
    """

    def __init__(self, sample: ParsingSample, draw: np.random.Generator, patches: list[np.ndarray]) -> None:
        self.image, self.allowed = sample.image.astype(np.float32), sample.allowed.copy()
        self.draw, self.patches = draw, patches
        p = sample.points.astype(np.float64)
        n = 68 if len(p) == 68 else 478
        self.eyes = np.array([[p[a], p[b]] for a, b in _EYES[n]])
        self.chin, self.nose = p[_CHIN[n]], p[_NOSE[n]]
        self.mouth, self.cheeks = p[list(_MOUTH[n])], p[list(_CHEEKS[n])]
        self.outline = sample.outline.astype(np.float64)
        self.size = float(np.ptp(self.outline, axis=0).max())
        between = self.eyes.reshape(-1, 2).mean(0)
        self.between = between
        across = self.eyes[1].mean(0) - self.eyes[0].mean(0)
        self.across = across / max(float(np.linalg.norm(across)), 1e-6)
        self.up = np.array([self.across[1], -self.across[0]])

    def at(self, right: float, up: float, origin: np.ndarray | None = None) -> Float[np.ndarray, "2"]:
        """A point so many face sizes beside and above the middle between the eyes, or another origin."""
        start = self.between if origin is None else origin
        return start + self.size * (right * self.across + up * self.up)

    def mask(self, *polygons: Float[np.ndarray, "N 2"]) -> Float32[np.ndarray, "S S"]:
        """How far polygons cover each pixel."""
        out = np.zeros(self.image.shape[:2], np.float32)
        for polygon in polygons:
            points = np.round((polygon - 0.5) * 2**_FINE).astype(np.int32)
            cv2.fillPoly(out, [points], (1.0,), cv2.LINE_AA, _FINE)
        return out

    def capsule(self, start: np.ndarray, end: np.ndarray, width: float) -> Float32[np.ndarray, "S S"]:
        """A thick line with round ends."""
        out = np.zeros(self.image.shape[:2], np.float32)
        a, b = (tuple(round(float(v) * 2**_FINE) for v in p - 0.5) for p in (start, end))
        cv2.line(out, a, b, (1.0,), max(1, round(width)), cv2.LINE_AA, _FINE)  # pyright: ignore[reportCallIssue, reportArgumentType]
        return out

    def look(self, *, patch: float = 0.6) -> Float32[np.ndarray, "S S 3"]:
        """Colours of a thing: a piece of another picture, one colour, or stripes."""
        side, draw = self.image.shape[0], self.draw
        if self.patches and draw.random() < patch:
            piece = self.patches[draw.integers(len(self.patches))]
            return cv2.resize(piece, (side, side)).astype(np.float32) * draw.uniform(0.6, 1.2)
        base = draw.uniform(5, 250) + draw.normal(0, 35, 3)
        rows, columns = np.mgrid[:side, :side]
        wave = np.sin((rows * draw.normal() + columns * draw.normal()) * draw.uniform(0.05, 0.8))
        stripes = (wave * (draw.uniform(0, 40) if draw.random() < 0.4 else 0))[..., None]
        return np.clip(base + stripes, 0, 255).astype(np.float32) * np.ones((side, side, 1), np.float32)

    def cover(
        self, mask: Float32[np.ndarray, "S S"], colours: Float32[np.ndarray, "S S 3"], name: str, *, round_: float = 0.3
    ) -> None:
        """Put a thing before what is there.

        Args:
            mask: how far it covers each pixel.
            colours: of its surface.
            name: its class.
            round_: how much darker its rim is than its middle.
        """
        inside = cv2.distanceTransform((mask > 0.5).astype(np.uint8), cv2.DIST_L2, 3)
        depth = np.clip(inside / (0.12 * self.size), 0, 1)
        light = 1 + round_ * (np.sqrt(depth) - 0.7)
        side = len(mask)
        rows, columns = (np.mgrid[:side, :side] - side / 2) / side
        light = light * (1 + self.draw.normal(0, 0.4) * rows + self.draw.normal(0, 0.4) * columns)
        grain = cv2.GaussianBlur(
            self.draw.normal(0, 1, mask.shape).astype(np.float32), (0, 0), self.draw.uniform(0.5, 3)
        )
        light = light + grain * self.draw.uniform(0, 0.15)
        if self.draw.random() < 0.6:  # its shadow on what lies behind
            dx, dy = self.draw.normal(0, 0.04 * self.size, 2)
            shadow = cv2.warpAffine(mask, np.array([[1, 0, dx], [0, 1, dy]], np.float32), (side, side))
            shadow = cv2.GaussianBlur(shadow, (0, 0), self.draw.uniform(0.5, 0.05 * self.size))
            self.image = self.image * (1 - self.draw.uniform(0.1, 0.5) * shadow[..., None])
        soft = cv2.GaussianBlur(mask, (0, 0), self.draw.uniform(0.4, 1.2))[..., None]
        self.image = self.image * (1 - soft) + np.clip(colours * light[..., None], 0, 255) * soft
        self.allowed[mask > 0.6] = 1 << CLASSES.index(name)
        self.allowed[(mask > 0.3) & (mask <= 0.6)] = 0

    def _noise(self, blur: float) -> Float32[np.ndarray, "S S"]:
        noise = self.draw.normal(0, 1, self.image.shape[:2]).astype(np.float32)
        return np.asarray(cv2.GaussianBlur(noise, (0, 0), blur), np.float32)

    def skin(self) -> Float32[np.ndarray, "S S 3"]:
        """The face's own colour, a little lighter or darker."""
        x, y = np.clip(np.round(self.cheeks.mean(0) * 0.5 + self.nose * 0.5), 2, len(self.image) - 3).astype(int)
        colour = np.median(self.image[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3), axis=0)
        colour = colour * np.exp(self.draw.normal(0, 0.15)) + self.draw.normal(0, 5, 3)
        return np.broadcast_to(colour.astype(np.float32), self.image.shape)


def paste_things(sample: ParsingSample, draw: np.random.Generator, patches: list[np.ndarray]) -> ParsingSample:
    """One thing, seldom two or three, over the head."""
    canvas = Canvas(sample, draw, patches)
    names = list(_THINGS)
    weights = np.array([_THINGS[name][1] for name in names])
    for _ in range(1 + int(draw.random() < 0.3) + int(draw.random() < 0.1)):
        _THINGS[str(draw.choice(names, p=weights / weights.sum()))][0](canvas)
    image = np.clip(canvas.image, 0, 255).astype(np.uint8)
    return sample._replace(image=image, allowed=canvas.allowed)


def _oval(centre: np.ndarray, across: np.ndarray, up: np.ndarray, power: float = 2.0) -> Float[np.ndarray, "64 2"]:
    """A superellipse; `across` and `up` are its half axes."""
    t = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    c, s = np.cos(t), np.sin(t)
    x, y = np.sign(c) * np.abs(c) ** (2 / power), np.sign(s) * np.abs(s) ** (2 / power)
    return centre + x[:, None] * across + y[:, None] * up


def _glasses(c: Canvas) -> None:
    draw = c.draw
    width = draw.uniform(0.19, 0.27) * c.size
    height = width * draw.uniform(0.5, 1.0)
    power, drop = float(draw.choice([2.0, 2.5, 3.5, 6.0])), draw.uniform(-0.03, 0.06)
    centres = [c.at(0, -drop, eye.mean(0)) for eye in c.eyes]
    rings = [_oval(m, c.across * width * 0.75, c.up * height * 0.75, power) for m in centres]
    line = max(1.0, draw.uniform(0.008, 0.05) * c.size)
    dark = draw.random() < 0.35
    frame = np.zeros(c.image.shape[:2], np.float32)
    for ring in rings:
        pts = np.round((ring - 0.5) * 2**_FINE).astype(np.int32)
        if draw.random() < 0.9 or dark:
            cv2.polylines(frame, [pts], True, (1.0,), max(1, round(line)), cv2.LINE_AA, _FINE)  # noqa: FBT003
    inner = [centres[0] + c.across * width * 0.75, centres[1] - c.across * width * 0.75]
    lift = c.up * height * draw.uniform(0, 0.4)
    frame = np.maximum(frame, c.capsule(inner[0] + lift, inner[1] + lift, line))
    ends = c.outline[(c.outline @ c.across).argmin()], c.outline[(c.outline @ c.across).argmax()]
    for sign, centre, end in ((-1, centres[0], ends[0]), (1, centres[1], ends[1])):
        start = centre + sign * c.across * width * 0.75 + lift
        level = end + c.up * float((start - end) @ c.up) * 0.8
        frame = np.maximum(frame, c.capsule(start, level, max(1.0, line * 0.8)))
    lens = c.mask(*rings)
    if dark:
        c.cover(np.maximum(lens, frame), c.look(patch=0.1) * draw.uniform(0.05, 0.5), "glasses", round_=0.05)
        return
    tint = lens[..., None] * draw.uniform(0, 0.15)
    c.image = c.image * (1 - tint) + tint * float(draw.choice([0.0, 255.0]))
    if draw.random() < 0.3:  # a window mirrored in the glass
        shine = c.mask(_oval(centres[0] + draw.normal(0, width / 3, 2), c.across * width * 0.3, c.up * height * 0.2))
        c.image = c.image + (lens * shine)[..., None] * draw.uniform(20, 120)
    c.cover(frame, c.look(patch=0.15) * float(draw.choice([0.15, 0.3, 0.6, 1.0])), "glasses", round_=0.05)


def _hand(c: Canvas, place: np.ndarray | None = None) -> None:
    draw = c.draw
    if place is None:
        place = c.at(draw.normal(0, 0.45), draw.uniform(-0.75, 0.35))
    way = draw.uniform(0, 2 * np.pi) if draw.random() < 0.3 else draw.normal(np.pi / 2, 0.7)
    along = np.array([np.cos(way), -np.sin(way)])
    beside = np.array([-along[1], along[0]])
    span = c.size * draw.uniform(0.16, 0.26)
    mask = c.mask(_oval(place, along * span, beside * span * 0.8, 2.5))
    spread = draw.normal(0, 0.12)
    for k in range(int(draw.integers(1, 6))):
        start = place + beside * span * (k - 1.8) * 0.42 + along * span * 0.5
        lean = along + beside * ((k - 1.8) * spread + draw.normal(0, 0.05))
        mask = np.maximum(mask, c.capsule(start, start + lean * span * draw.uniform(0.9, 1.9), span * 0.4))
    wrist = place - along * span
    if draw.random() < 0.8:
        mask = np.maximum(mask, c.capsule(wrist, wrist - along * c.size, span * 1.1))
    skin = c.skin()
    c.cover(mask, skin, "front", round_=0.5)
    if draw.random() < 0.5:  # a sleeve
        sleeve = c.capsule(wrist - along * c.size * 0.3, wrist - along * c.size * 1.2, span * 1.6)
        c.cover(sleeve, c.look(), "clothes")


def _telephone(c: Canvas) -> None:
    draw = c.draw
    side = draw.choice([-1.0, 1.0])
    place = c.at(side * draw.uniform(0.2, 0.6), draw.uniform(-0.6, 0.1))
    lean = draw.normal(0, 0.5)
    along = np.cos(lean) * c.up + np.sin(lean) * c.across
    beside = np.array([-along[1], along[0]])
    mask = c.mask(_oval(place, along * c.size * draw.uniform(0.3, 0.5), beside * c.size * draw.uniform(0.06, 0.22), 8))
    c.cover(mask, c.look(patch=0.3), "front", round_=0.1)
    if draw.random() < 0.7:
        _hand(c, place + draw.normal(0, 0.08, 2) * c.size)


def _microphone(c: Canvas) -> None:
    draw = c.draw
    place = c.at(draw.normal(0, 0.3), draw.uniform(-0.15, 0.25), c.chin)
    way = draw.normal(-np.pi / 2, 0.5)
    along = np.array([np.cos(way), -np.sin(way)])
    ball = c.size * draw.uniform(0.06, 0.16)
    stick = c.capsule(place, place + along * c.size * 1.5, ball * draw.uniform(0.3, 1.3))
    c.cover(stick, c.look(patch=0.2), "front", round_=0.4)
    head = c.mask(_oval(place, along * ball * draw.uniform(1, 1.6), np.array([-along[1], along[0]]) * ball))
    c.cover(head, c.look(patch=0.2) * draw.uniform(0.2, 1), "front", round_=0.5)
    if draw.random() < 0.4:
        _hand(c, place + along * c.size * draw.uniform(0.3, 0.7))


def _mouth_mask(c: Canvas) -> None:
    draw = c.draw
    below = (c.outline - c.nose) @ c.up < c.size * draw.uniform(0.0, 0.12)
    hull = cv2.convexHull(c.outline[below].astype(np.float32))[:, 0].astype(np.float64)
    middle = hull.mean(0)
    hull = middle + (hull - middle) * draw.uniform(0.85, 1.08)
    c.cover(c.mask(hull), c.look(patch=0.3), "front", round_=0.25)


def _lump(c: Canvas) -> None:
    """A cup, a leaf, a book, a shoulder: anything."""
    draw = c.draw
    place = c.at(draw.normal(0, 0.5), draw.uniform(-0.8, 0.5))
    radius = c.size * draw.uniform(0.08, 0.35, 2)
    turn = draw.uniform(0, np.pi)
    along = np.array([np.cos(turn), np.sin(turn)])
    outline = _oval(
        place, along * radius[0], np.array([-along[1], along[0]]) * radius[1], float(draw.choice([2, 3, 8]))
    )
    outline = outline + cv2.GaussianBlur(draw.normal(0, 0.12 * c.size, outline.shape), (0, 0), 3)
    c.cover(c.mask(outline), c.look(), "front")


def _hat(c: Canvas) -> None:
    draw = c.draw
    rim = draw.uniform(0.1, 0.36)
    half = draw.uniform(0.44, 0.62)
    top = rim + draw.uniform(0.35, 0.8)
    crown = _oval(
        c.at(0, rim + 0.08), c.across * half * c.size, c.up * (top - rim) * c.size, float(draw.choice([2, 2.5, 4]))
    )
    level = (crown - c.between) @ c.up / c.size
    sag = draw.normal(0, 0.08) * (1 - (((crown - c.between) @ c.across) / (half * c.size)) ** 2)
    crown = crown + np.where(level < rim, rim + sag - level, 0)[:, None] * c.up * c.size
    look = c.look()
    c.cover(c.mask(crown), look, "headwear")
    kind = draw.random()
    if kind < 0.45:  # a brim all around or a cap's peak
        wide = half * (draw.uniform(1.2, 1.9) if kind < 0.2 else draw.uniform(0.6, 1.0))
        brim = _oval(c.at(draw.normal(0, 0.1), rim), c.across * wide * c.size, c.up * draw.uniform(0.05, 0.2) * c.size)
        c.cover(c.mask(brim), look if draw.random() < 0.6 else c.look(), "headwear", round_=0.4)
    elif kind < 0.6:
        band = _oval(c.at(0, rim + 0.04), c.across * half * c.size, c.up * 0.06 * c.size, 6)
        c.cover(c.mask(band), c.look(), "headwear")


def _scarf(c: Canvas) -> None:
    """A headscarf or hood: everything about the face's oval, down to the shoulders."""
    draw = c.draw
    outer = _oval(c.at(0, -0.1), c.across * draw.uniform(0.55, 0.8) * c.size, c.up * draw.uniform(0.75, 0.95) * c.size)
    level = (outer - c.between) @ c.up / c.size
    fall = np.where(level < -0.3, draw.uniform(0, 0.6), 0)
    outer = outer - fall[:, None] * c.up * c.size
    hole = cv2.convexHull(c.outline.astype(np.float32))[:, 0].astype(np.float64)
    hole = hole.mean(0) + (hole - hole.mean(0)) * draw.uniform(0.82, 1.02)
    mask = np.clip(c.mask(outer) - c.mask(hole), 0, 1)
    c.cover(mask, c.look(), "headwear")


def _collar(c: Canvas) -> None:
    """A high collar, a shawl: cloth about the neck, sometimes over the chin."""
    draw = c.draw
    top = c.at(draw.normal(0, 0.05), draw.uniform(-0.4, 0.05), c.chin)
    half = draw.uniform(0.3, 0.7) * c.size
    down = -c.up * c.size * draw.uniform(0.3, 1.0)
    sag = -c.up * c.size * draw.uniform(0, 0.25)
    polygon = np.stack(
        [
            top - c.across * half,
            top + sag,
            top + c.across * half,
            top + c.across * half * 1.3 + down,
            top - c.across * half * 1.3 + down,
        ]
    )
    c.cover(c.mask(polygon), c.look(), "clothes")


def _beard(c: Canvas) -> None:
    """Moustache, beard or both, of strands of one colour."""
    draw = c.draw
    kind = draw.random()
    middle = c.mouth.mean(0)
    parts = []
    wide = float(np.linalg.norm(c.mouth[1] - c.mouth[0]))
    lips = c.mask(_oval(middle, c.across * wide * 0.5, c.up * wide * 0.17))
    if kind < 0.75:
        parts.append(
            c.mask(
                _oval(
                    (middle + c.nose) / 2 - c.up * 0.01 * c.size,
                    c.across * wide * draw.uniform(0.4, 0.7),
                    c.up * wide * draw.uniform(0.1, 0.2),
                    3,
                )
            )
        )
    if kind > 0.35:
        reach = draw.uniform(0.25, 1.0)
        below = c.outline[(c.outline - middle) @ c.up < reach * 0.25 * c.size]
        hull = cv2.convexHull(below.astype(np.float32))[:, 0].astype(np.float64)
        hull = hull.mean(0) + (hull - hull.mean(0)) * np.array(
            [draw.uniform(0.5, 1.02), draw.uniform(0.9, 1.15)], np.float32
        )
        cut = c.mask(
            _oval(middle + c.up * 0.25 * c.size, c.across * draw.uniform(0.25, 0.5) * c.size, c.up * 0.3 * c.size, 3)
        )
        parts.append(np.clip(c.mask(hull) - cut * (reach > 0.4), 0, 1))
    mask = np.clip(np.maximum.reduce(parts) - lips, 0, 1)
    rough = cv2.GaussianBlur(draw.normal(0, 1, mask.shape).astype(np.float32), (0, 0), 1.5) * 1.2
    mask = np.clip(
        cv2.GaussianBlur(mask, (0, 0), draw.uniform(0.8, 2.5)) * 1.6 - 0.3 + rough * (mask > 0.1) * 0.3, 0, 1
    )
    strands = cv2.GaussianBlur(draw.normal(0, 1, mask.shape).astype(np.float32), (0, 0), sigmaX=0.6, sigmaY=2.5)
    base = np.float32(float(draw.choice([15, 30, 50, 90, 140, 190]))) * np.array(
        [1.1, 1.0, 0.88 + 0.1 * draw.random()], np.float32
    )
    colours = np.clip(base * (1 + 0.9 * strands[..., None]), 0, 255)
    opaque = draw.uniform(0.7, 1.0)
    c.image = c.image * (1 - opaque * mask[..., None]) + colours * opaque * mask[..., None]
    c.allowed[mask > 0.6] = 1 << CLASSES.index("beard")
    c.allowed[(mask > 0.2) & (mask <= 0.6)] = 0


_THINGS: Final[dict[str, tuple[Any, float]]] = {
    "glasses": (_glasses, 4.0),
    "hand": (_hand, 2.5),
    "telephone": (_telephone, 1.2),
    "microphone": (_microphone, 1.2),
    "mask": (_mouth_mask, 0.5),
    "lump": (_lump, 0.8),
    "hat": (_hat, 2.5),
    "scarf": (_scarf, 1.2),
    "collar": (_collar, 1.0),
    "beard": (_beard, 1.6),
}
"""What can be pasted, and how often."""
