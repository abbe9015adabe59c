"""Hats, caps, headbands and headscarves: a dome about the skull, cut and given a brim.

Convention: the unposed head's frame, metres; directions from the skull's middle: `azimuth` 0 at the face, growing
towards the subject's left, `height` -1..1 the sine of the elevation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...shapes import Float
from .body import Person
from .clothing import grid_triangles
from .colours import cloth_colour
from .dome import COLUMNS, ROWS, Dome
from .surface import Surface, Texture
from .tiles import cloth_tile


class Headwear(NamedTuple):
    """What somebody wears on the head, not posed.

    Attributes:
        surfaces: dome and brim, unposed.
        hides: points (N, 3) above 0 are under it: a function of unposed places.
        bald: whether no hair may show.
    """

    surfaces: list[Surface]
    plane: Float[np.ndarray, "4"]
    bald: bool

    def hidden(self, points: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, " N"]:
        """(N,) metres by which unposed points lie under the hat's edge plane, from above: above 0 they are hidden."""
        return points @ self.plane[:3] + self.plane[3]


def random_headwear(
    person: Person, skin: Float[np.ndarray, "N 3"], face: Float[np.ndarray, "68 3"], random: np.random.Generator
) -> Headwear:
    """Headwear for somebody.

    Args:
        person: unposed.
        skin: (N, 3) outer skin of the unposed head without the body, metres.
        face: (68, 3) iBUG landmarks, metres.
        random: randomness.
    """
    kind = random.choice(5, p=[0.22, 0.25, 0.2, 0.23, 0.1])
    brows, chin = face[17:27].mean(0), face[8]
    centre = np.array([0, brows[1] + 0.005, person.joints[1, 2] + 0.03])
    tall = float(np.linalg.norm(brows - chin))
    colour = cloth_colour(random)
    if kind == 3:
        return _scarf(skin, face, centre, colour, random)
    raised = tall * random.uniform(0.12, 0.5)
    tilt = random.uniform(0.05, 0.45)
    normal = np.array([random.normal() * 0.05, 1.0, -tilt])
    normal /= np.linalg.norm(normal)
    edge = np.array([0, brows[1] + raised, brows[2]])
    plane = np.r_[normal, -normal @ edge]
    away = random.uniform(0.008, 0.02) if kind != 2 else random.uniform(0.012, 0.03)
    dome = Dome(skin, centre, 4)
    directions, radius = dome.directions, dome.radius
    flatness = random.uniform(0, 0.3) if kind == 2 else 0.0
    points = centre + directions * (radius + away)[..., None]
    top = random.uniform(0.0, 0.06) if kind in (0, 2) else 0.0
    points[..., 1] += top * np.clip(directions[..., 1] - flatness, 0, 1) ** 2
    flat = points.reshape(-1, 3)
    cut = flat @ plane[:3] + plane[3]
    if kind == 4:  # a headband
        cut = np.minimum(cut, random.uniform(0.02, 0.05) - cut)
    out = [_cloth(flat, grid_triangles(ROWS, COLUMNS), colour, cut, random)]
    if kind in (1, 2):
        out.append(_brim(points, plane, colour, kind == 1, random))
    hides = plane if kind != 4 else np.array([0, 0, 0, -1.0])
    return Headwear(out, hides, bald=False)


def _scarf(
    skin: np.ndarray, face: np.ndarray, centre: np.ndarray, colour: np.ndarray, random: np.random.Generator
) -> Headwear:
    """A headscarf: the dome all around with an opening for the face, falling on the shoulders."""
    dome = Dome(skin, centre, 4)
    directions, radius = dome.directions, dome.radius
    away = random.uniform(0.008, 0.022)
    folds = sum(
        np.sin(directions @ random.normal(size=3) * random.uniform(6, 16) + random.uniform(0, 6)) for _ in range(5)
    )
    points = centre + directions * (radius + away + 0.002 * folds)[..., None]
    lowest = face[8, 1] - 0.16
    fall = np.clip((face[8, 1] - 0.02 - points[..., 1]) / 0.1, 0, 1)
    points[..., :] += fall[..., None] * directions * [0.05, 0, 0.04]
    points[..., 1] = np.maximum(points[..., 1], lowest)
    middle = (face[27] + face[8]) / 2 + [0, 0.012, 0]
    wide = np.abs(face[[1, 15], 0]).mean() * random.uniform(0.82, 1.02)
    tall = float(face[17:27, 1].mean() - face[8, 1]) * random.uniform(0.62, 0.78)
    flat = points.reshape(-1, 3)
    oval = np.hypot((flat[:, 0] - middle[0]) / wide, (flat[:, 1] - middle[1]) / tall) - 1
    cut = np.where(flat[:, 2] > person_depth(face), oval * 0.05, 0.05)
    surface = _cloth(flat, grid_triangles(ROWS, COLUMNS), colour, cut, random)
    return Headwear([surface], np.array([0, 0, 0, 1.0]), bald=True)


def person_depth(face: Float[np.ndarray, "68 3"]) -> float:
    """Depth (z, metres) of the ears' front, behind which a headscarf is closed."""
    return float(face[[0, 16], 2].mean()) - 0.01


def _brim(points: np.ndarray, plane: np.ndarray, colour: np.ndarray, cap: bool, random: np.random.Generator) -> Surface:
    """A brim where the dome meets the edge plane: at the front of a cap, all around a hat."""
    height = points @ plane[:3] + plane[3]
    row = np.clip((height > 0).sum(0), 1, len(points) - 1)
    index = np.arange(points.shape[1])
    high, low = height[row - 1, index], height[row, index]
    share = (high / np.maximum(high - low, 1e-6)).clip(0, 1)[:, None]
    edge = points[row - 1, index] + share * (points[row, index] - points[row - 1, index])
    out = edge - edge.mean(0)
    out -= (out @ plane[:3])[:, None] * plane[:3]
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    long = random.uniform(0.045, 0.075) if cap else random.uniform(0.03, 0.11)
    azimuth = np.linspace(-np.pi, np.pi, points.shape[1])
    width = long * (np.clip(np.cos(azimuth * 1.15), 0, 1) ** 0.6 * (np.abs(azimuth) < 1.4) if cap else 1.0)
    droop = random.uniform(0.0, 0.5)
    rows = [
        edge + out * (np.asarray(width) * s)[..., None] - plane[:3] * (np.asarray(width) * droop * s**2)[..., None]
        for s in (-0.05, 0.3, 0.65, 1.0)
    ]
    if cap:  # a peak is bent down at its sides
        rows = [
            r - plane[:3] * (0.25 * np.abs(np.sin(azimuth)) * np.asarray(width) * (i / 3))[:, None]
            for i, r in enumerate(rows)
        ]
    flat = np.concatenate(rows)
    return _cloth(flat, grid_triangles(4, points.shape[1]), colour * random.choice([1.0, 0.5]), None, random)


def _cloth(
    points: np.ndarray, triangles: np.ndarray, colour: np.ndarray, cut: np.ndarray | None, random: np.random.Generator
) -> Surface:
    size = random.uniform(0.03, 0.2)
    texture = Texture(cloth_tile(colour, random), points[:, :2] / size, triangles, np.ones(3))
    return Surface(points, triangles, "headwear", "cloth", texture=texture, cut=cut, gloss=0.02, roughness=0.06)
