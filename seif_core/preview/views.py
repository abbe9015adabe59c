"""Shaded, textured and normal-map pictures of a surface, drawn with the project's own rasterizer.

Convention: a `View` looks at the head from the front (from +Z) when yaw and pitch are 0; a positive yaw walks the
viewer towards the subject's left (+X), a positive pitch raises the viewer. Worked number: yaw = 90 shows the left
ear in the middle and the nose towards the picture's left edge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

import cv2
import numpy as np
import torch
from scipy import sparse

from ..geometry.camera import Camera
from ..geometry.colour import decode, to_srgb
from ..geometry.normals import vertex_normals
from ..geometry.rasterizer import Raster, interpolate, rasterize_view
from ..geometry.sampling import sample
from ..geometry.tangents import from_tangent_space, tangent_frame
from ..hair_layer import HairMesh
from ..head import Head
from ..headmodel.model import triangulate
from ..headmodel.topology import PART_NAMES
from ..shapes import Float, Float32, UInt8
from .hair_over import HairOver, lay_hair_over
from .studio_light import studio_light, studio_shine
from .surface import Surface

Mode = Literal["shaded", "textured"]

_CLAY: Final = {
    "skin": (0.40, 0.365, 0.335),
    "eye_left": (0.62, 0.62, 0.62),
    "eye_right": (0.62, 0.62, 0.62),
    "teeth_upper": (0.60, 0.58, 0.52),
    "teeth_lower": (0.60, 0.58, 0.52),
    "tongue": (0.28, 0.12, 0.105),
    "lashes": (0.03, 0.025, 0.025),
}
"""Linear-light colours of the parts in shaded pictures."""
_LINING: Final = len(PART_NAMES)
"""Number of the mouth's lining among the parts of a scene, after all that have names."""
_CLAY_LINING: Final = (0.16, 0.065, 0.055)
"""Its colour, linear: as light as skin it would look like a wall behind the teeth. Chosen by eye."""

_EYES: Final = tuple(PART_NAMES.index(name) for name in ("eye_left", "eye_right"))

_BACKGROUND: Final = (0.13, 0.14, 0.15)
"""sRGB. How a studio view looks was chosen by eye; so were the constants below."""
_FIELD_OF_VIEW: Final = np.radians(20.0)
"""Of the shorter side of a studio view, radians: that of an 85 mm lens on a 35 mm camera, about."""
_FRAMED: Final = (1.06, 0.4)
"""Of half the frame: how much room a view leaves, and how far before its middle the frame's nearest part lies."""
_MOST_PIXELS: Final = 1400
"""Longer side at which normals are drawn; larger pictures are enlarged from it."""


