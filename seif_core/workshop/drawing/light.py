"""Light on a drawn picture: the sky and lamps as an environment of many directions, and one sharp light with a shadow.

Each vertex sees some of the environment's directions and not others; what it sees gives its soft light and its soft
gloss. The sharp light (sun, flash, spot) casts a shadow through a shadow map; hair lets some of it through.

Convention: camera space (x right, y up, z to the viewer), unit vectors towards the light, linear RGB. Worked number: an
environment of radiance 1 everywhere gives the irradiance 1 on a point that nothing covers.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
import torch

from ...geometry.rasterizer import rasterize
from ...shapes import Bool, Float, Int

DIRECTIONS: Final = 48
"""Directions of the environment; with fewer, shadows in creases show steps (by eye)."""
_CELL: Final = 0.007
"""Metres a cell of the grids in which vertices cover each other: somewhat more than from neighbour to neighbour."""
_CLEAR: Final = 0.011
"""Metres behind the first point of a cell up to which a point still sees the light."""
_LIFT: Final = 0.005
"""Metres along the normal by which points are lifted before it is asked what they see."""
_LOBE: Final = 14.0
"""Exponent of the soft gloss of skin and cloth: roughness of about 0.35."""


class Environment(NamedTuple):
    """Light on one picture.

    Attributes:
        directions: (K, 3) unit vectors, spread evenly over the sphere.
        radiance: (K, 3) linear RGB.
        sharp: (3,) direction of the sharp light.
        sharp_colour: (3,) irradiance that it gives a point which faces it; zero for none.
        penumbra: metres over which its shadow's edge fades.
    """

    directions: Float[np.ndarray, "K 3"]
    radiance: Float[np.ndarray, "K 3"]
    sharp: Float[np.ndarray, "3"]
    sharp_colour: Float[np.ndarray, "3"]
    penumbra: float


def sphere_directions(count: int) -> Float[np.ndarray, "K 3"]:
    """Unit vectors (count, 3) evenly over the sphere.

    Source: the Fibonacci lattice, Gonzalez, Measurement of areas on a sphere using Fibonacci and latitude-longitude
    lattices, Mathematical Geosciences 2010.
    """
    index = np.arange(count) + 0.5
    height = 1 - 2 * index / count
    around = index * math.pi * (3 - math.sqrt(5))
    flat = np.sqrt(1 - height**2)
    return np.stack([flat * np.cos(around), height, flat * np.sin(around)], axis=1)


def random_environment(random: np.random.Generator) -> Environment:
    """Light as portraits are taken in: studio, window, overcast, sun, flash, lamps of two colours."""
    directions = sphere_directions(DIRECTIONS)
    kind = random.choice(6, p=[0.3, 0.2, 0.15, 0.15, 0.1, 0.1])
    up = (directions[:, 1:2] + 1) / 2
    sharp, sharp_colour, penumbra = np.array([0.0, 0, 1]), np.zeros(3), 0.01
    if kind == 0:  # studio: a large key, fill from the other side, often light on the hair
        side = random.choice([-1.0, 1.0])
        level = random.uniform(0.15, 0.6)
        radiance = level * (0.6 + 0.5 * up) * _warmth(random, 0.1)
        lamps = [
            (side * random.uniform(10, 65), random.uniform(5, 50), random.uniform(3, 14), random.uniform(0.7, 1.6)),
            (-side * random.uniform(15, 80), random.uniform(-5, 30), random.uniform(3, 10), random.uniform(0, 0.6)),
            (random.uniform(120, 240), random.uniform(20, 60), random.uniform(6, 25), random.uniform(0, 1.2)),
        ]
        radiance = radiance + _lamps(directions, lamps, [_warmth(random, 0.12) for _ in lamps])
    elif kind == 1:  # a window at the side, a room's bounce
        radiance = random.uniform(0.12, 0.45) * (0.5 + 0.5 * up) * _warmth(random, 0.35)
        lamps = [(random.uniform(-110, 110), random.uniform(-10, 40), random.uniform(4, 20), random.uniform(0.8, 2.2))]
        radiance = radiance + _lamps(directions, lamps, [_warmth(random, 0.15) * [0.95, 1.0, 1.08]])
    elif kind == 2:  # overcast: all from above
        ground = random.uniform(0.15, 0.5) * _warmth(random, 0.2)
        radiance = ground + (_warmth(random, 0.12) - ground) * up ** random.uniform(0.8, 2)
    elif kind == 3:  # sun and blue sky
        sky = np.array([0.35, 0.5, 0.8]) * random.uniform(0.4, 1.0)
        ground = np.array([0.4, 0.36, 0.28]) * random.uniform(0.3, 1.0)
        radiance = ground + (sky - ground) * np.clip((up - 0.4) * 5, 0, 1)
        sharp, penumbra = _toward(random.uniform(-150, 150), random.uniform(15, 75)), random.uniform(0.002, 0.02)
        sharp_colour = np.array([1.0, 0.93, 0.8]) * random.uniform(0.5, 2.0)
    elif kind == 4:  # flash
        radiance = random.uniform(0.08, 0.4) * (0.5 + 0.5 * up) * _warmth(random, 0.4)
        sharp, penumbra = _toward(random.uniform(-15, 15), random.uniform(0, 25)), random.uniform(0.001, 0.008)
        sharp_colour = _warmth(random, 0.08) * random.uniform(0.6, 1.4)
    else:  # lamps of two colours, a stage
        radiance = random.uniform(0.05, 0.25) * _warmth(random, 0.3) * np.ones_like(up)
        lamps = [
            (random.uniform(-140, 140), random.uniform(-20, 70), random.uniform(5, 30), random.uniform(0.8, 2.5))
            for _ in range(2)
        ]
        radiance = radiance + _lamps(directions, lamps, [_warmth(random, 0.6) for _ in lamps])
        sharp, penumbra = _toward(random.uniform(-70, 70), random.uniform(0, 60)), random.uniform(0.004, 0.02)
        sharp_colour = _warmth(random, 0.3) * random.uniform(0.0, 1.0)
    return Environment(directions, radiance, sharp, sharp_colour, penumbra)


def _toward(azimuth: float, height: float) -> Float[np.ndarray, "3"]:
    """Direction of a light, degrees: azimuth 0 behind the camera, 90 at the picture's right; height over the level."""
    a, h = math.radians(azimuth), math.radians(height)
    return np.array([math.sin(a) * math.cos(h), math.sin(h), math.cos(a) * math.cos(h)])


