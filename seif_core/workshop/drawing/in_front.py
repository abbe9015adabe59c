"""What stands before a head and does not belong to it: hands, telephones, microphones, face masks, cups, leaves.

Convention: the unposed head's frame, metres; things move with the head.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ...geometry.normals import unit, vertex_normals
from ...headmodel.skinning import rotation_matrices
from ...shapes import Float, Int
from ..openhead import makehuman
from .body import Bodies, Person
from .clothing import grid_triangles
from .colours import cloth_colour
from .dome import Dome
from .skins import SkinMesh
from .surface import Surface, Texture
from .tiles import cloth_tile

_FINGERS: Final = (1, 2, 3, 4, 5)
"""MakeHuman's fingers from the thumb."""


class Hands:
    """MakeHuman's left hand, cut out once, in a frame of its own.

    Attributes:
        ids: (N,) base vertices.
        triangles: (T, 3) into them.
    """

    def __init__(self, bodies: Bodies) -> None:
        weights = makehuman.read_bone_weights()
        bones = [n for n in weights if n.startswith(("finger", "metacarpal", "wrist")) and n.endswith(".L")]
        whole = sum(weights[n] for n in bones)
        keep = whole + weights["lowerarm02.L"] > 0.6
        quads = bodies.body_faces[keep[bodies.body_faces].all(1)]
        self.ids, flat = np.unique(np.concatenate([quads[:, :3], quads[:, [0, 2, 3]]]), return_inverse=True)
        self.triangles: Int[np.ndarray, "T 3"] = flat.reshape(-1, 3).astype(np.int64)
        self._weights = {n: weights[n][self.ids] for n in [*bones, "lowerarm02.L"]}

    def hand(self, base: Float[np.ndarray, "B 3"], curl: Float[np.ndarray, "5"]) -> Float[np.ndarray, "N 3"]:
        """The hand (N, 3), metres: fingers along +Y, its back towards +Z, the palm's middle at the origin.

        Args:
            base: (19158, 3) of whose hand, metres.
            curl: (5,) radians by which each joint of a finger is bent, the thumb first.
        """
        points = base[self.ids]
        tip = {f: points[self._weights[f"finger{f}-3.L"] > 0.9].mean(0) for f in _FINGERS}
        root = {f: self._joint(points, f"finger{f}-1.L") for f in _FINGERS}
        palm = (root[2] + root[3] + root[4] + root[5]) / 4
        wrist = points[self._weights["wrist.L"] > 0.6].mean(0)
        up = unit(root[3] - wrist)
        across = unit((root[2] - root[5]) - ((root[2] - root[5]) @ up) * up)
        back = np.cross(across, up)
        for finger, angle in zip(_FINGERS, curl, strict=True):
            axis = across if finger > 1 else unit(across + back)
            points = self._bent(points, finger, axis, float(angle))
        del tip
        middle = palm * 0.6 + wrist * 0.4
        return (points - middle) @ np.stack([across, up, back], axis=1)

    def _joint(self, points: np.ndarray, bone: str) -> np.ndarray:
        share = self._weights[bone]
        near = (share > 0.3) & (share < 0.7)
        return points[near].mean(0) if near.any() else points[share > 0.3].mean(0)

    def _bent(self, points: np.ndarray, finger: int, axis: np.ndarray, angle: float) -> np.ndarray:
        chain = [f"finger{finger}-{k}.L" for k in (1, 2, 3)]
        for k, bone in enumerate(chain):
            pivot = self._joint(points, bone)
            share = sum(self._weights[b] for b in chain[k:])
            turn = rotation_matrices((axis * angle)[None])[0]
            moved = (points - pivot) @ turn.T + pivot
            points = points + np.clip(share, 0, 1)[:, None] * (moved - points)
        return points


