"""A small head made of an ellipsoid, a nose bump and two eyeballs, and a rendered photo of it, for tests."""

from __future__ import annotations

import numpy as np
import torch

from seif_core.appearance import bake_texture
from seif_core.evidence import look_at_photo
from seif_core.fitting import Fit
from seif_core.geometry.camera import Camera
from seif_core.geometry.normals import vertex_normals
from seif_core.geometry.rasterizer import interpolate, rasterize_view
from seif_core.head import Head
from seif_core.headmodel import HeadModel, LandmarkEmbedding
from seif_core.headmodel.landmark_schemes import MEDIAPIPE
from seif_core.headmodel.skinning import rotation_matrices
from seif_core.portrait import Portrait

EYE_RINGS = MEDIAPIPE.lids[::-1]
INNER_LIPS = MEDIAPIPE.inner_lips
LIGHT = np.array([0.5, 0.4, 0.75]) / np.linalg.norm([0.5, 0.4, 0.75])
BACKGROUND = (20, 240, 20)


def _sphere(rings, segments, centre, radii, pole):
    """Quads of a sphere, symmetric in x; `pole` 'y' puts its poles up and down, 'z' front and back."""
    theta = np.linspace(0, np.pi, rings + 1)[:, None]
    phi = np.linspace(-np.pi, np.pi, segments + 1)[None]  # seam at the back
    a, b, c = np.sin(theta) * np.sin(phi), np.cos(theta) + 0 * phi, np.sin(theta) * np.cos(phi)
    grid = np.stack([a, b, c] if pole == "y" else [a, -c, b], -1)
    index = np.arange((rings + 1) * (segments + 1)).reshape(rings + 1, segments + 1)
    faces = np.stack([index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]], -1).reshape(-1, 4)
    uv = np.stack(np.broadcast_arrays((phi + np.pi) / (2 * np.pi), 1 - theta / np.pi), -1)
    return grid.reshape(-1, 3) * radii + centre, faces, uv.reshape(-1, 2)


def _weld(vertices, faces):
    _, first, inverse = np.unique(np.round(vertices, 7), axis=0, return_index=True, return_inverse=True)
    return vertices[first], inverse.reshape(-1)[faces]


def _front(vertices, among, aim):
    """The vertices of the front that lie nearest to the points (N, 2) in x and y."""
    chosen = np.flatnonzero(among & (vertices[:, 2] > 0.05))
    return chosen[np.argmin(np.linalg.norm(vertices[chosen, :2][None] - aim[:, None], axis=2), axis=1)]


def make_model(rings=40, segments=64):
    parts = [
        (*_sphere(rings, segments, (0, 0, 0), (0.08, 0.12, 0.10), "y"), 0),
        (*_sphere(10, 16, (0.03, 0.02, 0.085), (0.012, 0.012, 0.012), "z"), 1),
        (*_sphere(10, 16, (-0.03, 0.02, 0.085), (0.012, 0.012, 0.012), "z"), 2),
    ]
    skin = parts[0][0]
    nose = np.exp(-((skin[:, 0] / 0.012) ** 2 + ((skin[:, 1] + 0.01) / 0.02) ** 2)) * (skin[:, 2] > 0)
    skin[:, 2] += 0.02 * nose
    boxes = {0: (0.0, 0.25, 1.0, 1.0), 1: (0.0, 0.0, 0.24, 0.24), 2: (0.26, 0.0, 0.5, 0.24)}
    vertices, faces, face_part, uvs, uv_faces = [], [], [], [], []
    count = uv_count = 0
    for points, quads, uv, part in parts:
        welded, welded_faces = _weld(points, quads)
        keep = np.array([len(set(f)) >= 3 for f in welded_faces.tolist()])
        shared, uv_quads = welded_faces[keep], quads[keep]
        u0, v0, u1, v1 = boxes[part]
        for f, t in zip(shared.tolist(), uv_quads.tolist(), strict=True):
            corners = [k for k in range(4) if f[k] not in f[:k]]
            corners += [-1] * (4 - len(corners))
            faces.append([f[k] + count if k >= 0 else -1 for k in corners])
            uv_faces.append([t[k] + uv_count if k >= 0 else -1 for k in corners])
        vertices.append(welded)
        uvs.append(uv * (u1 - u0, v1 - v0) + (u0, v0))
        face_part += [part] * len(shared)
        count, uv_count = count + len(welded), uv_count + len(uv)
    vertices = np.concatenate(vertices).astype(np.float32)
    size = len(vertices)
    eye = np.zeros(size, bool)
    eye[len(_weld(*parts[0][:2])[0]) :] = True
    x, y, z = vertices.T
    joints = np.zeros((5, size), np.float32)
    joints[:3, ~eye] = 1 / (~eye).sum()
    joints[3, eye & (x > 0)] = 1 / (eye & (x > 0)).sum()
    joints[4, eye & (x < 0)] = 1 / (eye & (x < 0)).sum()
    weights = np.zeros((size, 5), np.float32)
    weights[~eye, 1] = 1
    weights[eye & (x > 0), 3] = 1
    weights[eye & (x < 0), 4] = 1
    face = ~eye & (z > 0.03) & (y < 0.075) & (y > -0.09)
    front = np.flatnonzero(face)
    ids = front[np.linspace(0, len(front) - 1, 478).astype(int)]
    iris = np.array([int(np.argmax(np.where(eye & (np.sign(x) == s), z, -1))) for s in (-1, 1)])
    ids[468:473], ids[473:] = iris[0], iris[1]
    for ring, side in zip(EYE_RINGS, (1, -1), strict=True):
        turn = np.linspace(0, 2 * np.pi, len(ring), endpoint=False)
        aim = np.stack([side * 0.03 + 0.008 * np.cos(turn), 0.02 + 0.005 * np.sin(turn)], 1)
        ids[list(ring)] = _front(vertices, eye, aim)
    turn = np.linspace(0, 2 * np.pi, len(INNER_LIPS), endpoint=False)
    aim = np.stack([0.02 * np.cos(turn), -0.06 + 0.002 * np.sin(turn)], 1)
    ids[list(INNER_LIPS)] = _front(vertices, face, aim)
    embedding = LandmarkEmbedding(
        np.stack([ids] * 3, 1).astype(np.int32), np.full((478, 3), 1 / 3, np.float32), np.full(478, 1e-3, np.float32)
    )
    nothing = np.zeros(size, bool)
    regions = {
        "face": face,
        "scalp": ~eye & ~face & (y > -0.03),
        "ears": nothing,
        "neck": ~eye & ~face & (y <= -0.03),
        "lips": nothing,
        "lids": nothing,
        "eyeballs": eye,
        "mouth_interior": nothing,
    }
    key = np.zeros((1, size, 3), np.float32)
    key[0, y < -0.05, 1] = -0.01
    return HeadModel(
        name="synthetic",
        title="Synthetic head",
        licence="CC0-1.0",
        attribution="Made in the tests.",
        template=vertices,
        faces=np.array(faces, np.int32),
        face_part=np.array(face_part, np.uint8),
        shape_basis=np.zeros((1, size, 3), np.float32),
        expression_basis=np.zeros((1, size, 3), np.float32),
        key_names=("jawOpen",),
        key_basis=key,
        pose_basis=np.zeros((36, size, 3), np.float32),
        joint_regressor=joints,
        skin_weights=weights,
        uvs=np.concatenate(uvs).astype(np.float32),
        uv_faces=np.array(uv_faces, np.int32),
        embeddings={"mediapipe478": embedding},
        regions=regions,
    )


