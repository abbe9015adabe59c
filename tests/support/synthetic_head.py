"""An egg with a nose, eyeballs and a jaw in a head model's structure, and photos of it with exact landmarks."""

from __future__ import annotations

import numpy as np

from seif_core.geometry.camera import Camera
from seif_core.headmodel import REGION_NAMES, HeadModel, LandmarkEmbedding
from seif_core.headmodel.landmark_schemes import MEDIAPIPE
from seif_core.headmodel.skinning import pose_vertices
from seif_core.portrait.portrait import Portrait

EYES = np.array([[0.032, 0.03, 0.07], [-0.032, 0.03, 0.07]])


def _sphere(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit directions (rows * columns, 3) and triangles, counter-clockwise from outside; poles left open."""
    polar = np.linspace(0.05, np.pi - 0.05, rows)
    around = np.linspace(-np.pi, np.pi, columns, endpoint=False)
    p, a = np.meshgrid(polar, around, indexing="ij")
    points = np.stack([np.sin(p) * np.sin(a), np.cos(p), np.sin(p) * np.cos(a)], -1).reshape(-1, 3)
    r, c = np.meshgrid(np.arange(rows - 1), np.arange(columns), indexing="ij")
    i, j = (r * columns + c).ravel(), (r * columns + (c + 1) % columns).ravel()
    k, m = i + columns, j + columns
    return points, np.concatenate([np.stack([i, k, j], 1), np.stack([j, k, m], 1)])


def synthetic_head(shapes: int = 6, expressions: int = 5, seed: int = 0) -> HeadModel:
    """About 2,000 vertices, metres; landmarks lie on the front, the contour's on the outline of the face."""
    rng = np.random.default_rng(seed)
    ball, ball_faces = _sphere(10, 16)
    points, faces = _sphere(40, 44)
    skin = points * [0.075, 0.115, 0.095]
    skin[:, 2] += (
        0.025 * np.exp(-((points[:, 0] / 0.15) ** 2) - ((points[:, 1] + 0.05) / 0.2) ** 2) * (points[:, 2] > 0)
    )
    vertices = np.concatenate([skin, EYES[0] + 0.012 * ball, EYES[1] + 0.012 * ball])
    count, eye = len(skin), len(ball)
    triangles = np.concatenate([faces, ball_faces + count, ball_faces + count + eye])
    part = np.repeat([0, 1, 2], [len(faces), len(ball_faces), len(ball_faces)])

    def bumps(n: int, low: float) -> np.ndarray:
        out = np.zeros((n, len(vertices), 3))
        for k in range(n):
            for _ in range(4):
                centre = skin[rng.choice(np.flatnonzero((skin[:, 2] > low) & (skin[:, 1] > -0.1)))]
                bump = np.exp(-((skin - centre) ** 2).sum(1) / (2 * 0.025**2))
                out[k, :count] += 0.004 * bump[:, None] * rng.normal(size=3)
        return out

    weights = np.zeros((len(vertices), 5))
    lower = np.clip((-0.02 - skin[:, 1]) / 0.02, 0, 1) * np.clip(skin[:, 2] / 0.04, 0, 1)
    weights[:count, 2], weights[:count, 1] = lower, 1 - lower
    weights[count : count + eye, 3] = weights[count + eye :, 4] = 1
    regressor = np.zeros((5, len(vertices)))
    for row, height in ((0, -0.08), (1, -0.06), (2, 0.0)):
        ring = np.flatnonzero((np.abs(skin[:, 1] - height) < 0.01) & (skin[:, 2] < 0.03))
        regressor[row, ring] = 1 / len(ring)
    regressor[3, count : count + eye] = regressor[4, count + eye :] = 1 / eye
    front = np.flatnonzero(
        (faces[:, 0] >= 0) & (skin[faces].mean(1)[:, 2] > 0.02) & (np.abs(skin[faces].mean(1)[:, 1]) < 0.1)
    )
    chosen = faces[rng.choice(front, 478)]
    angle = np.linspace(0, 2 * np.pi, len(MEDIAPIPE.contour), endpoint=False)
    outline = np.stack([-0.06 * np.sin(angle), 0.09 * np.cos(angle)], 1)
    centres = skin[faces[front]].mean(1)
    for landmark, xy in zip(MEDIAPIPE.contour, outline, strict=True):
        chosen[landmark] = faces[front[((centres[:, :2] - xy) ** 2).sum(1).argmin()]]
    for lids, centre in zip(MEDIAPIPE.lids, EYES[::-1], strict=True):
        turn = np.linspace(0, 2 * np.pi, len(lids), endpoint=False)
        side = np.sign(centre[0])
        ring = centre[:2] + np.stack([side * 0.014 * np.cos(turn), -0.006 * np.sin(turn)], 1)
        for landmark, xy in zip(lids, ring, strict=True):
            chosen[landmark] = faces[front[((centres[:, :2] - xy) ** 2).sum(1).argmin()]]
    barycentric = np.full((478, 3), 1 / 3)
    for landmark, start in ((468, count + eye), (473, count)):
        iris = start + np.argsort(-ball[:, 2])[:1]
        chosen[landmark : landmark + 5] = iris
        barycentric[landmark : landmark + 5] = (1, 0, 0)
    regions = {name: np.zeros(len(vertices), bool) for name in REGION_NAMES}
    regions["face"][:count] = (skin[:, 2] > 0.02) & (np.abs(skin[:, 1]) < 0.1)
    regions["scalp"][:count] = ~regions["face"][:count]
    regions["eyeballs"][count:] = True
    expression = bumps(expressions, 0.06)
    quads = np.concatenate([triangles, np.full((len(triangles), 1), -1)], 1).astype(np.int32)
    return HeadModel(
        name="egg",
        title="Egg",
        licence="CC0-1.0",
        attribution="made in a test",
        template=vertices.astype(np.float32),
        faces=quads,
        face_part=part.astype(np.uint8),
        shape_basis=bumps(shapes, 0.0).astype(np.float32),
        expression_basis=expression.astype(np.float32),
        key_names=tuple(f"key{k}" for k in range(expressions)),
        key_basis=expression.astype(np.float32),
        pose_basis=np.zeros((36, len(vertices), 3), np.float32),
        joint_regressor=regressor.astype(np.float32),
        skin_weights=weights.astype(np.float32),
        uvs=rng.random((len(vertices), 2)).astype(np.float32),
        uv_faces=quads,
        embeddings={
            "mediapipe478": LandmarkEmbedding(
                chosen.astype(np.int32), barycentric.astype(np.float32), np.full(478, 1e-3, np.float32)
            )
        },
        regions=regions,
    )


def photo_of(
    model: HeadModel,
    *,
    shape: np.ndarray | None = None,
    expression: np.ndarray | None = None,
    pose: np.ndarray | None = None,
    translation: tuple[float, float, float] = (0.0, 0.0, -1.0),
    camera: Camera | None = None,
    noise: float = 0.0,
    exif: bool = True,
    seed: int = 0,
) -> tuple[Portrait, np.ndarray]:
    """A portrait whose landmarks are the model's own, and the posed vertices (V, 3) in camera space."""
    camera = camera or Camera(1200, 256, 256, 512, 512)
    pose = np.zeros((5, 3)) if pose is None else pose
    neutral = model.template.astype(np.float64)
    if shape is not None:
        neutral = neutral + np.tensordot(shape, model.shape_basis, 1)
    rest = neutral if expression is None else neutral + np.tensordot(expression, model.expression_basis, 1)
    joints = model.joint_regressor.astype(np.float64) @ neutral
    posed = pose_vertices(rest, joints, model.skin_weights, pose, model.pose_basis) + translation
    xyz = model.embeddings["mediapipe478"].points(posed)
    scale = camera.focal / -translation[2]
    marks = np.concatenate([camera.project(xyz), -scale * (xyz[:, 2:] - translation[2])], 1)
    marks[:, :2] += np.random.default_rng(seed).normal(size=(478, 2)) * noise
    lo, hi = marks[:, :2].min(0), marks[:, :2].max(0)
    portrait = Portrait(
        name="egg.png",
        sha256="0" * 64,
        pixels=np.zeros((camera.height, camera.width, 3), np.uint8),
        landmarks=marks.astype(np.float32),
        landmark_scheme="mediapipe478",
        mask=np.full((camera.height, camera.width), 255, np.uint8),
        box=np.concatenate([lo, hi]).astype(np.float32),
        roll=0.0,
        face_count=1,
        face_index=0,
        focal_px=camera.focal if exif else None,
        confidence=1.0,
        whole_frame=(camera.cx, camera.cy) == (camera.width / 2, camera.height / 2),
    )
    return portrait, posed