def hand_surface(
    hands: Hands,
    person: Person,
    face: Float[np.ndarray, "68 3"],
    skin: Float[np.ndarray, "3"],
    random: np.random.Generator,
) -> Surface:
    """A hand before the face, at chin, cheek, mouth, brow or beside the head, or waving before it."""
    curl = random.uniform(-0.1, 0.9) * random.uniform(0.6, 1.2, 5) * [0.4, 1, 1, 1, 1]
    points = hands.hand(person.base, -curl)
    size = float(np.linalg.norm(face[8] - face[27]))
    points = points * random.uniform(0.9, 1.1)
    left = random.random() < 0.5
    if left:
        points = points * [-1, 1, 1]
    at = face[int(random.choice([8, 4, 12, 48, 54, 57, 36, 45, 27, 2, 14]))]
    tilt = random.normal() * 0.6 + (0.5 if at[0] > 0.02 else -0.5 if at[0] < -0.02 else 0.0)
    turn = rotation_matrices(np.array([[random.normal() * 0.4, random.normal() * 0.7, tilt]]))[0]
    points = points @ turn.T
    place = at + np.array([random.normal() * 0.015, -0.35 * size * random.uniform(0, 1), 0])
    front = face[:, 2].max()
    points = points + place
    nearest = points[:, 2].min()
    points[:, 2] += max(0, front - 0.02 - nearest) * 0.85 + random.uniform(0.0, 0.03)
    triangles = hands.triangles[:, ::-1] if left else hands.triangles
    tone = skin * (1 + 0.06 * random.normal(size=3)) * random.uniform(0.75, 1.1)
    colour = np.tile(tone, (len(points), 1)) * (1 + 0.1 * np.sin(points @ random.normal(size=3) * 90))[:, None]
    return Surface(points, triangles, "front", "skin", colour=colour.clip(0.005, 1), gloss=0.035, roughness=0.05)


def thing_in_front(face: Float[np.ndarray, "68 3"], random: np.random.Generator) -> list[Surface]:
    """A telephone, a microphone, a cup, a leaf or a sheet of paper before the face."""
    kind = random.choice(4, p=[0.3, 0.35, 0.15, 0.2])
    at = face[int(random.choice([8, 57, 30, 4, 12, 48, 54]))]
    front = face[30, 2]
    if kind == 0:
        size = np.array([0.036, 0.075, 0.004]) * random.uniform(0.9, 1.1)
        points, triangles = _box(size)
        turn = rotation_matrices(np.array([[random.normal() * 0.3, random.normal() * 0.5, random.normal() * 0.9]]))[0]
        side = random.choice([-1.0, 1.0])
        near_ear = random.random() < 0.4
        place = np.array([side * 0.085, -0.01, 0.0]) if near_ear else np.array([at[0], at[1], front + 0.05])
        turn = turn @ rotation_matrices(np.array([[0, side * 1.3 * near_ear, 0]]))[0]
        colour = random.choice([0.006, 0.02, 0.4, 0.7]) * random.uniform(0.6, 1.4, 3)
        return [_painted(points @ turn.T + place, triangles, colour, 0.06)]
    if kind == 1:
        tip = np.array(
            [random.normal() * 0.02, face[57, 1] - random.uniform(0.01, 0.06), front + random.uniform(0.015, 0.06)]
        )
        low = tip + np.array([random.normal() * 0.05, -0.25, random.uniform(0.02, 0.15)])
        radius = random.uniform(0.017, 0.034)
        ball, ball_triangles = _turned(
            tip,
            unit(tip - low),
            np.array([[-1.2, 0.6], [-0.6, 0.9], [0, 1], [0.6, 0.85], [0.95, 0.4], [1.05, 0.02]]) * radius,
        )
        stick = random.uniform(0.008, 0.015)
        body, triangles = _turned(
            tip, unit(low - tip), np.array([[radius, stick * 1.4], [radius + 0.03, stick * 1.2], [0.3, stick]])
        )
        grey = random.uniform(0.005, 0.25)
        return [
            _painted(ball, ball_triangles, np.full(3, grey), 0.05, rough=0.35),
            _painted(body, triangles, random.uniform(0.004, 0.08, 3), 0.06),
        ]
    if kind == 2:
        wide = random.uniform(0.03, 0.045)
        place = np.array([at[0], face[57, 1] - 0.05, front + 0.035])
        axis = unit(np.array([random.normal() * 0.2, 1, 0.3]))
        points, triangles = _turned(
            place, axis, np.array([[-0.06, 0.001], [-0.06, wide * 0.8], [0.04, wide], [0.041, wide * 0.93]])
        )
        return [_painted(points, triangles, cloth_colour(random), 0.06)]
    grid = np.stack(np.meshgrid(np.linspace(-1, 1, 9), np.linspace(-1, 1, 9)), 2).reshape(-1, 2)
    size = random.uniform(0.025, 0.09, 2)
    points = np.column_stack([grid * size, 0.01 * np.sin(3 * grid[:, 0] + random.uniform(0, 6))])
    turn = rotation_matrices(random.normal(size=(1, 3)) * [0.4, 0.4, 1.5])[0]
    place = np.array(
        [at[0] + random.normal() * 0.04, at[1] + random.normal() * 0.05, front + random.uniform(0.04, 0.1)]
    )
    outline = 1 - np.abs(grid[:, 0]) ** 2 - np.abs(grid[:, 1]) ** 2 if random.random() < 0.5 else None
    tile = cloth_tile(cloth_colour(random), random)
    triangles = grid_triangles(9, 9)
    texture = Texture(tile, grid * 0.5, triangles, np.ones(3))
    return [Surface(points @ turn.T + place, triangles, "front", "cloth", texture=texture, cut=outline, gloss=0.04)]


