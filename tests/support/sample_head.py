"""A small synthetic but complete head and head model for tests: every field filled, a few hundred vertices.

An ellipsoid with a nose (quads, triangles at the poles), two eyeballs, teeth, a tongue and lashes as own parts, the 52
ARKit keys as smooth local movements, five joints, smooth weights, UVs with a seam, regions, a small texture.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from seif_core.expressions.arkit import ARKIT_52, mirrored_name
from seif_core.geometry.camera import Camera
from seif_core.head import Head
from seif_core.headmodel.model import HeadModel, LandmarkEmbedding, triangulate
from seif_core.headmodel.skinning import pose_vertices
from seif_core.headmodel.topology import PART_NAMES

EYE_CENTRES = {"eye_left": (0.032, 0.03, 0.073), "eye_right": (-0.032, 0.03, 0.073)}
_SHAPES, _EXPRESSIONS = 8, 10


class _Parts:
    """Collects parts into one mesh."""

    def __init__(self) -> None:
        self.vertices, self.uvs, self.faces, self.uv_faces, self.part = [], [], [], [], []

    def add(self, name, vertices, faces, uvs, uv_faces) -> None:
        v0 = sum(map(len, self.vertices))
        u0 = sum(map(len, self.uvs))
        self.vertices.append(vertices)
        self.uvs.append(uvs)
        self.faces.append(np.where(faces >= 0, faces + v0, -1))
        self.uv_faces.append(np.where(uv_faces >= 0, uv_faces + u0, -1))
        self.part.append(np.full(len(faces), PART_NAMES.index(name)))


def _sphere(segments: int, rings: int, uv_box):
    """Unit sphere, Y up, seam at -Z: quads, triangles at both poles; UVs duplicated along the seam and at the poles."""
    theta = np.pi * np.arange(1, rings + 1) / (rings + 1)
    phi = 2 * np.pi * np.arange(segments) / segments - np.pi
    ring = np.stack(
        [
            np.outer(np.sin(theta), np.sin(phi)),
            np.outer(np.cos(theta), np.ones(segments)),
            np.outer(np.sin(theta), np.cos(phi)),
        ],
        -1,
    )
    vertices = np.concatenate([ring.reshape(-1, 3), [[0, 1, 0], [0, -1, 0]]])
    u, v = np.meshgrid(np.arange(segments + 1) / segments, 1 - np.arange(1, rings + 1) / (rings + 1))
    top_u = (np.arange(segments) + 0.5) / segments
    uvs = np.concatenate(
        [
            np.stack([u, v], -1).reshape(-1, 2),
            np.stack([top_u, np.ones(segments)], -1),
            np.stack([top_u, np.zeros(segments)], -1),
        ]
    )
    faces, uv_faces = [], []
    pole, uv_pole = segments * rings, (segments + 1) * rings
    for s in range(segments):
        n = (s + 1) % segments
        faces.append([s, n, pole, -1])
        uv_faces.append([s, s + 1, uv_pole + s, -1])
        for r in range(rings - 1):
            a, b = r * segments, (r + 1) * segments
            faces.append([b + s, b + n, a + n, a + s])
            c, d = r * (segments + 1), (r + 1) * (segments + 1)
            uv_faces.append([d + s, d + s + 1, c + s + 1, c + s])
        last, uv_last = (rings - 1) * segments, (rings - 1) * (segments + 1)
        faces.append([last + n, last + s, pole + 1, -1])
        uv_faces.append([uv_last + s + 1, uv_last + s, uv_pole + segments + s, -1])
    x0, y0, x1, y1 = uv_box
    return vertices, np.array(faces), uvs * [x1 - x0, y1 - y0] + [x0, y0], np.array(uv_faces)


def _blob(parts, name, centre, axes, uv_box, *, segments=8, rings=4):
    unit, faces, uvs, uv_faces = _sphere(segments, rings, uv_box)
    parts.add(name, unit * axes + centre, faces, uvs, uv_faces)


def _mesh() -> _Parts:
    parts = _Parts()
    unit, faces, uvs, uv_faces = _sphere(32, 18, (0.02, 0.27, 0.98, 0.98))
    skin = unit * [0.075, 0.12, 0.092] + [0, 0.01, 0]
    front = skin[:, 2] > 0
    nose = np.exp(-((skin[:, 0] / 0.013) ** 2 + ((skin[:, 1] + 0.002) / 0.018) ** 2))
    skin[:, 2] += np.where(front, 0.018 * nose, 0)
    parts.add("skin", skin, faces, uvs, uv_faces)
    for i, (name, centre) in enumerate(EYE_CENTRES.items()):
        _blob(parts, name, centre, 0.012, (0.02 + 0.2 * i, 0.02, 0.18 + 0.2 * i, 0.23), segments=10, rings=7)
    _blob(parts, "teeth_upper", (0, -0.035, 0.072), (0.02, 0.004, 0.008), (0.42, 0.02, 0.53, 0.23))
    _blob(parts, "teeth_lower", (0, -0.045, 0.070), (0.018, 0.004, 0.008), (0.55, 0.02, 0.66, 0.23))
    _blob(parts, "tongue", (0, -0.048, 0.055), (0.012, 0.004, 0.018), (0.68, 0.02, 0.80, 0.23))
    for i, x in enumerate((0.032, -0.032)):  # one strip of two quads above each eye
        xs = np.repeat(x + np.array([-0.01, 0.0, 0.01]), 2)
        ys, zs = 0.04 + np.tile([0.0, 0.004], 3), 0.085 + np.tile([0.0, 0.006], 3)
        uv = np.stack([0.84 + 0.07 * i + (xs - x + 0.01) * 3, 0.05 + np.tile([0, 0.1], 3)], 1)
        quads = np.array([[0, 2, 3, 1], [2, 4, 5, 3]])
        parts.add("lashes", np.stack([xs, ys, zs], 1), quads, uv, quads)
    return parts


def _smooth_field(rng, points, amplitude, centre, radius):
    """A smooth random displacement, exactly zero beyond `radius` (so that keys are sparse)."""
    frequency, phase = rng.normal(size=(3, 3)) * 25, rng.uniform(0, 2 * np.pi, 3)
    bump = np.clip(1 - np.sum((points - centre) ** 2, 1) / radius**2, 0, None) ** 2
    return amplitude * bump[:, None] * np.sin(points @ frequency + phase)


def _keys(rng, points, part):
    mirror = points * [-1, 1, 1]
    keys = {}
    for name in ARKIT_52:
        other = mirrored_name(name)
        if other in keys:
            continue
        centre, radius, size = (0, -0.04, 0.09), 0.06, 0.008
        if name.startswith(("eye", "brow")):
            centre, radius, size = (0.032, 0.035, 0.085), 0.03, 0.005
        elif name.startswith(("cheek", "nose")):
            centre, radius, size = (0.03, -0.01, 0.085), 0.04, 0.005
        state = rng.integers(1 << 31)
        keys[name] = _smooth_field(np.random.default_rng(state), points, size, centre, radius)
        if name == "jawOpen":
            keys[name] += [0, -0.02, -0.005] * np.clip((-0.03 - points[:, 1:2]) / 0.05, 0, 1) * (points[:, 2:] > 0)
        if other != name:
            keys[other] = _smooth_field(np.random.default_rng(state), mirror, size, centre, radius) * [-1, 1, 1]
    deltas = np.stack([keys[n] for n in ARKIT_52])
    deltas[:, np.isin(part, [PART_NAMES.index("eye_left"), PART_NAMES.index("eye_right")])] = 0  # joints move eyeballs
    return deltas


def _weights(points, part):
    up = 1 / (1 + np.exp(-(points[:, 1] + 0.08) / 0.008))
    jaw = 1 / (1 + np.exp((points[:, 1] + 0.04) / 0.006)) / (1 + np.exp(-(points[:, 2] - 0.03) / 0.01))
    weights = np.stack([(1 - up) * (1 - jaw), up * (1 - jaw), jaw, 0 * up, 0 * up], 1)
    for names, joint in (
        (("eye_left",), 3),
        (("eye_right",), 4),
        (("teeth_lower", "tongue"), 2),
        (("teeth_upper",), 1),
    ):
        weights[np.isin(part, [PART_NAMES.index(n) for n in names])] = np.eye(5)[joint]
    return weights / weights.sum(1, keepdims=True)


def _regressor(points, part):
    targets = np.array([[0, -0.1, -0.01], [0, -0.06, -0.01], [0, -0.01, 0.01], *EYE_CENTRES.values()])
    rows = np.exp(-np.sum((points[None] - targets[:, None]) ** 2, -1) / 0.05**2)
    rows[:3] *= part == 0
    for joint in (3, 4):
        rows[joint] = part == PART_NAMES.index("eye_left" if joint == 3 else "eye_right")
    return rows / rows.sum(1, keepdims=True)


def _cross(a, b):
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]  # numpy 2 crosses no 2-vectors


def _embed(points, triangles, xy):
    """Drop points (L, 2) onto the front of the skin along Z."""
    corners = points[triangles]
    front = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2] > 0
    corners, candidates = corners[front], triangles[front]
    a, b, c = corners[:, 0, :2], corners[:, 1, :2], corners[:, 2, :2]
    area = _cross(b - a, c - a)
    p = xy[:, None]
    w1, w2 = _cross(p - a, c - a) / area, _cross(b - a, p - a) / area
    w = np.stack([1 - w1 - w2, w1, w2], -1)
    best = w.min(-1).argmax(1)
    weights = np.clip(w[np.arange(len(xy)), best], 0, None)
    weights /= weights.sum(1, keepdims=True)
    return LandmarkEmbedding(
        candidates[best].astype(np.int32), weights.astype(np.float32), np.full(len(xy), 0.002, np.float32)
    )


def _ibug68_layout():
    arc = np.linspace(np.pi, 2 * np.pi, 17)
    jaw = np.stack([0.066 * np.cos(arc), 0.02 + 0.095 * np.sin(arc)], 1)
    brow = np.stack([np.linspace(-0.05, -0.015, 5), 0.05 + np.array([0, 4, 6, 5, 3]) * 1e-3], 1)
    bridge = np.stack([np.zeros(4), np.linspace(0.03, -0.002, 4)], 1)
    base = np.stack([np.linspace(-0.012, 0.012, 5), -0.015 - np.array([0, 1, 2, 1, 0]) * 1e-3], 1)

    def eye(x):
        return np.stack([x + np.array([-14, -5, 5, 14, 5, -5]) * 1e-3, 0.03 + np.array([0, 5, 5, 0, -5, -5]) * 1e-3], 1)

    def mouth(n, rx, ry):
        t = np.pi - 2 * np.pi * np.arange(n) / n
        return np.stack([rx * np.cos(t), -0.04 + ry * np.sin(t)], 1)

    mirrored_brow = (brow * [-1, 1])[::-1]
    return np.concatenate(
        [
            jaw,
            brow,
            mirrored_brow,
            bridge,
            base,
            eye(-0.032),
            eye(0.032),
            mouth(12, 0.025, 0.009),
            mouth(8, 0.02, 0.003),
        ]
    )


def _embeddings(points, triangles, part):
    skin = triangles[(part[triangles] == 0).all(1)]
    golden = np.pi * (3 - np.sqrt(5))
    i = np.arange(468)
    radius = np.sqrt((i + 0.5) / 468)
    spiral = np.stack([0.062 * radius * np.cos(golden * i), -0.01 + 0.085 * radius * np.sin(golden * i)], 1)
    face = _embed(points, skin, spiral)
    irises = []
    for name in ("eye_right", "eye_left"):
        offsets = np.array([[0, 0], [1, 0], [0, 1], [-1, 0], [0, -1]]) * 0.005
        own = triangles[(part[triangles] == PART_NAMES.index(name)).all(1)]
        irises.append(_embed(points, own, np.array(EYE_CENTRES[name][:2]) + offsets))
    all_sets = [face, *irises]
    mediapipe = LandmarkEmbedding(
        *(np.concatenate([getattr(s, f) for s in all_sets]) for f in ("vertex_ids", "weights", "sigma"))
    )
    return {"ibug68": _embed(points, skin, _ibug68_layout()), "mediapipe478": mediapipe}


def _regions(points, part):
    x, y, z = points.T
    skin = part == 0
    eyes = np.isin(part, [1, 2])
    near_eye = np.min([np.hypot(x - c[0], y - c[1]) for c in EYE_CENTRES.values()], axis=0)
    mouth = np.hypot(x / 0.03, (y + 0.04) / 0.015)
    return {
        "face": skin & (z > 0.03) & (y < 0.08) & (y > -0.09),
        "scalp": skin & ~((z > 0.03) & (y < 0.08)) & (y >= -0.08),
        "ears": skin & (np.abs(x) > 0.068) & (np.abs(y) < 0.04),
        "neck": skin & (y < -0.08),
        "lips": skin & (z > 0) & (mouth < 1),
        "lids": skin & (z > 0) & (near_eye < 0.02),
        "eyeballs": eyes,
        "mouth_interior": np.isin(part, [3, 4, 5]),
    }


@lru_cache(maxsize=8)
def sample_model(seed: int = 0) -> HeadModel:
    """A small complete head model; the same seed gives the same model."""
    rng = np.random.default_rng(seed)
    mesh = _mesh()
    points, faces = np.concatenate(mesh.vertices), np.concatenate(mesh.faces).astype(np.int32)
    part = np.repeat([p[0] for p in mesh.part], [len(v) for v in mesh.vertices])
    shape = np.stack([_smooth_field(rng, points, 0.003, (0, 0, 0), 0.25) for _ in range(_SHAPES)])
    expression = np.stack([_smooth_field(rng, points, 0.003, (0, -0.02, 0.09), 0.09) for _ in range(_EXPRESSIONS)])
    pose_basis = np.zeros((36, len(points), 3))
    pose_basis[9:18] = [_smooth_field(rng, points, 0.004, (0, -0.05, 0.06), 0.06) for _ in range(9)]  # the jaw's nine
    expression[:, np.isin(part, [1, 2])] = 0
    pose_basis[:, np.isin(part, [1, 2])] = 0
    return HeadModel(
        name="sample",
        title="Sample head 1",
        licence="CC0-1.0",
        attribution="Synthetic head of the project's own tests.",
        template=points.astype(np.float32),
        faces=faces,
        face_part=np.concatenate(mesh.part).astype(np.uint8),
        shape_basis=shape.astype(np.float32),
        expression_basis=expression.astype(np.float32),
        key_names=ARKIT_52,
        key_basis=_keys(rng, points, part).astype(np.float32),
        pose_basis=pose_basis.astype(np.float32),
        joint_regressor=_regressor(points, part).astype(np.float32),
        skin_weights=_weights(points, part).astype(np.float32),
        uvs=np.concatenate(mesh.uvs).astype(np.float32),
        uv_faces=np.concatenate(mesh.uv_faces).astype(np.int32),
        embeddings=_embeddings(points, triangulate(faces)[0], part),
        regions=_regions(points, part),
    )


def _texture(rng):
    y, x = np.mgrid[0:64, 0:64] / 63
    texture = np.stack([0.75 + 0.1 * x, 0.55 + 0.1 * y, 0.45 + 0 * x], -1)
    texture[48:] = [0.9, 0.9, 0.88]  # the small parts lie in the lowest quarter (v < 0.25)
    return np.round(255 * np.clip(texture + rng.normal(size=texture.shape) * 0.02, 0, 1)).astype(np.uint8)


def _normal_map(rng):
    leaning = np.concatenate([rng.normal(size=(32, 32, 2)) * 0.2, np.ones((32, 32, 1))], axis=2)
    leaning /= np.linalg.norm(leaning, axis=2, keepdims=True)
    return np.round((leaning + 1) * 127.5).astype(np.uint8)


@lru_cache(maxsize=8)
def sample_head(seed: int = 0) -> Head:
    """A small complete head of `sample_model(seed)`; the same seed gives the same head."""
    model = sample_model(seed)
    rng = np.random.default_rng(seed + 1000)
    shape = rng.normal(size=_SHAPES)
    expression = rng.normal(size=_EXPRESSIONS) * 0.5
    key_weights = np.where(rng.uniform(size=52) < 0.2, rng.uniform(size=52), 0)
    pose = np.array([[0.1, -0.2, 0.05], [0, 0, 0], [0.12, 0, 0.01], [0.05, 0.1, 0], [0.05, 0.1, 0]])
    vertices = model.template + np.tensordot(shape, model.shape_basis, 1)
    joints = model.joint_regressor @ vertices
    expressed = vertices + np.tensordot(key_weights, model.key_basis, 1)
    still_head = pose * [[0], [0], [1], [1], [1]]
    posed = pose_vertices(expressed, joints, model.skin_weights, still_head, model.pose_basis)
    return Head(
        name="sample",
        model_name=model.name,
        model_title=model.title,
        model_licence=model.licence,
        attribution=model.attribution,
        vertices=vertices.astype(np.float32),
        faces=model.faces,
        face_part=model.face_part,
        uvs=model.uvs,
        uv_faces=model.uv_faces,
        joints=joints.astype(np.float32),
        skin_weights=model.skin_weights,
        key_names=model.key_names,
        key_deltas=model.key_basis,
        expression_deltas=model.expression_basis,
        pose_deltas=model.pose_basis,
        regions=model.regions,
        texture=_texture(rng),
        photo_name="sample.jpg",
        photo_sha256="0" * 64,
        photo_camera=Camera(900.0, 256.0, 320.0, 512, 640),
        photo_pose=pose.astype(np.float32),
        photo_translation=np.array([0.01, -0.02, -0.6], np.float32),
        photo_shape=shape.astype(np.float32),
        photo_expression=expression.astype(np.float32),
        photo_key_weights=key_weights.astype(np.float32),
        photo_delta=(posed - vertices).astype(np.float32),
        texture_normals=_normal_map(rng),
    )


def head_with_a_lined_mouth() -> Head:
    """The small head with a mouth: some of its skin is taken for lining."""
    head = sample_head()
    skin = np.zeros(len(head.vertices), bool)
    skin[np.unique(head.faces[head.face_part == 0].clip(0))] = True
    near = np.linalg.norm(head.vertices - (0, -0.04, 0.085), axis=1) < 0.03
    inside = head.regions["mouth_interior"] | (skin & near)
    return replace(head, regions=head.regions | {"mouth_interior": inside})
