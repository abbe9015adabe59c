"""From surfaces, light and camera to a picture in linear light and to what each pixel shows.

Two samples a pixel and axis. What is solid is drawn by depth; hair cards, lenses and cut edges are laid over it in the
order of their depth. Light under the skin spreads: its irradiance is blurred on the picture, red more than blue.

Convention: camera space as in `geometry.camera`; pictures (S, S, ...) with rows downwards.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np
import torch

from ...geometry.camera import Camera
from ...geometry.normals import unit, vertex_normals
from ...geometry.rasterizer import rasterize_layers, rasterize_view
from ...portrait.head_parsing import CLASSES
from ...shapes import Float, Float32, Int, UInt8
from .light import Environment, ShadowMap, seen_directions, soft_light
from .surface import CLASS, Surface, sample_texture

SAMPLES: Final = 2
"""Samples a pixel and axis."""
_SPREAD: Final = (0.0022, 0.0011, 0.0006)
"""Metres (standard deviation) over which light spreads under skin, red, green, blue.

Source: after d'Eon, Luebke and Enderton, Efficient rendering of human skin, EGSR 2007: the widest terms of their fit
have 2.7, 1.4 and 0.7 mm at little weight; one Gaussian a colour stands for the sum.
"""
_BROWS: Final = 3.0
"""Factor of brows among a pixel's classes: a brow is an area of sparse hair, and a quarter of a pixel counts as one."""
_FAINT: Final = 0.02
"""Opacity below which a sample of a surface is left out."""


class Photograph(NamedTuple):
    """A picture and what it shows; S pixels a side.

    Attributes:
        light: (S, S, 3) linear light of what is solid or hair, multiplied by `covered`.
        covered: (S, S) share of each pixel that is not background.
        labels: (S, S) uint8, the class of `CLASSES` that most of the pixel shows; brows where a quarter of it does.
        normals: (S, S, 3) unit normals of what is nearest, 0 on the background.
        depth: (S, S) metres from the camera plane of what is nearest and solid, inf on the background.
        skin_light: mean irradiance of the skin that is seen, linear; 1 if none is.
    """

    light: Float32[np.ndarray, "S S 3"]
    covered: Float32[np.ndarray, "S S"]
    labels: UInt8[np.ndarray, "S S"]
    normals: Float32[np.ndarray, "S S 3"]
    depth: Float32[np.ndarray, "S S"]
    skin_light: float


class _Scene(NamedTuple):
    """All surfaces as one mesh; what is solid comes first."""

    surfaces: tuple[Surface, ...]
    first_vertex: np.ndarray
    first_triangle: np.ndarray
    vertices: Float[np.ndarray, "V 3"]
    triangles: Int[np.ndarray, "T 3"]
    normals: Float[np.ndarray, "V 3"]
    solid: int
    """How many triangles are solid."""


class _Samples(NamedTuple):
    """Points of surfaces that samples of the picture show; N of them."""

    pixel: np.ndarray
    triangle: np.ndarray
    barycentric: np.ndarray
    depth: np.ndarray


class _Look(NamedTuple):
    """What samples look like."""

    diffuse: Float32[np.ndarray, "N 3"]
    albedo: Float32[np.ndarray, "N 3"]
    mirrored: Float32[np.ndarray, "N 3"]
    alpha: Float32[np.ndarray, " N"]
    kind: UInt8[np.ndarray, " N"]
    normal: Float32[np.ndarray, "N 3"]
    skin: np.ndarray


def take_photograph(
    surfaces: Sequence[Surface], camera: Camera, light: Environment, random: np.random.Generator
) -> Photograph:
    """Draw surfaces in camera space as a camera sees them.

    Args:
        surfaces: what is there; it must hold something solid.
        camera: square picture.
        light: in camera space.
        random: of the fine relief.
    """
    scene = _joined(surfaces)
    fine = camera.scaled(SAMPLES)
    solid, layers = _drawn(scene, fine)
    vertex_light = _vertex_light(scene, light)
    shadow = _shadow(scene, light)
    base = _look(scene, solid, vertex_light, (light, shadow), random)
    diffuse = _spread(base, solid, fine)
    front = _look(scene, layers, vertex_light, (light, shadow), random)
    keep = front.alpha > _FAINT
    front, layers = _Look(*(a[keep] for a in front)), _Samples(*(a[keep] for a in layers))
    return _composed(fine, (solid, base, diffuse), (layers, front))