def _warmth(random: np.random.Generator, strength: float) -> Float[np.ndarray, "3"]:
    """A light's colour (3,), white in the mean, towards amber or blue."""
    warm, green = random.normal() * strength, random.normal() * strength * 0.15
    return np.clip(np.array([1 + 0.6 * warm, 1 + green, 1 - 0.8 * warm]), 0.05, 3)


def _lamps(directions: np.ndarray, lamps: list[tuple[float, float, float, float]], colours: list) -> np.ndarray:
    """Radiance (K, 3) of round soft lamps: azimuth, height in degrees, sharpness, irradiance facing it."""
    total = np.zeros((len(directions), 3))
    for (azimuth, height, sharpness, strength), colour in zip(lamps, colours, strict=True):
        lobe = np.exp(sharpness * (directions @ _toward(azimuth, height) - 1))
        facing = (lobe * np.clip(directions @ _toward(azimuth, height), 0, None)).mean() * 4
        total += (lobe / max(facing, 1e-6))[:, None] * np.asarray(colour) * strength
    return total


def seen_directions(
    points: Float[np.ndarray, "N 3"],
    normals: Float[np.ndarray, "N 3"],
    blockers: Float[np.ndarray, "B 3"],
    directions: Float[np.ndarray, "K 3"],
) -> Bool[np.ndarray, "N K"]:
    """Which directions points see past others.

    Points and blockers are laid into a grid across each direction; what lies more than `_CLEAR` behind the first of its
    cell is covered.
    """
    frames = torch.as_tensor(np.stack([_frame(d) for d in directions])).float()
    asked = torch.as_tensor(points + normals * _LIFT).float() @ frames.transpose(1, 2)
    blocking = torch.as_tensor(blockers).float() @ frames.transpose(1, 2)
    low = torch.minimum(asked.amin((0, 1)), blocking.amin((0, 1)))[:2]
    cells = ((torch.maximum(asked.amax((0, 1)), blocking.amax((0, 1)))[:2] - low) / _CELL).ceil().long() + 1
    size = int(cells[0] * cells[1])

    def place(where: torch.Tensor) -> torch.Tensor:
        cell = ((where[..., :2] - low) / _CELL).long()
        return cell[..., 1] * cells[0] + cell[..., 0]

    first = torch.full((len(directions), size), -torch.inf)
    first.scatter_reduce_(1, place(blocking), blocking[..., 2], "amax")
    nearest = first.gather(1, place(asked))
    return (asked[..., 2] > nearest - _CLEAR).T.numpy()


