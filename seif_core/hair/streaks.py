"""Noise that runs along a field of directions, as strands do: line integral convolution.

Source: Cabral and Leedom, Imaging vector fields using line integral convolution, SIGGRAPH 1993. The line is followed by
doubling: the mean over two steps of the mean over one, and so on, each with the displacement composed with itself.

Convention: directions in pixels, x right, y down, unit length, 0 where there is none. Worked number: with five
doublings and a step of 1.5 pixels the noise is averaged over 48 pixels along each line.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from ..shapes import Float32

_STEP: Final = 1.5
"""Pixels of the first step: less than the noise is fine."""
_CURL: Final = 11.0
"""Gaussian of the noise that turns directions to curls, pixels: a curl is about three of it wide, 15 mm on a usual head
in a texture of 1,024. Chosen by eye, as is what follows."""
_CURLED: Final = 1.1
"""Radians by which the tightest curls turn off the hair's way, standard deviation."""
_SHADE: Final = 0.7
"""How much of the streaks of the tightest curls is the shade between curls."""
_CLUMPS: Final = ((0.0, 0.8), (2.2, 0.5))
"""Blur in pixels and share of each kind of noise: single strands, and clumps of them. Chosen by eye."""

_LOCK: Final = 4.0
"""Gaussian, pixels, of what makes strands locks: in a texture of 1,024 about 8 mm wide on a usual head."""
_COARSE: Final = 4
"""Times that locks are told in a smaller picture."""


def streaks(
    directions: Float32[np.ndarray, "H W 2"], seed: int, *, doublings: int = 5, clumps: int = len(_CLUMPS)
) -> Float32[np.ndarray, "H W"]:
    """Noise of mean 0 and standard deviation about 1, drawn out along directions.

    Args:
        directions: unit, pixels.
        seed: of the noise.
        doublings: the noise is averaged over ``step * 2**doublings`` pixels.
        clumps: kinds of noise that are added up; 1 for single strands.
    """
    height, width = directions.shape[:2]
    random = np.random.default_rng(seed)
    noise = np.zeros((height, width), np.float32)
    for blur, share in _CLUMPS[:clumps]:
        layer = random.standard_normal((height, width), dtype=np.float32)
        if blur:
            layer = cv2.GaussianBlur(layer, (0, 0), blur)
        noise += share * layer / layer.std()
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    moved = directions.astype(np.float32) * _STEP
    for _ in range(doublings):
        x, y = columns + moved[..., 0], rows + moved[..., 1]
        noise = (noise + _at(noise, x, y)) / 2
        moved = moved + _at(moved, x, y)
    found = np.any(directions != 0, axis=2)
    spread = float(noise[found].std()) if found.any() else 1.0
    return np.asarray((noise - noise[found].mean()) / spread if found.any() else noise, np.float32)


def locks(directions: Float32[np.ndarray, "H W 2"], seed: int) -> Float32[np.ndarray, "H W"]:
    """Which strands lie together in a lock and so end together: `streaks` as wide as locks are.

    Args:
        directions: unit, pixels.
        seed: of the noise.
    """
    height, width = directions.shape[:2]
    small = cv2.resize(directions, (width // _COARSE, height // _COARSE), interpolation=cv2.INTER_AREA)
    wide = cv2.GaussianBlur(streaks(small, seed + 1), (0, 0), _LOCK / _COARSE)
    found = np.any(small != 0, axis=2)
    wide /= max(float(wide[found].std()), 1e-6) if found.any() else 1.0
    return np.asarray(cv2.resize(wide, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def curled(
    directions: Float32[np.ndarray, "H W 2"], curls: float, seed: int
) -> tuple[Float32[np.ndarray, "H W 2"], Float32[np.ndarray, "H W"]]:
    """Directions that wind as curls do, and the shade between curls, mean 0 and standard deviation 1.

    Args:
        directions: unit, pixels.
        curls: how curly hair is, 0..1; at 0 the directions stay.
        seed: of where curls lie.
    """
    random = np.random.default_rng([seed, 1])
    noise = cv2.GaussianBlur(random.standard_normal(directions.shape, dtype=np.float32), (0, 0), _CURL)
    noise /= noise.std((0, 1))
    angle = _CURLED * curls * noise[..., 0]
    cos, sin = np.cos(angle), np.sin(angle)
    x, y = directions[..., 0], directions[..., 1]
    return np.stack([cos * x - sin * y, sin * x + cos * y], axis=2).astype(np.float32), noise[..., 1]


def curly_streaks(directions: Float32[np.ndarray, "H W 2"], curls: float, seed: int) -> Float32[np.ndarray, "H W"]:
    """`streaks` along directions that curl, with shade between the curls.

    Args:
        directions: unit, pixels.
        curls: how curly hair is, 0..1.
        seed: of the noise.
    """
    if curls <= 0:
        return streaks(directions, seed)
    turned, shade = curled(directions, curls, seed)
    share = _SHADE * curls
    return np.sqrt(1 - share**2) * streaks(turned, seed) + share * shade


def _at(values: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
