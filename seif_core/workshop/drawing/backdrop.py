"""What stands behind a head: walls, gradients, curtains, blurred rooms, greenery and lights out of focus.

Convention: linear light (S, S, 3), rows downwards.
"""

from __future__ import annotations

import cv2
import numpy as np

from ...shapes import Float32
from .colours import cloth_colour
from .tiles import smooth_noise


def random_backdrop(size: int, random: np.random.Generator) -> Float32[np.ndarray, "S S 3"]:
    """A background of `size` pixels a side, about as bright as the scene."""
    kind = random.choice(6, p=[0.2, 0.22, 0.28, 0.15, 0.05, 0.1])
    y, x = np.mgrid[:size, :size] / size
    base = np.clip(cloth_colour(random) * random.uniform(0.5, 1.5), 0.004, 0.9)
    if kind == 0:
        picture = np.tile(base, (size, size, 1))
        angle = random.uniform(0, 6.3)
        ramp = (x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle)
        picture = picture * (1 + random.uniform(0, 1.2) * ramp)[..., None]
    elif kind == 1:  # a mottled studio cloth, lit in the middle
        mottle = np.sum([smooth_noise((size, size), 2**k, random) / 2**k for k in range(1, 6)], axis=0)
        spot = np.exp(
            -((x - random.uniform(0.2, 0.8)) ** 2 + (y - random.uniform(0.2, 0.7)) ** 2) / random.uniform(0.1, 0.6)
        )
        picture = base * (1 + random.uniform(0.1, 0.9) * mottle[..., None]) * (0.45 + spot[..., None])
    elif kind == 2:
        picture = _room(size, random)
    elif kind == 3:
        picture = _greenery(size, random)
    elif kind == 4:
        folds = np.sin(2 * np.pi * (x * random.uniform(4, 14) + 0.05 * smooth_noise((size, size), 3, random)))
        picture = base * (1 + 0.5 * folds[..., None])
    else:
        picture = np.zeros((size, size, 3)) + random.choice([0.0, 0.85, 0.3]) * np.ones(3)
    return np.clip(picture, 0.0, 4).astype(np.float32)


def _room(size: int, random: np.random.Generator) -> np.ndarray:
    """Boxes, shelves, windows, lamps, other people's shapes, out of focus."""
    picture = np.tile(np.clip(cloth_colour(random) + 0.05, 0, 0.7), (size, size, 1)).astype(np.float32)
    for _ in range(int(random.integers(4, 22))):
        low = random.uniform(-0.3, 1, 2)
        high = low + random.uniform(0.03, 0.7, 2) * [1, random.choice([0.3, 1, 2])]
        colour = cloth_colour(random) * (random.uniform(2, 5) if random.random() < 0.12 else 1)
        a, b = (tuple(int(v) for v in p * size) for p in (low, high))
        if random.random() < 0.8:
            cv2.rectangle(picture, a, b, tuple(float(c) for c in colour), -1)
        else:
            cv2.circle(picture, a, int(random.uniform(0.02, 0.2) * size), tuple(float(c) for c in colour), -1)
    picture *= 1 + 0.2 * smooth_noise((size, size), 40, random)[..., None]
    turn = cv2.getRotationMatrix2D((size / 2, size / 2), random.normal() * 5, 1.2)
    picture = cv2.warpAffine(picture, turn, (size, size), borderMode=cv2.BORDER_REFLECT)
    return cv2.GaussianBlur(picture, (0, 0), size * random.choice([0.002, 0.008, 0.02, 0.05]))


def _greenery(size: int, random: np.random.Generator) -> np.ndarray:
    """Leaves, sky, lights through them."""
    noise = np.sum([smooth_noise((size, size), 2**k, random) / 1.5**k for k in range(2, 8)], axis=0)
    green = np.array([0.06, 0.12, 0.03]) * random.uniform(0.3, 2.5) * (1 + random.normal(size=3) * 0.2)
    sky = np.array([0.6, 0.75, 1.0]) * random.uniform(0.5, 1.6)
    share = np.clip((noise - random.uniform(0.0, 1.6)) * 3, 0, 1)[..., None]
    picture = green * (1 + 0.6 * smooth_noise((size, size), 30, random)[..., None]) * (1 - share) + sky * share
    picture = np.ascontiguousarray(np.clip(picture, 0, 3).astype(np.float32))
    for _ in range(int(random.integers(0, 12))):
        at = tuple(int(v) for v in random.uniform(0, size, 2))
        cv2.circle(picture, at, int(random.uniform(0.01, 0.04) * size), tuple(random.uniform(0.5, 3, 3)), -1)
    return cv2.GaussianBlur(picture, (0, 0), size * random.choice([0.003, 0.01, 0.025]))