def face_mask(
    skin: SkinMesh, rest: Float[np.ndarray, "N 3"], face: Float[np.ndarray, "68 3"], random: np.random.Generator
) -> Surface:
    """A mask over mouth and nose, with bands to the ears; follows the skin of the unposed person."""
    normals = vertex_normals(rest.astype(np.float64), skin.triangles)
    top = face[28, 1] * 0.4 + face[29, 1] * 0.6
    low = face[8, 1] - 0.012
    wide = np.abs(face[[2, 14], 0]).mean() * random.uniform(0.8, 0.95)
    y = (rest[:, 1] - (top + low) / 2) / ((top - low) / 2)
    x = np.abs(rest[:, 0]) / wide
    drop = 0.35 * x**2
    cut = np.minimum(1 - y - drop, 1 + y + 0.0 * x) * 0.03
    cut = np.minimum(cut, (1 - x) * wide)
    middle = face[[30, 57]].mean(0) - [0, 0, 0.05]
    out = unit(rest - middle)
    inside = np.clip(1 - x**2, 0, 1) * np.clip(1 - y**2, 0, 1)
    covered = rest[(cut > -0.01) & ~skin.torso & (rest[:, 2] > face[0, 2] - 0.01)]
    # what lies under it must not show: the mask is a smooth sheet over all of it
    sheet = Dome(covered, middle, 5, 2.5).at(rest) + 0.002 + 0.006 * inside
    away = np.linalg.norm(rest - middle, axis=1)
    points = np.where((x < 1)[:, None], middle + out * np.maximum(sheet, away + 0.005)[:, None], rest + normals * 0.002)
    band = np.minimum(0.003 - np.abs(y - 0.45) * 0.03, (1.75 - x) * 0.1)
    cut = np.where(x > 1, np.where(rest[:, 2] > face[0, 2] - 0.005, band, -1), cut)
    cut = np.where(skin.torso | (rest[:, 2] < face[0, 2] - 0.01), -1.0, cut)
    colour = random.choice([0, 1, 2])
    paint = (np.array([0.35, 0.55, 0.7]), np.full(3, 0.7), cloth_colour(random))[int(colour)]
    tile = cloth_tile(paint, random) if colour == 2 else np.full((4, 4, 3), 200, np.uint8)
    gain = np.ones(3) if colour == 2 else paint / 0.58
    texture = Texture(tile, rest[:, :2] / 0.05, skin.triangles, gain)
    return Surface(points, skin.triangles, "front", "cloth", texture=texture, cut=cut, gloss=0.02, roughness=0.08)


def _box(half: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    quads = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])
    points = (corners * half)[quads].reshape(-1, 3)
    index = np.arange(24).reshape(6, 4)
    return points, np.concatenate([index[:, [0, 1, 2]], index[:, [0, 2, 3]]])


def _turned(at: np.ndarray, axis: np.ndarray, profile: Float[np.ndarray, "P 2"]) -> tuple[np.ndarray, np.ndarray]:
    """A solid of revolution: places along an axis and radii."""
    aside = unit(np.cross(axis, [0.3, 0.1, 1]))
    over = np.cross(axis, aside)
    angle = np.linspace(0, 2 * np.pi, 19)
    ring = np.cos(angle)[:, None] * aside + np.sin(angle)[:, None] * over
    points = at + profile[:, :1, None] * axis + profile[:, 1:, None] * ring
    return points.reshape(-1, 3), grid_triangles(len(profile), len(angle))


def _painted(
    points: np.ndarray, triangles: np.ndarray, colour: np.ndarray, gloss: float, rough: float = 0.02
) -> Surface:
    paint = np.tile(np.clip(colour, 0.003, 0.9), (len(points), 1))
    return Surface(points, triangles, "front", "hard", colour=paint, gloss=gloss, roughness=rough)