@dataclass(frozen=True)
class View:
    """A studio view of a head that stands in model space.

    Attributes:
        yaw: degrees, positive towards the subject's left.
        pitch: degrees, positive from above.
        width: picture width in pixels.
        height: picture height in pixels.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    width: int = 400
    height: int = 480


class _Scene(NamedTuple):
    vertices: torch.Tensor  # V 3, camera space
    triangles: torch.Tensor  # T 3
    part: np.ndarray  # T, into PART_NAMES, or _LINING
    uv_triangles: np.ndarray  # T 3
    normals: torch.Tensor  # V 3
    raster: Raster


class _Hits(NamedTuple):
    pixel: np.ndarray  # P, flat index of the pixels that show surface
    triangle: np.ndarray  # P
    weights: np.ndarray  # P 3


def render(
    subject: Head | Surface,
    view: View | Camera | None = None,
    mode: Mode = "shaded",
    *,
    frame: Float[np.ndarray, "N 3"] | None = None,
    hair: HairMesh | None = None,
    supersample: int = 2,
) -> UInt8[np.ndarray, "H W 3"]:
    """Draw a head.

    Args:
        subject: a `Head` (drawn neutral) or any `Surface`.
        view: a studio `View` (the surface lies in model space) or a `Camera` (it lies in camera space); None is a
            frontal view.
        mode: ``shaded`` draws clay, ``textured`` the texture under soft light (clay where there is no texture).
        frame: (W, 3) vertices that decide the framing of a `View`, so that expressions stay in place; None takes
            the surface's own.
        hair: mesh of a hair layer, in the surface's space, laid over it; None for none.
        supersample: samples per pixel and axis.

    Returns:
        (H, W, 3) uint8 sRGB.
    """
    surface = Surface.of_head(subject) if isinstance(subject, Head) else subject
    view = View() if view is None else view
    camera = view if isinstance(view, Camera) else _view_camera(view)
    vertices, strands = surface.vertices, None if hair is None else hair.vertices
    if isinstance(view, View):
        framed = surface.vertices if frame is None else frame
        vertices = _into_view(vertices, framed, view)
        strands = None if strands is None else _into_view(strands, framed, view)
    fine = Camera(
        camera.focal * supersample,
        camera.cx * supersample,
        camera.cy * supersample,
        camera.width * supersample,
        camera.height * supersample,
    )
    scene = _draw(surface, vertices, fine)
    hits = _hits(scene)
    if mode == "textured" and surface.texture is not None:
        colour = _texture_colours(scene, hits, surface.uvs, surface.texture)
    else:
        colour = _clay(scene, hits, surface)
    linear = np.tile(np.array(_BACKGROUND, np.float32), (fine.height * fine.width, 1))
    normals = _normals_at(scene, hits, surface)
    linear[hits.pixel] = colour * studio_light(normals)[:, None]
    wet = np.flatnonzero(np.isin(scene.part[hits.triangle], _EYES))
    linear[hits.pixel[wet]] += studio_shine(normals[wet])[:, None]
    linear = linear.reshape(fine.height, fine.width, 3)
    if hair is not None and strands is not None:
        over = HairOver(strands, hair, textured=mode == "textured")
        linear = lay_hair_over(linear, scene.raster.depth.numpy(), over, fine)
    if supersample > 1:
        linear = cv2.resize(linear, (camera.width, camera.height), interpolation=cv2.INTER_AREA)
    return np.rint(to_srgb(np.asarray(linear)) * 255).astype(np.uint8)


def render_normals(surface: Surface, camera: Camera) -> UInt8[np.ndarray, "H W 3"]:
    """Normal map of a surface in camera space.

    Returns:
        (H, W, 3) uint8, RGB = (n + 1) / 2, x right, y up, z to the viewer; 127 where nothing is. Lashes are left out.
    """
    out = np.full((camera.height, camera.width, 3), 127, np.uint8)
    window = _window(camera.project(surface.vertices.astype(np.float64)), camera)
    if window is None:
        return out
    x0, y0, x1, y1 = window
    crop = Camera(camera.focal, camera.cx - x0, camera.cy - y0, x1 - x0, y1 - y0)
    small = crop.scaled(min(1.0, _MOST_PIXELS / max(crop.width, crop.height)))
    scene = _draw(_without_lashes(surface), surface.vertices, small)
    normals = interpolate(scene.raster, scene.triangles, scene.normals).numpy()
    hit = (scene.raster.triangle.numpy() >= 0).astype(np.uint8)
    if small.width != crop.width or small.height != crop.height:
        normals = cv2.resize(normals, (crop.width, crop.height), interpolation=cv2.INTER_LINEAR)
        hit = cv2.resize(hit, (crop.width, crop.height), interpolation=cv2.INTER_NEAREST)
    normals = normals / np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-6)
    coded = np.rint((normals + 1) * 127.5).astype(np.uint8)
    out[y0:y1, x0:x1] = np.where(hit[..., None] > 0, coded, np.uint8(127))
    return out


def encode_normals(normals: Float32[np.ndarray, "H W 3"]) -> UInt8[np.ndarray, "H W 3"]:
    """Unit normals as `render_normals` codes them; 127 where they are 0."""
    shown = np.any(normals != 0, axis=2, keepdims=True)
    return np.where(shown, np.rint((normals + 1) * 127.5), 127).astype(np.uint8)


def _view_camera(view: View) -> Camera:
    focal = min(view.width, view.height) / (2 * np.tan(_FIELD_OF_VIEW / 2))
    return Camera(float(focal), view.width / 2, view.height / 2, view.width, view.height)


def _into_view(vertices: np.ndarray, frame: np.ndarray, view: View) -> np.ndarray:
    """Model space to the camera space of a studio view that frames `frame` with a small margin."""
    low, high = frame.min(0), frame.max(0)
    centre = (low + high) / 2
    side = min(view.width, view.height)
    half = 0.5 * max((high[1] - low[1]) * side / view.height, (high - low)[[0, 2]].max() * side / view.width)
    distance = _FRAMED[0] * half / np.tan(_FIELD_OF_VIEW / 2) + _FRAMED[1] * half
    yaw, pitch = np.radians(-view.yaw), np.radians(view.pitch)
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    return (vertices - centre) @ (about_x @ about_y).T + np.array([0, 0, -distance])


def _without_lashes(surface: Surface) -> Surface:
    kept = surface.face_part != PART_NAMES.index("lashes")
    return replace(
        surface,
        faces=surface.faces[kept],
        face_part=surface.face_part[kept],
        uv_faces=surface.uv_faces[kept],
        lining=None if surface.lining is None else surface.lining[kept],
    )


def _draw(surface: Surface, vertices: np.ndarray, camera: Camera) -> _Scene:
    triangles, origin = triangulate(surface.faces)
    uv_triangles = triangulate(surface.uv_faces)[0]
    part = surface.face_part if surface.lining is None else np.where(surface.lining, _LINING, surface.face_part)
    part = part[origin]
    thin = part == PART_NAMES.index("lashes")  # strips without a back side: drawn from both sides
    points = torch.from_numpy(np.ascontiguousarray(vertices, np.float32))
    normals = vertex_normals(points, torch.from_numpy(triangles).long())
    triangles = np.concatenate([triangles, triangles[thin][:, ::-1]])
    uv_triangles = np.concatenate([uv_triangles, uv_triangles[thin][:, ::-1]])
    part = np.concatenate([part, part[thin]])
    index = torch.from_numpy(triangles).long()
    raster = rasterize_view(points, index, camera, cull_back=True)
    return _Scene(points, index, part, uv_triangles, normals, raster)


def _clay(scene: _Scene, hits: _Hits, surface: Surface) -> Float32[np.ndarray, "P 3"]:
    """Plain colours of the parts; the eyes keep their texture where there is one, so that one sees where they look."""
    part = scene.part[hits.triangle]
    colour = np.array([*(_CLAY[name] for name in PART_NAMES), _CLAY_LINING], np.float32)[part]
    eyes = np.flatnonzero(np.isin(part, _EYES))
    if surface.texture is not None and len(eyes):
        only = _Hits(hits.pixel[eyes], hits.triangle[eyes], hits.weights[eyes])
        colour[eyes] = _texture_colours(scene, only, surface.uvs, surface.texture)
    return colour


def _hits(scene: _Scene) -> _Hits:
    triangle = scene.raster.triangle.numpy().reshape(-1)
    pixel = np.flatnonzero(triangle >= 0)
    return _Hits(pixel, triangle[pixel], scene.raster.barycentric.numpy().reshape(-1, 3)[pixel])


def _blend(hits: _Hits, corners: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values (V, C) at the pixels: (P, C)."""
    rows = np.arange(0, 3 * len(hits.pixel) + 1, 3, dtype=np.int32)
    chosen = corners.astype(np.int32, copy=False).take(hits.triangle, axis=0).ravel()
    return np.asarray(sparse.csr_matrix((hits.weights.ravel(), chosen, rows), (len(hits.pixel), len(values))) @ values)


