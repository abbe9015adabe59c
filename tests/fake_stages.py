"""Quick stand-ins for the stages of the pipeline, on the sample model: for tests of what leads from one to the next."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from sample_head import sample_model

from seif_core.camera import Camera
from seif_core.errors import PhotoNotFoundError, PhotoUnsuitableError
from seif_core.fitting.fit import Fit
from seif_core.headmodel.skinning import pose_vertices
from seif_core.portrait.portrait import Portrait


def sample_portrait(name: str = "sample.jpg", **changes) -> Portrait:
    rng = np.random.default_rng(5)
    values = {
        "name": name,
        "sha256": hashlib.sha256(name.encode()).hexdigest(),
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


def install_fakes(monkeypatch) -> None:
    """Replace every stage and writer of the pipeline; photos named ``*noface*`` hold no face."""
    from seif_core import appearance, export, fitting, pipeline, portrait, preview

    def read_portrait(path, *, face=0, settings=None, progress=None):
        if not Path(path).is_file():
            raise PhotoNotFoundError(f"There is no file {Path(path).name}; choose an existing photo.")
        if "noface" in Path(path).name:
            raise PhotoUnsuitableError(f"No face was found in {Path(path).name}; choose another photo.")
        progress.step(0.5)
        return sample_portrait(Path(path).name, face_index=face)

    def fit_portrait(portrait, model, *, device, seed, progress=None):
        progress.step(0.5)
        return sample_fit(seed=seed)

    def bake_texture(portrait, fit, *, settings, device, progress=None):
        progress.step(0.5)
        return np.full((settings.size, settings.size, 3), 128, np.uint8)

    class TextureSettings:
        def __init__(self, size: int) -> None:
            self.size = size

    def write(*arguments):
        arguments[-1].write_bytes(b"written")

    def write_images(_portrait, _fit, _head, folder):
        for name in ("landmarks", "mask", "normal_fit", "normal_mesh", "overlay"):
            (folder / f"{name}.png").write_bytes(b"written")

    for module, name, fake in (
        (portrait, "read_portrait", read_portrait),
        (fitting, "fit_portrait", fit_portrait),
        (appearance, "bake_texture", bake_texture),
        (appearance, "TextureSettings", TextureSettings),
        (pipeline, "load_head_model", lambda _name: sample_model()),
        (export, "write_glb", write),
        (export, "write_obj", write),
        (preview, "draw_preview", write),
        (preview, "write_debug_images", write_images),
    ):
        monkeypatch.setattr(module, name, fake, raising=False)
