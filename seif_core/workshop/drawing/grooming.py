"""Hair, brows, lashes and beards on somebody's head.

Meshes of the pack are bound to the skin and varied: length, volume, waves, colour. Beards are strands of our own.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from ...geometry.normals import unit, vertex_normals
from ...shapes import Float
from .body import SKULL, Bodies, Person
from .pack import HAIR
from .skins import Looks, SkinMesh
from .surface import Surface, Texture

_LONG: Final = frozenset({"long01", "braid01", "ponytail01", "bob01", "bob02"})
"""Hair that women have more often than men."""
_SELDOM: Final = {"afro01": 0.7, "short03": 0.4, "bob01": 0.4, "bob02": 0.4}
"""Factors of what is seen less often than the pack has it: most of these cover an eye."""


class Hair(NamedTuple):
    """A head of hair, not posed.

    Attributes:
        name: of the pack's mesh.
        surface: vertices unposed, metres.
        weights: (N, 5) skin weights.
        density: (M,) 0..1 how densely it grows at each vertex of the drawn skin; None for the pack's, which hide it.
    """

    name: str
    surface: Surface
    weights: Float[np.ndarray, "N 5"]
    density: Float[np.ndarray, " M"] | None


def random_hair_name(male: float, random: np.random.Generator) -> str:
    """A hair mesh of the pack: long ones more often on women."""
    shares = np.array([1 - 0.93 * male if n in _LONG else 0.25 + 0.75 * male for n in HAIR])
    for name, part in _SELDOM.items():
        shares[HAIR.index(name)] *= part
    return str(random.choice(HAIR, p=shares / shares.sum()))


def hair_on(
    bodies: Bodies,
    person: Person,
    name: str,
    colour: Float[np.ndarray, "3"],
    random: np.random.Generator,
) -> Hair:
    """A hair mesh of the pack on somebody, varied."""
    mesh = bodies.pack.mesh(f"hair/{name}")
    points, weights = bodies.hung(mesh, person)
    points = _varied(points, person, random)
    mean = bodies.pack.mean_colour(f"hair/{name}")
    light = float(mean @ np.array([0.2126, 0.7152, 0.0722]))
    texture = Texture(
        bodies.pack.picture(f"hair/{name}"), mesh.uv, mesh.uv_triangles, colour / light, as_luminance=True
    )
    triangles = mesh.triangles.astype(np.int64)
    paint = _streaks(points, random)
    surface = Surface(points, triangles, "hair", "hair", colour=paint, texture=texture, gloss=0.045, roughness=0.12)
    return Hair(name, surface, weights, None)


def volume_normals(surface: Surface, centre: Float[np.ndarray, "3"]) -> Float[np.ndarray, "V 3"]:
    """Normals (V, 3) between the mesh's own and those of a ball about the head: hair is lit as a volume."""
    own = vertex_normals(surface.vertices.astype(np.float64), surface.triangles)
    out = unit(surface.vertices - centre)
    own = np.where((own * out).sum(1, keepdims=True) < 0, -own, own)
    return unit(0.5 * own + 0.5 * out)


def _varied(points: np.ndarray, person: Person, random: np.random.Generator) -> np.ndarray:
    """Longer or shorter below the ears, fuller or flatter, waves, a little disorder."""
    centre = person.joints[1] + SKULL
    away = points - centre
    low = np.clip(-(away[:, 1] + 0.03) / 0.1, 0, 1.5)
    out = points.copy()
    out[:, 1] -= low * random.uniform(-0.035, 0.05)
    out += unit(away) * random.uniform(-0.002, 0.01) * np.clip(0.4 + low, 0, 1)[:, None]
    length, strength = random.uniform(0.02, 0.07), random.uniform(0, 0.006) * random.choice([0, 1])
    for axis in range(3):
        phase = away @ random.normal(size=3) / length + random.uniform(0, 6)
        out[:, axis] += strength * low * np.sin(phase)
    side = random.uniform(-0.04, 0.04)
    out[:, 0] += side * low * away[:, 0].clip(-0.1, 0.1)
    return out


