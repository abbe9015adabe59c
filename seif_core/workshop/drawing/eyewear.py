"""Glasses: rims, bridge and temples as tubes, lenses that are clear or dark.

What is seen through a clear lens keeps its own class (skin, brows); rims, temples and dark lenses are glasses.

Convention: the unposed head's frame, metres.
"""

from __future__ import annotations

import numpy as np

from ...geometry.normals import unit
from ...shapes import Float
from .body import Person
from .clothing import grid_triangles
from .surface import Surface


def random_glasses(person: Person, face: Float[np.ndarray, "L 3"], random: np.random.Generator) -> list[Surface]:
    """Glasses on somebody, unposed.

    Args:
        person: unposed.
        face: (68, 3) iBUG landmarks of the unposed head, metres.
        random: randomness.
    """
    eyes = person.joints[[3, 4]]
    apart = float(np.linalg.norm(eyes[0] - eyes[1]))
    scale = apart / 0.063
    bridge = face[27]
    wide, high = random.uniform(0.022, 0.029) * scale, random.uniform(0.015, 0.025) * scale
    square, thick = random.uniform(2, 5), random.choice([random.uniform(0.0005, 0.001), random.uniform(0.0012, 0.0032)])
    forward = max(bridge[2] + 0.003, eyes[:, 2].mean() + random.uniform(0.019, 0.026) * scale)
    low = random.uniform(-0.006, 0.002) * scale
    dark = random.random() < 0.3
    colour = random.choice([0, 1, 2], p=[0.55, 0.25, 0.2])
    frame = (
        np.full(3, random.uniform(0.004, 0.03)),
        np.array([0.10, 0.045, 0.02]) * random.uniform(0.4, 1.6),
        random.uniform(0.05, 0.6, 3),
    )[int(colour)]
    around = np.linspace(0, 2 * np.pi, 33)
    round_ = np.stack([np.cos(around), np.sin(around)], 1)
    size = (np.abs(round_) ** square).sum(1) ** (-1 / square)
    tubes: list[np.ndarray] = []
    out: list[Surface] = []
    for side, eye in ((1.0, eyes[0]), (-1.0, eyes[1])):
        centre = np.array([eye[0] + side * 0.002, eye[1] + low, forward])
        edge = centre + np.stack(
            [
                side * round_[:, 0] * wide * size,
                round_[:, 1] * high * size,
                -0.25 * (round_[:, 0] * wide * size) ** 2 / wide - 0.12 * np.maximum(round_[:, 0], 0) * wide,
            ],
            1,
        )
        tubes.append(edge)
        hinge = edge[np.argmax(edge[:, 0] * side)] + np.array([0.003 * side, 0.004, -0.002])
        ear = np.array([side * (np.abs(face[0 if side < 0 else 16, 0]) + 0.004), hinge[1] - 0.002, -0.012 * scale])
        behind = ear + np.array([0, -0.02, -0.03]) * scale
        tubes.append(np.stack([hinge, 0.5 * (hinge + ear) + [side * 0.002, 0, 0], ear, behind]))
        out.append(_lens(edge, centre, dark, random))
    inner = [tubes[0][np.argmin(tubes[0][:, 0])], tubes[2][np.argmax(tubes[2][:, 0])]]
    tubes.append(np.stack([inner[0], (inner[0] + inner[1]) / 2 + [0, 0.003, 0.002], inner[1]]))
    parts = [_tube(line, thick * (1.0 if index % 2 == 0 else 1.2)) for index, line in enumerate(tubes)]
    counts = np.cumsum([0, *(len(p) for p, _ in parts)])
    points = np.concatenate([p for p, _ in parts])
    triangles = np.concatenate([t + first for (_, t), first in zip(parts, counts[:-1], strict=True)])
    paint = np.tile(frame, (len(points), 1))
    return [Surface(points, triangles, "glasses", "hard", colour=paint, gloss=random.uniform(0.03, 0.12)), *out]


def _lens(edge: np.ndarray, centre: np.ndarray, dark: bool, random: np.random.Generator) -> Surface:
    points = np.concatenate([edge[:-1], centre[None] + [[0, 0, 0.002]]])
    count = len(edge) - 1
    ring = np.arange(count)
    triangles = np.stack([ring, np.roll(ring, -1), np.full(count, count)], 1)
    alpha = random.uniform(0.6, 0.97) if dark else random.uniform(0.03, 0.12)
    colour = random.uniform(0.003, 0.05, 3) if dark else np.full(3, 0.15)
    low = np.linspace(1, 1 if random.random() < 0.6 else 0.4, count + 1)
    return Surface(
        points,
        triangles,
        "glasses",
        "hard",
        colour=np.tile(colour, (count + 1, 1)),
        alpha=np.full(count + 1, alpha) * low,
        gloss=0.06 if dark else 0.04,
        normals=unit(np.tile([0.0, 0, 1], (count + 1, 1)) + 3 * (points - centre)),
    )


def _tube(line: Float[np.ndarray, "P 3"], radius: float) -> tuple[np.ndarray, np.ndarray]:
    """A tube (vertices, triangles) of eight sides along a line."""
    along = unit(np.gradient(line, axis=0))
    aside = unit(np.cross(along, np.where(np.abs(along[:, 1:2]) < 0.9, [[0.0, 1, 0]], [[1.0, 0, 0]])))
    over = np.cross(aside, along)
    angle = np.linspace(0, 2 * np.pi, 7)
    ring = np.cos(angle)[None, :, None] * aside[:, None] + np.sin(angle)[None, :, None] * over[:, None]
    points = line[:, None] + radius * ring
    return points.reshape(-1, 3), grid_triangles(len(line), len(angle))