def _joined(surfaces: Sequence[Surface]) -> _Scene:
    whole = [s if s.cut is None else s.trimmed() for s in surfaces]
    ordered = sorted((s for s in whole if len(s.triangles)), key=lambda s: not s.opaque)
    counts = np.cumsum([0, *(len(s.vertices) for s in ordered)])
    triangles = [s.triangles + first for s, first in zip(ordered, counts[:-1], strict=True)]
    first_triangle = np.cumsum([0, *(len(t) for t in triangles)])
    normals = [
        vertex_normals(s.vertices.astype(np.float64), s.triangles) if s.normals is None else s.normals for s in ordered
    ]
    return _Scene(
        tuple(ordered),
        counts,
        first_triangle,
        np.concatenate([s.vertices for s in ordered]).astype(np.float64),
        np.concatenate(triangles).astype(np.int64),
        np.concatenate(normals),
        int(sum(len(s.triangles) for s in ordered if s.opaque)),
    )


def _drawn(scene: _Scene, camera: Camera) -> tuple[_Samples, _Samples]:
    """Samples of what is solid, and of all that lies before it and can be seen through."""
    vertices = torch.as_tensor(scene.vertices)
    raster = rasterize_view(vertices, torch.as_tensor(scene.triangles[: scene.solid]), camera)
    triangle = raster.triangle.numpy().ravel()
    pixel = np.flatnonzero(triangle >= 0)
    depth = raster.depth.numpy().ravel()
    solid = _Samples(pixel, triangle[pixel], raster.barycentric.numpy().reshape(-1, 3)[pixel], depth[pixel])
    xy = torch.as_tensor(camera.project(scene.vertices))
    open_triangles = torch.as_tensor(scene.triangles[scene.solid :])
    found = rasterize_layers(xy, -vertices[:, 2], open_triangles, camera.height, camera.width)
    before = found.depth.numpy() < depth[found.pixel.numpy()] - 1e-4
    layers = _Samples(*(part.numpy()[before] for part in found))
    return solid, layers._replace(triangle=layers.triangle + scene.solid)


def _vertex_light(scene: _Scene, light: Environment) -> Float[np.ndarray, "V 6"]:
    """Irradiance and mirrored light of the environment at the vertices."""
    there = np.concatenate([np.ones(len(s.vertices)) if s.cut is None else s.cut for s in scene.surfaces]) > 0
    clear = np.concatenate([np.full(len(s.vertices), s.alpha is not None) for s in scene.surfaces])
    solid = scene.triangles[(there & ~clear)[scene.triangles].all(1)]
    blockers = [scene.vertices[there & ~clear], scene.vertices[solid].mean(1)]
    facing = np.where((scene.normals * -scene.vertices).sum(1, keepdims=True) < 0, -1.0, 1.0)
    two_sided = np.concatenate([np.full(len(s.vertices), _two_sided(s)) for s in scene.surfaces])
    normals = np.where(two_sided[:, None], scene.normals * facing, scene.normals)
    seen = seen_directions(scene.vertices, normals, np.concatenate(blockers), light.directions)
    return np.concatenate(soft_light(normals, unit(-scene.vertices), seen, light), axis=1)


def _two_sided(surface: Surface) -> bool:
    """Whether a surface is a sheet that is lit from either side; hair with normals of its own is lit as a volume."""
    return (surface.material == "hair" and surface.normals is None) or surface.alpha is not None


def _shadow(scene: _Scene, light: Environment) -> ShadowMap | None:
    if not light.sharp_colour.any():
        return None
    hair = np.concatenate([np.full(len(s.triangles), s.material == "hair") for s in scene.surfaces])
    clear = np.concatenate([np.full(len(s.triangles), s.alpha is not None) for s in scene.surfaces])
    there = np.concatenate([np.ones(len(s.vertices)) if s.cut is None else s.cut for s in scene.surfaces]) > 0
    there = there[scene.triangles].all(1)
    solid = scene.triangles[~hair & ~clear & there]
    return ShadowMap((scene.vertices, solid), (scene.vertices, scene.triangles[hair & there]), light)


