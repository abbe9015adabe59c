"""Hair of our own: ribbons that grow from the scalp, are combed, fall and lie on the head; short hair as strands.

It adds what the pack's ten meshes lack: partings, receding hairlines, curls, every length, disorder.

Convention: the unposed head's frame, metres; a ribbon's u runs across it, v from root (0) to tip (1).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from ...geometry.normals import unit, vertex_normals
from ...shapes import Float, UInt8
from .body import SKULL, Person
from .dome import Dome
from .skins import SkinMesh
from .surface import Surface, Texture

_SEGMENTS: Final = 7
"""Points along a ribbon."""
_STRAYS: Final = 0.03
"""Share of the ribbons over the face that stay there."""


class HairStyle(NamedTuple):
    """How hair is cut and combed.

    Attributes:
        top: length at the crown and forehead, metres.
        side: length at the sides and the nape.
        part: where the parting lies, metres to the subject's left; hair falls away from it.
        forward: -1 combed back, 1 combed into the forehead.
        lift: 0 lies flat, 1 stands.
        volume: metres by which the outer ribbons lie over the inner ones.
        curl: radius of curls, metres.
        wave: length of a curl, metres.
        disorder: how far ribbons stray, radians.
        recede: eye distances by which the hairline is drawn back at the temples.
        thin: share of the crown's hair that is missing.
        fringe: length of the hair over the forehead where it is cut shorter, metres; 0 where it is not.
    """

    top: float
    side: float
    part: float
    forward: float
    lift: float
    volume: float
    curl: float
    wave: float
    disorder: float
    recede: float
    thin: float
    fringe: float


def random_hair_style(male: float, age: float, random: np.random.Generator) -> HairStyle:
    """A style; men's is mostly short."""
    if random.random() < 0.15 + 0.7 * male:
        top = random.uniform(0.02, 0.085)
        side = top * random.uniform(0.25, 0.8)
    else:
        top = random.uniform(0.1, 0.38)
        side = top * random.uniform(0.75, 1.0)
    curly = random.random() < 0.3
    old = max(0.0, age - 2.0) * male
    fringe = random.uniform(0.025, 0.048) if random.random() < 0.3 else 0.0
    return HairStyle(
        top,
        side,
        float(random.choice([0.0, random.choice([-1, 1]) * random.uniform(0.015, 0.05)])),
        random.uniform(-1, 0.9) if top < 0.1 else random.uniform(-0.7, -0.1),
        random.uniform(0.05, 0.6) if top < 0.1 else random.uniform(0.05, 0.35),
        random.uniform(0.006, 0.03),
        random.uniform(0.002, 0.009) if curly else random.uniform(0, 0.0015),
        random.uniform(0.012, 0.05),
        random.uniform(0.03, 0.2),
        float(random.uniform(0, 0.5) * min(1.0, old * 1.3 + 0.2) * male),
        float(np.clip(random.normal() * 0.4 + old - 0.6, 0, 0.97)),
        fringe if top > 0.06 else 0.0,
    )