def _normals_at(scene: _Scene, hits: _Hits, surface: Surface) -> Float[np.ndarray, "P 3"]:
    """Unit normals at the pixels: the mesh's, and on skin what the normal map adds."""
    corners = scene.triangles.numpy()
    skin = np.flatnonzero(scene.part[hits.triangle] == PART_NAMES.index("skin"))
    if surface.normal_map is None or not len(skin):
        return _of_length_one(_blend(hits, corners, scene.normals.numpy()).T).T
    frame = tangent_frame(scene.vertices.numpy(), scene.normals.numpy(), corners, surface.uvs, scene.uv_triangles)
    values = np.concatenate([scene.normals.numpy(), frame.along.astype(np.float32)], axis=1)
    blended = np.ascontiguousarray(_blend(hits, corners, values).T)  # whole columns are worked on much faster
    normals = _of_length_one(blended[:3])
    own = _Hits(hits.pixel[skin], hits.triangle[skin], hits.weights[skin])
    told = _looked_up(scene, own, surface.uvs, surface.normal_map).T.astype(np.float32, order="C")
    told *= 2 / 255
    told -= 1
    leaning = blended.take(skin, axis=1)
    normals[:, skin] = from_tangent_space(told.T, leaning[:3].T, leaning[3:].T).T
    return normals.T


