"""Clothes at neck and shoulders: the skin's own surface moved outwards and cut, and collars that stand or are folded.

Convention: metres; heights are over the neck's rim along the neck, positive towards the head; angles about the neck are
0 at the front and grow towards the subject's left. Worked number: a round neckline is cut at the height 0.005.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...geometry.normals import unit, vertex_normals
from ...shapes import Float, Int
from .colours import cloth_colour
from .skins import SkinMesh
from .surface import Surface, Texture
from .tiles import cloth_tile


class Neck(NamedTuple):
    """Where the neck stands; N vertices of the drawn skin.

    Attributes:
        centre: (3,) middle of the rim, metres.
        up: (3,) along the neck.
        front: (3,) across it, forwards.
        left: (3,) across it, towards the subject's left.
        height: (N,) over the rim, metres.
        angle: (N,) radians about the neck.
        across: (N,) metres to the left of the middle.
        size: factor by which the neck is wider than an adult's of 6 cm radius.
    """

    centre: Float[np.ndarray, "3"]
    up: Float[np.ndarray, "3"]
    front: Float[np.ndarray, "3"]
    left: Float[np.ndarray, "3"]
    height: Float[np.ndarray, " N"]
    angle: Float[np.ndarray, " N"]
    across: Float[np.ndarray, " N"]
    size: float


def neck_of(points: Float[np.ndarray, "N 3"], rim: Float[np.ndarray, "R 3"]) -> Neck:
    """The neck of a person, posed or not.

    Args:
        points: (N, 3) the drawn skin, metres.
        rim: (R, 3) the neck's rim in order around it.
    """
    centre = rim.mean(0)
    up = unit(np.cross(rim - centre, np.roll(rim, -1, 0) - centre).sum(0))
    up = up if up[1] > 0 else -up
    front = unit(np.array([0.0, 0, 1]) - up[2] * up)
    left = np.cross(up, front)
    away = points - centre
    x, z = away @ left, away @ front
    size = float(np.linalg.norm(rim - centre, axis=1).mean() / 0.06)
    return Neck(centre, up, front, left, away @ up, np.arctan2(x, z), x, size)


def dress(
    skin: SkinMesh,
    rest: Float[np.ndarray, "N 3"],
    posed: Float[np.ndarray, "N 3"],
    rim: Float[np.ndarray, "R 3"],
    random: np.random.Generator,
) -> list[Surface]:
    """Clothes on somebody: a shirt or pullover, often a jacket, a collar, a tie.

    Args:
        skin: the drawn skin.
        rest: (N, 3) its unposed vertices, metres.
        posed: (N, 3) its posed ones.
        rim: (R, 3) the neck's rim, unposed.
        random: randomness.
    """
    cloth = _Cloth(skin, rest, posed, neck_of(rest, rim), random)
    kind = random.choice(5, p=[0.3, 0.1, 0.22, 0.3, 0.08])
    thick = random.uniform(0.002, 0.007)
    if kind == 0:
        return [cloth.garment(cloth.neckline(), thick, cloth_colour(random))]
    if kind == 1:  # a turtleneck, a scarf
        high = random.uniform(0.02, 0.07) - cloth.neck.height / cloth.neck.size
        return [cloth.garment(high, thick + random.uniform(0.002, 0.012), cloth_colour(random))]
    colour = cloth_colour(random) if kind != 3 or random.random() < 0.3 else np.array([0.7, 0.7, 0.72])
    if kind == 4:  # a hood or a wide collar that stands away
        top = cloth_colour(random)
        return [cloth.garment(cloth.neckline(), thick, top), cloth.collar(top, 0.03, random.uniform(0.02, 0.05))]
    out = [cloth.garment(cloth.opened(random.uniform(-0.2, 0.25)), thick, colour), cloth.collar(colour, 0.004, 0.012)]
    if kind == 3:
        if random.random() < 0.6:
            out.append(cloth.tie(thick + 0.004, cloth_colour(random)))
        suit = cloth_colour(random) * random.choice([0.3, 1.0])
        depth = random.uniform(0.12, 0.3)
        out.append(cloth.garment(cloth.lapel(depth, 1.0), thick + 0.008, suit))
        out.append(cloth.garment(cloth.lapel(depth, random.uniform(0.03, 0.06)), thick + 0.013, suit * 0.9))
    return out


class _Cloth:
    """Makes the pieces of one person's clothes."""

    def __init__(
        self, skin: SkinMesh, rest: np.ndarray, posed: np.ndarray, neck: Neck, random: np.random.Generator
    ) -> None:
        self._skin, self._posed, self.neck, self._random = skin, posed, neck, random
        self._normals = vertex_normals(posed.astype(np.float64), skin.triangles)
        keep = skin.neck[skin.triangles].all(1)
        self._triangles: Int[np.ndarray, "T 3"] = skin.triangles[keep]
        self._rest = rest

    def neckline(self) -> np.ndarray:
        """(N,) above 0 below a round, wide or V-shaped neckline."""
        draw, neck = self._random, self.neck
        base = draw.uniform(-0.02, 0.012)
        front = np.exp(-((neck.angle / draw.uniform(0.3, 0.9)) ** 2))
        deep = draw.choice([0.0, draw.uniform(0.01, 0.09)])
        return base - deep * front - neck.height / neck.size

    def opened(self, open_by: float) -> np.ndarray:
        """(N,) a shirt's: closed at the neck, or open at the top buttons."""
        front = np.exp(-((self.neck.angle / 0.25) ** 2))
        return 0.01 - max(0.0, open_by) * 0.3 * front - self.neck.height / self.neck.size

    def lapel(self, depth: float, width: float) -> np.ndarray:
        """(N,) a jacket with a V down to `depth`; `width` metres of it along the edge, 1 for all."""
        neck = self.neck
        low = neck.height / neck.size
        front = np.abs(neck.angle) < 1.7
        edge = 0.066 * np.clip((low + depth) / depth, 0, 1.0)
        inside = np.where(low > -depth, np.abs(neck.across) / neck.size - edge, 1.0)
        cut = np.where(front, inside, 0.03 - low)
        cut = np.minimum(cut, 0.02 - low)
        return cut if width >= 1 else np.where(front & (low > -depth), np.minimum(cut, width - inside), -1)

    def garment(self, cut: np.ndarray, thickness: float, colour: np.ndarray) -> Surface:
        """The skin moved outwards, where `cut` is above 0."""
        draw = self._random
        folds = sum(
            np.sin(self._rest @ draw.normal(size=3) * draw.uniform(20, 70) + draw.uniform(0, 6)) for _ in range(4)
        )
        away = thickness * self.neck.size + draw.uniform(0, 0.0035) * (1 + folds / 2)
        away = away + draw.uniform(0.0, 0.02) * np.clip(-self.neck.height / 0.15, 0, 1)
        points = self._posed + self._normals * away[:, None]
        return self._plain(points, self._triangles, colour, self._rest, cut)

    def tie(self, thickness: float, colour: np.ndarray) -> Surface:
        """A strip down the front, with a knot."""
        low = -self.neck.height / self.neck.size
        half = np.where(low < 0.035, 0.016, 0.012 + 0.09 * np.clip(low - 0.03, 0, 0.25))
        cut = np.where(np.abs(self.neck.angle) < 1.2, half - np.abs(self.neck.across), -1)
        cut = np.minimum(cut, low + 0.004)
        points = self._posed + self._normals * (thickness + 0.008 * (low < 0.035))[:, None]
        return self._plain(points, self._triangles, colour, self._rest, cut)

    def collar(self, colour: np.ndarray, away: float, wide: float) -> Surface:
        """A folded collar: up around the neck, over, and down to the shoulders, open at the front."""
        draw, neck = self._random, self.neck
        count = 49
        around = np.linspace(0.12, 2 * np.pi - 0.12, count)
        turned = np.where(around > np.pi, around - 2 * np.pi, around)
        rise = draw.uniform(0.018, 0.04)
        back = (1 - np.cos(turned)) / 2
        top = (rise * (0.25 + 0.75 * back)) * neck.size
        outer = [self._around(a, h) for a, h in zip(turned, top, strict=True)]
        drop = draw.uniform(0.03, 0.055) * neck.size * (1 + 0.5 * np.exp(-((turned / 0.5) ** 2)))
        rows = []
        for share, extra in ((0.0, 0.0), (0.35, 0.0), (0.5, 0.2), (0.7, 0.75), (1.0, 1.0)):
            heights = top * min(1.0, share * 2) if share < 0.5 else top - drop * (share - 0.5) * 2
            heights = heights - 0.01 * (share < 0.1)
            radius = np.array(outer) + away * neck.size + wide * neck.size * extra
            place = (
                neck.centre
                + heights[:, None] * neck.up
                + radius[:, None] * (np.cos(turned)[:, None] * neck.front + np.sin(turned)[:, None] * neck.left)
            )
            rows.append(place)
        points = np.concatenate(rows)
        return self._plain(points, grid_triangles(len(rows), count), colour, points, None)

    def _around(self, angle: float, height: float) -> float:
        """Distance of the skin from the neck's axis at an angle and height, metres."""
        neck = self.neck
        gap = np.abs(np.angle(np.exp(1j * (neck.angle - angle))))
        near = np.exp(-((gap / 0.25) ** 2) - ((neck.height - height) / 0.012) ** 2)
        away = self._posed - neck.centre
        out = np.linalg.norm(away - (away @ neck.up)[:, None] * neck.up, axis=1)
        near = near * (np.abs(neck.height) < 0.06) * (out < 0.12)
        return float((near * out).sum() / max(near.sum(), 1e-9)) if near.sum() > 1e-6 else 0.06 * neck.size

    def _plain(
        self, points: np.ndarray, triangles: np.ndarray, colour: np.ndarray, home: np.ndarray, cut: np.ndarray | None
    ) -> Surface:
        tile = cloth_tile(colour, self._random)
        size = self._random.uniform(0.03, 0.2)
        texture = Texture(tile, home[:, :2] / size, triangles, np.ones(3))
        return Surface(points, triangles, "clothes", "cloth", texture=texture, cut=cut, gloss=0.02, roughness=0.06)


def grid_triangles(rows: int, columns: int) -> Int[np.ndarray, "T 3"]:
    """Triangles (T, 3) of a grid of points, row by row."""
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = (part.ravel() for part in (index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]))
    return np.concatenate([np.stack([a, c, b], 1), np.stack([b, c, d], 1)])