def _streaks(points: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Factors (V, 3) of lighter and darker locks."""
    strength = random.uniform(0, 0.25)
    waves = [np.sin(points @ random.normal(size=3) * random.uniform(60, 200) + random.uniform(0, 6)) for _ in range(4)]
    wave = np.sum(waves, axis=0)
    return np.repeat((1 + strength * wave / 2)[:, None], 3, axis=1).clip(0.3, 2)


def brows_on(
    bodies: Bodies, person: Person, name: str, colour: Float[np.ndarray, "3"]
) -> tuple[Surface, Float[np.ndarray, "N 5"]]:
    """Brows or lashes of the pack on somebody, and their skin weights."""
    mesh = bodies.pack.mesh(name)
    points, weights = bodies.hung(mesh, person)
    mean = bodies.pack.mean_colour(name)
    light = max(float(mean @ np.array([0.2126, 0.7152, 0.0722])), 0.004)
    gain = np.minimum(colour / light, 6)
    texture = Texture(bodies.pack.picture(name), mesh.uv, mesh.uv_triangles, gain, as_luminance=True)
    kind = "brows" if name.startswith("brows") else "skin"
    return Surface(points, mesh.triangles.astype(np.int64), kind, "hair", texture=texture, gloss=0.02), weights


class BeardStyle(NamedTuple):
    """A beard.

    Attributes:
        length: metres of its longest hairs.
        density: (N,) 0..1 over the drawn skin's vertices.
        curl: metres by which hairs stray.
    """

    length: float
    density: Float[np.ndarray, " N"]
    curl: float


def random_beard(skin: SkinMesh, rest: Float[np.ndarray, "N 3"], random: np.random.Generator) -> BeardStyle:
    """A full beard, a moustache, a goatee or sideburns.

    Args:
        skin: the drawn skin.
        rest: (N, 3) its vertices on the unposed head, metres.
        random: randomness.
    """
    kind = random.choice(4, p=[0.5, 0.2, 0.2, 0.1])
    x, y = rest[:, 0], rest[:, 1]
    lips = rest[skin.lips > 0.5]
    mouth = lips.mean(0)
    upper = lips[:, 1].max()
    width = np.ptp(lips[:, 0]) / 2
    chin = np.exp(-((np.abs(x) / (width * 1.3)) ** 4))
    if kind == 0:
        where = np.ones_like(x)
    elif kind == 1:
        where = (y > mouth[1]) * (y < upper + 0.03) * np.exp(-((np.abs(x) / (width * random.uniform(1.0, 1.5))) ** 6))
    elif kind == 2:
        where = chin * ((y < mouth[1]) | (random.random() < 0.6))
    else:
        where = np.abs(x) > width * 1.9
    length = float(
        random.choice(
            [random.uniform(0.002, 0.007), random.uniform(0.006, 0.02), random.uniform(0.015, 0.06)],
            p=[0.5, 0.35, 0.15],
        )
    )
    return BeardStyle(length, np.clip(skin.beard * 1.4 * where, 0, 1), random.uniform(0.0, 0.004))


def beard_surface(
    skin: SkinMesh, posed: Float[np.ndarray, "N 3"], style: BeardStyle, looks: Looks, random: np.random.Generator
) -> Surface | None:
    """Strands of a beard on the posed skin; None where nothing grows."""
    corners = skin.triangles
    chance = style.density[corners].mean(1)
    area = np.linalg.norm(
        np.cross(posed[corners[:, 1]] - posed[corners[:, 0]], posed[corners[:, 2]] - posed[corners[:, 0]]), axis=1
    )
    weight = np.where(chance > 0.25, area * chance, 0)
    if weight.sum() <= 0:
        return None
    count = int(np.clip(2500 + 60000 * style.length, 2500, 5500) * min(1.0, weight.sum() / 0.02 + 0.15))
    chosen = random.choice(len(corners), count, p=weight / weight.sum())
    shares = random.dirichlet([1, 1, 1], count)
    normals = vertex_normals(posed.astype(np.float64), skin.triangles)
    root = np.einsum("nk,nkc->nc", shares, posed[corners[chosen]])
    out = unit(np.einsum("nk,nkc->nc", shares, normals[corners[chosen]]))
    here = np.einsum("nk,nk->n", shares, style.density[corners[chosen]])
    down = np.array([0, -1.0, 0.25])
    length = style.length * random.uniform(0.5, 1.0, count) * (0.35 + 0.65 * here)
    along = unit(
        0.55 * out + 0.75 * down - 0.75 * (out @ down)[:, None] * out * 0.5 + random.normal(size=(count, 3)) * 0.22
    )
    side = unit(np.cross(along, random.normal(size=(count, 3))))
    width = random.uniform(0.0003, 0.0006)
    rings = []
    for step in (0.0, 0.6, 1.0):
        bend = random.normal(size=(count, 3)) * style.curl * step + down * (0.35 * step**2) * length[:, None]
        middle = root - out * 0.0005 + along * (length * step)[:, None] + bend
        thick = width * (1.15 - step)
        rings += [middle - side * thick, middle + side * thick] if step < 1 else [middle]
    points = np.stack(rings, axis=1).reshape(-1, 3)
    quad = np.array([[0, 1, 2], [1, 3, 2], [2, 3, 4]])
    triangles = (quad[None] + np.arange(count)[:, None, None] * 5).reshape(-1, 3)
    tone = random.uniform(0.6, 1.4, (count, 1)) * looks.hair
    colour = np.repeat(tone, 5, axis=0)
    given = np.repeat(out, 5, axis=0)
    return Surface(points, triangles, "beard", "hair", colour=colour, normals=given, gloss=0.03, roughness=0.15)