def _of_length_one(vectors: Float[np.ndarray, "3 P"]) -> Float[np.ndarray, "3 P"]:
    """Vectors of length 1, and what is hardly longer than nothing as it is: in place."""
    vectors /= np.sqrt(np.einsum("cp,cp->p", vectors, vectors)).clip(min=1e-6)
    return vectors


def _texture_colours(scene: _Scene, hits: _Hits, uvs: np.ndarray, texture: np.ndarray) -> Float32[np.ndarray, "P 3"]:
    """Linear-light colours of the texture at the pixels."""
    return decode(_looked_up(scene, hits, uvs, texture))


def _looked_up(
    scene: _Scene, hits: _Hits, uvs: np.ndarray, texture: UInt8[np.ndarray, "H W 3"]
) -> UInt8[np.ndarray, "P 3"]:
    """The texture at the pixels, from a mip level that suits the picture."""
    uv = _blend(hits, scene.uv_triangles, uvs.astype(np.float32))
    seen = np.flatnonzero(np.bincount(hits.triangle, minlength=1))
    texture = _mip(texture, scene.uv_triangles, uvs, seen, len(hits.pixel))
    height, width = texture.shape[:2]
    x = np.clip(uv[:, 0] * width - 0.5, 0, width - 1)
    y = np.clip((1 - uv[:, 1]) * height - 0.5, 0, height - 1)
    return sample(texture, x, y)


def _mip(texture: np.ndarray, uv_triangles: np.ndarray, uvs: np.ndarray, seen: np.ndarray, pixels: int) -> np.ndarray:
    a, b, c = (uvs[uv_triangles[seen, k]].astype(np.float64) for k in range(3))
    area = 0.5 * np.abs((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]).sum()
    ratio = np.sqrt(area * texture.shape[0] * texture.shape[1] / max(pixels, 1))
    while ratio >= 2 and min(texture.shape[:2]) >= 128:
        size = (texture.shape[1] // 2, texture.shape[0] // 2)
        texture, ratio = cv2.resize(texture, size, interpolation=cv2.INTER_AREA), ratio / 2
    return texture


def _window(pixels: np.ndarray, camera: Camera) -> tuple[int, int, int, int] | None:
    """The part of the picture (x0, y0, x1, y1) that the projected points can touch, None if none."""
    low = np.floor(pixels.min(0)).astype(int) - 1
    high = np.ceil(pixels.max(0)).astype(int) + 1
    x0, y0 = max(0, int(low[0])), max(0, int(low[1]))
    x1, y1 = min(camera.width, int(high[0])), min(camera.height, int(high[1]))
    return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None