def grown_hair(
    skin: SkinMesh,
    person: Person,
    style: HairStyle,
    colour: Float[np.ndarray, "3"],
    random: np.random.Generator,
) -> tuple[Surface, Float[np.ndarray, " N"]]:
    """Ribbons of hair on an unposed head, and how densely hair grows at each vertex of the skin (N,) 0..1.

    Args:
        skin: the drawn skin.
        person: unposed.
        style: how it is cut and combed.
        colour: (3,) linear.
        random: randomness.
    """
    rest, centre = person.base[skin.ids], person.joints[1] + SKULL
    scale = float(np.linalg.norm(person.joints[3] - person.joints[4]) / 0.063)
    dome = Dome(rest[~skin.torso], centre, 3)
    density = _density(skin, rest, centre, style)
    count = int(np.clip(0.55 / (0.5 * (style.top + style.side) + 0.02) * 80, 700, 1500))
    root, out = _rooted(skin, rest, density, count, random)
    away = root - centre
    level = np.clip((away[:, 1] - 0.01) / 0.06, 0, 1)
    length = (style.side + level * (style.top - style.side)) * random.uniform(0.7, 1.05, count) * scale
    combed = _combed(away, style, level)
    if style.fringe:
        front = np.clip((away[:, 2] - 0.055) / 0.02, 0, 1)[:, None]
        length = length + front[:, 0] * (np.minimum(length, style.fringe * scale) - length)
        combed = unit(combed + front * (unit(np.array([0.3 * np.sign(style.part), -0.2, 1.0])) * 2))
    longest = 0.05 * scale / max(0.3, style.forward) if style.forward > 0.2 else np.inf
    ahead = (away[:, 2] > 0.055) & (away[:, 1] > 0)
    length = np.where(ahead, np.minimum(length, longest), length)
    combed = unit(combed + random.normal(size=(count, 3)) * style.disorder)
    flat = combed - (combed * out).sum(1, keepdims=True) * out
    direction = unit(unit(flat) + out * style.lift * (1.2 if style.top < 0.1 else 0.6))
    over = random.uniform(0, 1, count) ** 0.7 * style.volume + 0.0015
    phase, handed = random.uniform(0, 6.3, count), random.choice([-1.0, 1.0], count)
    points, middles = root.copy(), [root - out * 0.002]
    for step in range(1, _SEGMENTS):
        gravity = np.array([0, -1.0, 0]) * (0.12 + 2.2 * length[:, None]) * (0.5 + 0.5 * step / _SEGMENTS)
        direction = unit(direction + gravity * (1 - 0.6 * style.lift * (length[:, None] < 0.09)))
        if not style.fringe:  # long hair falls beside the face
            there = points - centre
            before = np.clip((there[:, 2] - 0.04) / 0.02, 0, 1) * np.clip((0.04 - there[:, 1]) / 0.03, 0, 1)
            before = before * np.clip((0.075 - np.abs(there[:, 0])) / 0.03, 0, 1)
            beside = np.sign(there[:, :1]) * [1.5, 0, 0] + [[0, 0, -0.5]]
            direction = unit(direction + before[:, None] * beside)
        points = points + direction * (length / (_SEGMENTS - 1))[:, None]
        points = dome.outside(points, np.minimum(over, 0.0015 + over * step / 3))
        turn = phase + handed * 2 * np.pi * length * step / (_SEGMENTS - 1) / style.wave
        aside = unit(np.cross(direction, points - centre))
        curl = aside * np.cos(turn)[:, None] + unit(np.cross(aside, direction)) * np.sin(turn)[:, None]
        middles.append(points + curl * style.curl * min(1.0, step / 2))
    line = np.stack(middles, axis=1)
    line = line[~_over_face(line - centre, scale) | (random.random(count) < _STRAYS)]
    count = len(line)
    along = np.gradient(line, axis=1)
    side = unit(np.cross(along, line - centre))
    long = np.linalg.norm(np.diff(line, axis=1), axis=2).sum(1)
    wide = random.uniform(0.006, 0.012, count) * scale * (0.7 + 2 * np.minimum(long, 0.15))
    taper = np.array([0.9, 1.0, 1.0, 1.0, 1.0, 0.9, 0.7])[None, :, None]
    edges = np.stack([line - side * wide[:, None, None] * taper, line + side * wide[:, None, None] * taper], axis=2)
    vertices = edges.reshape(-1, 3)
    return _ribbons(vertices, count, colour, random), density


def cropped_hair(
    skin: SkinMesh,
    person: Person,
    style: HairStyle,
    colour: Float[np.ndarray, "3"],
    random: np.random.Generator,
) -> tuple[Surface, Float[np.ndarray, " N"]]:
    """Hair of some millimetres as single strands; arguments and result as of `grown_hair`."""
    rest, centre = person.base[skin.ids], person.joints[1] + SKULL
    density = _density(skin, rest, centre, style)
    count = 5000
    root, out = _rooted(skin, rest, density, count, random)
    along = unit(out + random.normal(size=(count, 3)) * 0.35)
    aside = unit(np.cross(along, random.normal(size=(count, 3))))
    long, wide = random.uniform(0.002, 0.007), random.uniform(0.0003, 0.0006)
    tip = root + along * (long * random.uniform(0.6, 1.0, (count, 1)))
    vertices = np.stack([root - aside * wide, root + aside * wide, tip], axis=1).reshape(-1, 3)
    paint = np.repeat(colour * random.uniform(0.6, 1.4, (count, 1)), 3, axis=0)
    triangles = np.arange(3 * count).reshape(-1, 3)
    return Surface(vertices, triangles, "hair", "hair", colour=paint, gloss=0.03, roughness=0.15), density


def _density(skin: SkinMesh, rest: np.ndarray, centre: np.ndarray, style: HairStyle) -> np.ndarray:
    """Where hair grows: above the hairline, which recedes at the temples, and thin at the crown."""
    x, y, z = (rest - centre).T
    temple = np.exp(-(((np.abs(x) - 0.045) / 0.022) ** 2)) * np.clip(z / 0.05, 0, 1)
    front = np.clip(z / 0.06, 0, 1) * np.clip(y / 0.05, 0, 1)
    grown = np.clip((skin.over_hairline - style.recede * (temple + 0.5 * front)) / 0.12, 0, 1)
    crown = np.exp(-((x / 0.05) ** 2 + ((z + 0.02) / 0.06) ** 2)) * (y > 0.03)
    return grown * (1 - style.thin * np.clip(1.6 * np.maximum(crown, front * (style.thin > 0.6)), 0, 1))