def soft_light(
    normals: Float[np.ndarray, "N 3"],
    views: Float[np.ndarray, "N 3"],
    seen: Bool[np.ndarray, "N K"],
    light: Environment,
) -> tuple[Float[np.ndarray, "N 3"], Float[np.ndarray, "N 3"]]:
    """Irradiance (N, 3), and what comes from about the mirrored direction (N, 3), of the environment at points.

    Args:
        normals: (N, 3) unit.
        views: (N, 3) unit, towards the camera.
        seen: which directions each point sees.
        light: the light.
    """
    directions, radiance = light.directions.astype(np.float32), light.radiance.astype(np.float32)
    normals, views = normals.astype(np.float32), views.astype(np.float32)
    cosine = np.clip(normals @ directions.T, 0, None) * seen
    share = np.float32(4 / len(directions))
    mirrored = 2 * (normals * views).sum(1, keepdims=True) * normals - views
    lobe = np.clip(mirrored @ directions.T, 0, None) ** np.float32(_LOBE) * seen
    lobe = lobe * np.float32((_LOBE + 1) / 2 / len(directions))
    return cosine @ radiance * share, lobe @ radiance


def _frame(direction: np.ndarray) -> np.ndarray:
    """Rotation (3, 3) whose rows are two directions across a direction, and it."""
    aside = np.cross([0.0, 1, 0.1] if abs(direction[1]) < 0.9 else [1.0, 0, 0], direction)
    aside /= np.linalg.norm(aside)
    return np.stack([aside, np.cross(direction, aside), direction])


class ShadowMap:
    """How much of the sharp light reaches points.

    Args:
        solid: vertices (V, 3) and triangles (T, 3) that let nothing through.
        hair: the same of what lets some through.
        light: the light.
        size: pixels a side.
    """

    def __init__(
        self,
        solid: tuple[Float[np.ndarray, "V 3"], Int[np.ndarray, "T 3"]],
        hair: tuple[Float[np.ndarray, "W 3"], Int[np.ndarray, "S 3"]],
        light: Environment,
        size: int = 224,
    ) -> None:
        self._frame, self._size, self._penumbra = _frame(light.sharp), size, light.penumbra
        places = solid[0] @ self._frame.T
        self._low = places.min(0) - 0.02
        self._scale = size / ((places.max(0) - self._low)[:2].max() + 0.02)
        self._top = places[:, 2].max() + 1.0
        self._maps = [self._drawn(*part) for part in (solid, hair)]

    def _drawn(self, vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
        if not len(triangles):
            return np.full((self._size, self._size), np.inf, np.float32)
        xy, depth = self._placed(vertices)
        raster = rasterize(
            torch.as_tensor(xy), torch.as_tensor(depth), torch.as_tensor(triangles).long(), self._size, self._size
        )
        return raster.depth.numpy()

    def _placed(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        where = points @ self._frame.T
        return (where[:, :2] - self._low[:2]) * self._scale, self._top - where[:, 2]

    def lit(self, points: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, " N"]:
        """Share (N,) of the sharp light that reaches points: 1 lit, 0 in full shadow."""
        xy, depth = self._placed(points)
        radius = max(0.8, self._penumbra * self._scale)
        taps = [(0.0, 0.0), *((math.cos(a) * r, math.sin(a) * r) for r, n in ((0.5, 5), (1.0, 7)) for a in _ring(n))]
        through = np.zeros(len(points), np.float32)
        for dx, dy in taps:
            column = np.clip((xy[:, 0] + dx * radius).astype(np.int64), 0, self._size - 1)
            row = np.clip((xy[:, 1] + dy * radius).astype(np.int64), 0, self._size - 1)
            solid, hair = (m[row, column] for m in self._maps)
            behind = np.clip((depth - hair - 0.002) / 0.012, 0, 2.5)
            through += (solid > depth - 0.007) * np.exp(-behind)
        return through / len(taps)


def _ring(count: int) -> Float[np.ndarray, " N"]:
    return np.arange(count) * 2 * math.pi / count
