"""Quick stand-ins for the stages of the pipeline, on the sample model: for tests of what leads from one to the next."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
from sample_head import sample_model

from seif_core.appearance.baked_texture import BakedTexture
from seif_core.errors import PhotoNotFoundError, PhotoUnsuitableError
from seif_core.fitting.fit import Fit
from seif_core.geometry.camera import Camera
from seif_core.headmodel.skinning import pose_vertices
from seif_core.implicit.head_surface import HeadSurface
from seif_core.implicit.view import HeadView, head_proper
from seif_core.portrait.portrait import Portrait
from seif_core.stage_functions import Stages
from seif_core.uniformize.skin_mesh import SkinMesh
from seif_core.uniformize.uniform_fit import UniformFit
from seif_core.uniformize.uniform_mesh import UniformMesh


def sample_portrait(name: str = "sample.jpg", **changes) -> Portrait:
    rng = np.random.default_rng(5)
    values = {
        "name": name,
        "sha256": hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest(),
        "pixels": rng.integers(0, 255, (160, 128, 3), dtype=np.uint8),
        "landmarks": rng.normal(64, 10, (478, 3)).astype(np.float32),
        "landmark_scheme": "mediapipe478",
        "mask": np.full((160, 128), 255, np.uint8),
        "box": np.array([30, 40, 90, 120], np.float32),
        "roll": 0.1,
        "face_count": 1,
        "face_index": 0,
        "focal_px": None,
        "confidence": 0.98,
    }
    return Portrait(**(values | changes))


def sample_fit(*, neck: bool = False, seed: int = 0) -> Fit:
    """A fit of the sample model that obeys the convention of `Fit`."""
    model = sample_model()
    rng = np.random.default_rng(seed)
    shape, expression = rng.normal(size=8), rng.normal(size=10) * 0.5
    neutral = model.template + np.tensordot(shape, model.shape_basis, 1)
    expressed = neutral + np.tensordot(expression, model.expression_basis, 1)
    pose = np.array([[0.2, -0.4, 0.1], [0, 0, 0], [0.15, 0.01, 0], [0.05, 0.1, 0], [0.04, 0.12, 0]])
    pose[1] = (0.02, 0.01, 0) if neck else 0
    translation = np.array([0.01, -0.02, -0.7])
    joints = model.joint_regressor @ neutral
    posed = pose_vertices(expressed, joints, model.skin_weights, pose, model.pose_basis) + translation
    single = np.float32
    return Fit(
        model=model,
        shape=shape.astype(single),
        expression=expression.astype(single),
        key_weights=rng.uniform(size=52).astype(single),
        pose=pose.astype(single),
        translation=translation.astype(single),
        camera=Camera(220.0, 64.0, 80.0, 128, 160),
        neutral=neutral.astype(single),
        expressed=expressed.astype(single),
        posed=posed.astype(single),
        landmark_error=1.5,
    )


def sample_surface(fit: Fit) -> HeadSurface:
    """The fitted skin as if a network had found it."""
    model = fit.model
    view = HeadView.around(fit.posed[head_proper(model)].astype(np.float64), fit.camera)
    normals = np.zeros((32, 32, 3), np.float32)
    normals[8:24, 8:24] = (0, 0, 1)
    codes = np.full(fit.posed.shape, 0.5, np.float32)
    return HeadSurface(fit.posed.astype(np.float64), model.triangles, codes, normals, view, 1234)


def sample_uniform(fit: Fit) -> UniformFit:
    """The fit a hundredth larger, as if it had been drawn onto a surface a millimetre off."""
    skin = SkinMesh.of(fit.model)
    posed = fit.posed * np.float32(1.01)
    found = np.full(len(skin.ids), 0.001)
    mesh = UniformMesh(
        fit.model, fit.posed.astype(np.float64), posed.astype(np.float64), found, np.ones_like(found), 0, 0
    )
    shaped = replace(fit, neutral=fit.neutral * np.float32(1.01), posed=posed, joints=fit.rest_joints)
    return UniformFit(shaped, mesh, np.zeros(len(posed)))


def fake_stages(**changes) -> Stages:
    """Stages that are quick; photos named ``*noface*`` hold no face. `changes` are stages to put in their place."""

    def read_portrait(path, *, face=0, settings=None, progress):
        if not Path(path).is_file():
            raise PhotoNotFoundError(f"There is no file {Path(path).name}; choose an existing photo.")
        if "noface" in Path(path).name:
            raise PhotoUnsuitableError(f"No face was found in {Path(path).name}; choose another photo.")
        progress.step(0.5)
        return sample_portrait(Path(path).name, face_index=face)

    def fit_portrait(portrait, model, *, device, seed, progress):
        progress.step(0.5)
        return sample_fit(seed=seed)

    def make_surface(portrait, fit, settings, *, device, normals=None, progress):
        progress.step(0.5)
        return sample_surface(fit)

    def uniform_fit(fit, surface, settings, progress, *, occlusion):
        progress.step(0.5)
        return sample_uniform(fit)

    def bake_texture(portrait, fit, evidence, *, settings, device, hair=None, photo_normals=None, progress):
        progress.step(0.5)
        return BakedTexture(np.full((settings.size, settings.size, 3), 128, np.uint8), None)

    quick = {
        "load_head_model": lambda _name: sample_model(),
        "read_portrait": read_portrait,
        "fit_portrait": fit_portrait,
        "look_at_photo": lambda *_, **__: None,
        "make_surface": make_surface,
        "uniform_fit": uniform_fit,
        "make_hair": lambda *_, **__: None,
        "bake_texture": bake_texture,
    }
    return Stages(**(quick | changes))


def fake_writers(monkeypatch) -> None:
    """Replace what writes files other than head.npz and report.json by what writes a word."""
    from seif_core import export, preview

    def write(*arguments):
        next(a for a in arguments if isinstance(a, Path)).write_bytes(b"written")

    def write_images(_portrait, _fit, _head, folder, _surface=None):
        for name in ("landmarks", "mask", "normal_fit", "normal_mesh", "overlay"):
            (folder / f"{name}.png").write_bytes(b"written")

    for module, name, fake in (
        (export, "write_glb", write),
        (export, "write_obj", write),
        (preview, "draw_preview", write),
        (preview, "write_debug_images", write_images),
    ):
        monkeypatch.setattr(module, name, fake, raising=False)