def _rooted(
    skin: SkinMesh, rest: np.ndarray, density: np.ndarray, count: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Places and normals of `count` roots."""
    corners = skin.triangles
    a, b, c = rest[corners].transpose(1, 0, 2)
    weight = np.linalg.norm(np.cross(b - a, c - a), axis=1) * density[corners].min(1)
    if weight.sum() <= 0:
        weight = weight + 1e-12
    chosen = random.choice(len(corners), count, p=weight / weight.sum())
    shares = random.dirichlet([1, 1, 1], count)
    normals = vertex_normals(rest.astype(np.float64), skin.triangles)
    root = np.einsum("nk,nkc->nc", shares, rest[corners[chosen]])
    return root, unit(np.einsum("nk,nkc->nc", shares, normals[corners[chosen]]))


def _over_face(away: np.ndarray, scale: float) -> np.ndarray:
    """Which lines (N, S, 3), metres from the skull's middle, hang over eyes, nose or mouth."""
    x, y, z = (away / scale).transpose(2, 0, 1)
    return ((np.abs(x) < 0.052) & (y < 0.005) & (y > -0.12) & (z > 0.05)).any(1)


def _combed(away: np.ndarray, style: HairStyle, level: np.ndarray) -> np.ndarray:
    """Directions (N, 3) in which hair is combed: from the parting outwards, forwards or back, down at the sides."""
    sideways = np.tanh((away[:, 0] - style.part) / 0.02)
    forward = style.forward * np.clip(away[:, 2] / 0.08 + 0.6, -0.2, 1)
    top = np.stack([sideways * (1 - 0.5 * abs(style.forward)), -0.15 * np.ones(len(away)), forward], 1)
    low = np.stack(
        [
            0.15 * np.sign(away[:, 0]),
            -np.ones(len(away)),
            np.minimum(0.3 * style.forward, 0) - 0.1 * np.ones(len(away)),
        ],
        1,
    )
    return unit(low + level[:, None] * (top - low))


def _ribbons(vertices: np.ndarray, count: int, colour: np.ndarray, random: np.random.Generator) -> Surface:
    """The surface of `count` ribbons of `_SEGMENTS` pairs of vertices each."""
    first = np.arange(count)[:, None, None] * 2 * _SEGMENTS
    step = np.arange(_SEGMENTS - 1)[None, :, None] * 2
    quad = np.array([[0, 1, 2], [1, 3, 2]]).reshape(-1)
    triangles = (first + step + quad[None, None]).reshape(-1, 3)
    strip = random.integers(0, 8, count)[:, None, None] / 8
    across = np.array([0.02, 0.98])[None, None] / 8 + strip
    along = np.linspace(0.02, 0.98, _SEGMENTS)[None, :, None]
    uv = np.stack(np.broadcast_arrays(across, along), 3).reshape(-1, 2)
    strength = random.uniform(0.05, 0.22)
    tone = np.exp(random.normal(size=(count, 1)) * strength)
    ends = np.linspace(0.75, random.uniform(0.9, 1.3), _SEGMENTS)
    paint = (tone * ends[None]).reshape(count, _SEGMENTS, 1, 1) * np.ones((1, 1, 2, 3))
    texture = Texture(strand_picture(random), uv, triangles, colour / 0.2, as_luminance=True)
    return Surface(
        vertices, triangles, "hair", "hair", colour=paint.reshape(-1, 3), texture=texture, gloss=0.045, roughness=0.12
    )


def strand_picture(random: np.random.Generator) -> UInt8[np.ndarray, "256 256 4"]:
    """Eight strips of strands side by side, roots below; mean linear brightness 0.2, thin at the edges and the tips."""
    size, strips = 256, 8
    x = (np.arange(size) % (size // strips)) / (size // strips)
    y = np.arange(size)[::-1, None] / size
    strand = np.repeat(random.uniform(0, 1, size // 2), 2)[None]
    lively = random.uniform(0.15, 0.45)
    slow = np.interp(np.arange(size), np.linspace(0, size, 9), random.uniform(0.7, 1.3, 9))[:, None]
    bright = 0.2 * (1 + lively * (strand - 0.5) * 2) * slow
    coded = np.where(bright <= 0.0031308, 12.92 * bright, 1.055 * bright.clip(1e-6) ** (1 / 2.4) - 0.055)
    edge = np.minimum(x, 1 - x)[None] * 2
    ends = random.uniform(0.55, 1.0, size)[None]
    alpha = np.clip((edge - 0.25 * random.uniform(0, 1, size)[None]) * 6 + 0.3, 0, 1) * np.clip(
        (ends - y) * 6 + 0.3, 0, 1
    )
    alpha = alpha * np.clip(0.35 + y * 8, 0, 1)
    picture = np.zeros((size, size, 4), np.uint8)
    picture[..., :3] = (coded.clip(0, 1) * 255)[..., None]
    picture[..., 3] = alpha * 255
    return picture