def make_fit(model, yaw=0.2, width=320, height=360):
    pose = np.zeros((5, 3), np.float32)
    pose[0] = (0.0, yaw, 0.0)
    translation = np.array([0.0, 0.0, -0.8], np.float32)
    joint = model.joint_regressor[0] @ model.template
    posed = (model.template - joint) @ rotation_matrices(pose)[0].T + joint + translation
    return Fit(
        model=model,
        shape=np.zeros(1, np.float32),
        expression=np.zeros(1, np.float32),
        key_weights=np.array([0.2], np.float32),
        pose=pose,
        translation=translation,
        camera=Camera(height * 2.6, width / 2, height / 2, width, height),
        neutral=model.template,
        expressed=model.template,
        posed=posed.astype(np.float32),
        landmark_error=0.0,
    )


def photograph(fit, albedo, light=LIGHT, background=BACKGROUND, paint=None):
    """A photo of the fit's mesh: (V, 3) linear albedo under a directional light and an ambient, as a `Portrait`.

    `paint` maps the template's positions (H, W, 3) to those pixels (H, W) that are covered by black hair.
    """
    model, camera = fit.model, fit.camera
    points, triangles = torch.from_numpy(fit.posed), torch.from_numpy(model.triangles).long()
    raster = rasterize_view(points, triangles, camera, cull_back=True)
    normals = interpolate(raster, triangles, vertex_normals(points, triangles)).numpy()
    shade = 0.35 + 0.65 * np.maximum(normals @ light, 0)
    linear = interpolate(raster, triangles, torch.from_numpy(albedo.astype(np.float32))).numpy() * shade[..., None]
    hit = (raster.triangle >= 0).numpy()
    if paint is not None:
        linear[paint(interpolate(raster, triangles, torch.from_numpy(model.template)).numpy())] = 0.02
    pixels = np.rint(np.clip(linear, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8)
    pixels[~hit] = background
    xy = camera.project(model.embeddings["mediapipe478"].points(fit.posed))
    low, high = xy.min(0), xy.max(0)
    return Portrait(
        name="synthetic.png",
        sha256="0" * 64,
        pixels=pixels,
        landmarks=np.concatenate([xy, np.zeros((478, 1))], 1).astype(np.float32),
        landmark_scheme="mediapipe478",
        mask=np.where(hit, 255, 0).astype(np.uint8),
        box=np.array([*low, *high], np.float32),
        roll=0.0,
        face_count=1,
        face_index=0,
        focal_px=None,
        confidence=1.0,
        whole_frame=True,
    )


def baked_texture(portrait, fit, **more):
    """The colours of a fit's texture, by the evidence that the same fit gives."""
    return bake_texture(portrait, fit, look_at_photo(portrait, fit), **more).colour


def make_head(fit, texture=None):
    model = fit.model
    return Head(
        name="synthetic",
        model_name=model.name,
        model_title=model.title,
        model_licence=model.licence,
        attribution=model.attribution,
        vertices=fit.neutral,
        faces=model.faces,
        face_part=model.face_part,
        uvs=model.uvs,
        uv_faces=model.uv_faces,
        joints=(model.joint_regressor @ fit.neutral).astype(np.float32),
        skin_weights=model.skin_weights,
        key_names=model.key_names,
        key_deltas=model.key_basis,
        expression_deltas=model.expression_basis,
        pose_deltas=model.pose_basis,
        regions=model.regions,
        texture=texture,
        photo_name="synthetic.png",
        photo_sha256="0" * 64,
        photo_camera=fit.camera,
        photo_pose=fit.pose,
        photo_translation=fit.translation,
        photo_shape=fit.shape,
        photo_expression=fit.expression,
        photo_key_weights=fit.key_weights,
        photo_delta=np.zeros_like(fit.neutral),
    )
