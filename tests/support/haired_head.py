"""A drawn head whose hair is known: the Open head with a cap over its scalp, or with a curtain to its shoulders."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import torch
from fake_stages import sample_portrait

from seif_core.fitting.fit import Fit
from seif_core.geometry.camera import Camera
from seif_core.geometry.normals import vertex_normals
from seif_core.geometry.rasterizer import rasterize_view
from seif_core.headmodel import HeadModel, load_head_model
from seif_core.headmodel.anatomy import anatomy_of
from seif_core.implicit.closed_skin import closed_skin
from seif_core.implicit.head_surface import HeadSurface
from seif_core.implicit.view import HeadView, head_proper
from seif_core.portrait.crop import Crop
from seif_core.portrait.head_parsing import CLASSES, HeadParsing
from seif_core.portrait.portrait import Portrait

SIDE = 320
CAP = 0.02
"""Metres that the cap stands off the scalp."""


def plain_fit() -> Fit:
    """The Open head as it is, 0.7 m before the camera, seen straight."""
    model: HeadModel = load_head_model("open")
    camera = Camera(640.0, SIDE / 2, SIDE / 2 + 20, SIDE, SIDE)
    offset = np.array([0, 0, -0.7], np.float32)
    return Fit(
        model=model,
        shape=np.zeros(model.shape_basis.shape[0], np.float32),
        expression=np.zeros(model.expression_basis.shape[0], np.float32),
        key_weights=np.zeros(len(model.key_names), np.float32),
        pose=np.zeros((5, 3), np.float32),
        translation=offset,
        camera=camera,
        neutral=model.template,
        expressed=model.template,
        posed=model.template + offset,
        landmark_error=1.0,
    )


def capped_surface(fit: Fit, thickness: float = CAP) -> tuple[HeadSurface, np.ndarray]:
    """The head's closed skin with its scalp raised, and the vertices that are hair."""
    model = fit.model
    closed = closed_skin(model)
    skin = fit.posed.astype(np.float64)
    normals = vertex_normals(skin, model.triangles)
    raised = anatomy_of(model).over_hairline > 0
    smooth = np.clip(anatomy_of(model).over_hairline / 0.1, 0, 1)[:, None]
    vertices = closed.with_middles(skin + thickness * smooth * normals)
    view = HeadView.around(fit.posed[head_proper(model)].astype(np.float64), fit.camera)
    codes = np.full((len(vertices), 3), 0.5, np.float32)
    surface = HeadSurface(
        vertices, closed.triangles.astype(np.int32), codes, np.zeros((32, 32, 3), np.float32), view, 1
    )
    return surface, np.append(raised, np.zeros(len(closed.loops), bool))


def parsed_portrait(fit: Fit, surface: HeadSurface, hair: np.ndarray, *, name: str = "hair") -> Portrait:
    """A photo of the surface with streaks that run down its hair, and its true parsing.

    Args:
        fit: of the head.
        surface: to be drawn.
        hair: (V,) bool, vertices of the surface that are of the class `name`.
        name: of `CLASSES`.
    """
    triangles = torch.from_numpy(surface.triangles).long()
    raster = rasterize_view(torch.from_numpy(surface.vertices), triangles, fit.camera)
    shown = raster.triangle.numpy()
    haired = (shown >= 0) & (hair[surface.triangles[np.maximum(shown, 0)]].mean(-1) > 0.5)
    labels = np.where(shown < 0, 0, np.where(haired, CLASSES.index(name), CLASSES.index("skin")))
    random = np.random.default_rng(0)
    streaks = cv2.GaussianBlur(random.normal(size=(SIDE, SIDE)).astype(np.float32), (0, 0), sigmaX=1.0, sigmaY=12.0)
    brown = np.array([110, 70, 40]) * (1 + 2.0 * streaks[..., None])
    pixels = np.where(haired[..., None], brown, np.where(shown[..., None] >= 0, [210, 170, 150], [60, 90, 200]))
    shares = np.stack([(labels == k).astype(np.float32) for k in range(len(CLASSES))])
    parsing = HeadParsing(Crop(SIDE / 2, SIDE / 2, SIDE), shares)
    return sample_portrait(
        pixels=np.clip(pixels, 0, 255).astype(np.uint8),
        mask=np.where(shown >= 0, 255, 0).astype(np.uint8),
        parsing=parsing,
    )


@lru_cache(maxsize=1)
def haired_scene() -> tuple[Fit, HeadSurface, np.ndarray, Portrait]:
    """Fit, surface, which of its vertices are hair, and portrait of the capped head; made once, not to be changed."""
    fit = plain_fit()
    surface, hair = capped_surface(fit)
    return fit, surface, hair, parsed_portrait(fit, surface, hair)