def _look(
    scene: _Scene,
    samples: _Samples,
    vertex_light: np.ndarray,
    sharp: tuple[Environment, ShadowMap | None],
    random: np.random.Generator,
) -> _Look:
    """What samples look like in the light, without what spreads under the skin."""
    count = len(samples.pixel)
    weights = samples.barycentric.astype(np.float32)
    known = np.concatenate([scene.vertices, scene.normals, vertex_light], axis=1).astype(np.float32)
    place, normal, soft = np.split(_mixed(known, scene.triangles[samples.triangle], weights), [3, 6], axis=1)
    normal = unit(normal)
    view = unit(-place)
    owner = np.searchsorted(scene.first_triangle, samples.triangle, side="right") - 1
    turned = np.array([s.material != "hair" or _two_sided(s) for s in scene.surfaces])[owner]
    normal[((normal * view).sum(1) < 0) & turned] *= -1
    albedo = np.ones((count, 3), np.float32)
    alpha = np.ones(count, np.float32)
    kind = np.zeros(count, np.uint8)
    gloss = np.zeros(count, np.float32)
    skin = np.zeros(count, bool)
    power = np.full(count, 30.0, np.float32)
    for index in np.unique(owner):
        own = np.flatnonzero(owner == index)
        surface = scene.surfaces[index]
        local = samples.triangle[own] - scene.first_triangle[index]
        _paint(surface, (own, local, weights[own]), (albedo, alpha, kind))
        gloss[own] = surface.gloss
        skin[own] = surface.material == "skin"
        power[own] = {"eye": 900.0, "hard": 90.0, "hair": 18.0}.get(surface.material, 22.0)
        if surface.roughness:
            normal[own] += random.normal(size=(len(own), 3)).astype(np.float32) * surface.roughness
    normal = unit(normal).astype(np.float32)
    light, shadow = sharp
    diffuse, mirrored = soft[:, :3], soft[:, 3:]
    fresnel = gloss + (1 - gloss) * 0.6 * gloss**0.5 * (1 - np.clip((normal * view).sum(1), 0, 1)) ** 5
    mirrored = mirrored * fresnel[:, None]
    if shadow is not None:
        cosine = np.clip(normal @ light.sharp, 0, None) * shadow.lit(place + normal * 0.002)
        half = unit(view + light.sharp)
        lobe = np.clip((normal * half).sum(1), 0, None) ** power * (power + 8) / 25 * cosine
        diffuse = diffuse + cosine[:, None] * light.sharp_colour
        mirrored = mirrored + (lobe * fresnel)[:, None] * light.sharp_colour
    eyes = power > 500
    if eyes.any():
        mirrored[eyes] += _wet(normal[eyes], view[eyes], light)
    return _Look(
        diffuse.astype(np.float32), albedo, mirrored.astype(np.float32), alpha, kind, normal.astype(np.float32), skin
    )


