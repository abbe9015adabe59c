"""A small head model with a known answer to every question, for tests that need no shipped data."""

from __future__ import annotations

import numpy as np

from seif_core.headmodel import REGION_NAMES, HeadModel, LandmarkEmbedding


def tiny_model(seed: int = 0, vertices: int = 24, shapes: int = 3, expressions: int = 2) -> HeadModel:
    """Random numbers in a head model's structure: for algebra, not for looks."""
    rng = np.random.default_rng(seed)
    faces = np.full((vertices - 2, 4), -1, np.int32)
    faces[:, :3] = np.arange(vertices - 2)[:, None] + np.arange(3)
    regressor = rng.dirichlet(np.ones(vertices), 5)
    return HeadModel(
        name="tiny",
        title="Tiny",
        licence="CC0-1.0",
        attribution="made in a test",
        template=(rng.normal(size=(vertices, 3)) * 0.1).astype(np.float32),
        faces=faces,
        face_part=np.zeros(len(faces), np.uint8),
        shape_basis=(rng.normal(size=(shapes, vertices, 3)) * 0.01).astype(np.float32),
        expression_basis=(rng.normal(size=(expressions, vertices, 3)) * 0.01).astype(np.float32),
        key_names=("jawOpen",),
        key_basis=(rng.normal(size=(1, vertices, 3)) * 0.01).astype(np.float32),
        pose_basis=(rng.normal(size=(36, vertices, 3)) * 1e-3).astype(np.float32),
        joint_regressor=regressor.astype(np.float32),
        skin_weights=rng.dirichlet(np.ones(5) * 0.3, vertices).astype(np.float32),
        uvs=rng.random((vertices, 2)).astype(np.float32),
        uv_faces=faces,
        embeddings={
            "mediapipe478": LandmarkEmbedding(
                rng.integers(0, vertices, (478, 3)).astype(np.int32),
                rng.dirichlet(np.ones(3), 478).astype(np.float32),
                np.full(478, 1e-3, np.float32),
            )
        },
        regions={name: np.ones(vertices, bool) for name in REGION_NAMES},
    )