def _mixed(values: np.ndarray, corners: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Values of vertices at points of their triangles."""
    out = values[corners[:, 0]] * weights[:, :1]
    for k in (1, 2):
        out += values[corners[:, k]] * weights[:, k : k + 1]
    return out


def _wet(normal: np.ndarray, view: np.ndarray, light: Environment) -> np.ndarray:
    """What an eye mirrors sharply: the environment's brightest spots, as lamps with edges."""
    mirrored = 2 * (normal * view).sum(1, keepdims=True) * normal - view
    nearest = (mirrored @ light.directions.T).argmax(1)
    strength = light.radiance[nearest]
    bright = strength.mean(1, keepdims=True) > 2.5 * light.radiance.mean()
    return np.where(bright, strength * 0.08, strength * 0.02)


def _paint(surface: Surface, where: tuple[np.ndarray, ...], out: tuple[np.ndarray, ...]) -> None:
    """Colour, opacity and class of samples of one surface, written into their arrays."""
    own, local, weights = where
    albedo, alpha, kind = out
    corners = surface.triangles[local]

    def mixed(values: np.ndarray) -> np.ndarray:
        return _mixed(values.astype(np.float32).reshape(len(values), -1), corners, weights)

    kind[own] = CLASS[surface.name]
    if surface.texture is not None:
        at = surface.texture
        uv = _mixed(at.uv.astype(np.float32), at.uv_triangles[local], weights)
        painted = sample_texture(at, uv)
        albedo[own], alpha[own] = painted[:, :3], painted[:, 3]
    if surface.colour is not None:
        albedo[own] *= mixed(surface.colour)
    if surface.alpha is not None:
        alpha[own] *= mixed(surface.alpha)[:, 0]
    if surface.cut is not None:
        alpha[own] *= mixed(surface.cut)[:, 0] > 0
    for name, share in surface.others:
        kind[own[mixed(share)[:, 0] > 0.5]] = CLASS[name]


def _spread(base: _Look, solid: _Samples, camera: Camera) -> Float32[np.ndarray, "N 3"]:
    """Irradiance (N, 3) of what is solid, on skin after it has spread under it."""
    size = camera.width
    if not base.skin.any():
        return base.diffuse
    where = np.zeros((size * size, 4), np.float32)
    own = solid.pixel[base.skin]
    where[own, :3], where[own, 3] = base.diffuse[base.skin], 1
    picture = where.reshape(size, size, 4)
    per_metre = camera.focal / float(np.median(solid.depth[base.skin]))
    out = base.diffuse.copy()
    for channel, metres in enumerate(_SPREAD):
        sigma = metres * per_metre
        if sigma < 0.3:
            continue
        both = np.ascontiguousarray(picture[..., [channel, 3]])
        width = 2 * math.ceil(2.5 * sigma) + 1
        blurred = cv2.GaussianBlur(both, (width, width), sigma).reshape(-1, 2)[own]
        out[base.skin, channel] = 0.35 * out[base.skin, channel] + 0.65 * blurred[:, 0] / blurred[:, 1].clip(1e-3)
    return out


def _composed(camera: Camera, solid: tuple[_Samples, _Look, np.ndarray], layers: tuple[_Samples, _Look]) -> Photograph:
    """Layers over what is solid, and pixels from their samples."""
    size, count = camera.width, len(CLASSES)
    total = size * size
    at, base, diffuse = solid
    over, look = layers
    # non-negative float32 bits sort like the floats
    order = np.argsort((over.pixel << 32) | over.depth.astype(np.float32).view(np.int32).astype(np.int64))
    pixel, alpha = over.pixel[order], np.minimum(look.alpha[order].astype(np.float64), 0.999)
    first = np.r_[True, pixel[1:] != pixel[:-1]] if len(pixel) else np.zeros(0, bool)
    passed = np.cumsum(np.log1p(-alpha)) - np.log1p(-alpha)
    start = np.flatnonzero(first)
    passed -= np.repeat(passed[start], np.diff(np.r_[start, len(pixel)])) if len(pixel) else 0
    weight = np.exp(passed) * alpha
    left = np.ones(total, np.float32)
    left -= np.bincount(pixel, weight, total).astype(np.float32)
    colour = (look.diffuse * look.albedo + look.mirrored)[order]
    light = np.stack([np.bincount(pixel, weight * colour[:, k], total) for k in range(3)], axis=1).astype(np.float64)
    place = pixel * count + look.kind[order]
    shares = np.bincount(place, weight, total * count).astype(np.float32).reshape(total, count)
    light[at.pixel] += (diffuse * base.albedo + base.mirrored) * left[at.pixel, None]
    shares[at.pixel, base.kind] += left[at.pixel]
    uncovered = np.ones(total, bool)
    uncovered[at.pixel] = False
    shares[uncovered, 0] += left[uncovered]
    normals = np.zeros((total, 3), np.float32)
    normals[at.pixel] = base.normal * left[at.pixel, None]
    for k in range(3):
        normals[:, k] += np.bincount(pixel, weight * look.normal[order][:, k], total).astype(np.float32)
    depth = np.full(total, np.inf, np.float32)
    depth[at.pixel] = at.depth

    def pooled(values: np.ndarray) -> np.ndarray:
        half = size // SAMPLES
        return values.reshape(half, SAMPLES, half, SAMPLES, -1).mean((1, 3))

    shares = pooled(shares)
    kinds = shares.copy()
    kinds[..., CLASS["brows"]] *= _BROWS
    mean = pooled(normals)
    length = np.linalg.norm(mean, axis=2, keepdims=True)
    half = size // SAMPLES
    return Photograph(
        pooled(light).astype(np.float32),
        (1 - shares[..., 0]).astype(np.float32),
        kinds.argmax(2).astype(np.uint8),
        np.where(length > 1e-3, mean / np.maximum(length, 1e-6), 0).astype(np.float32),
        depth.reshape(half, SAMPLES, half, SAMPLES).min((1, 3)),
        float(base.diffuse[base.skin].mean()) if base.skin.any() else 1.0,
    )
