"""Hair laid over a head: strands catch light, and the outline is no cut edge."""

from __future__ import annotations

import dataclasses

import numpy as np

from seif_core.geometry.camera import Camera
from seif_core.geometry.colour import decode
from seif_core.hair_layer import HairMesh
from seif_core.preview.hair_over import HairOver, lay_hair_over

SIDE = 200
CAMERA = Camera(1000.0, SIDE / 2, SIDE / 2, SIDE, SIDE)
WALL = np.full((SIDE, SIDE, 3), 0.8, np.float32)


def sheet(stripes: float) -> HairMesh:
    """A square of 80 mm of black-brown hair that fills most of the picture from 0.5 m; stripes run down it."""
    half = 0.04
    corners = np.array([[-half, half, -0.5], [-half, -half, -0.5], [half, -half, -0.5], [half, half, -0.5]], np.float32)
    columns = np.exp(stripes * np.sin(np.arange(64) * 2 * np.pi / 16))
    texture = np.full((64, 64, 4), 255, np.uint8)
    texture[..., :3] = np.clip(50 * columns, 0, 255)[None, :, None]
    uvs = np.array([[0, 1], [0, 0], [1, 0], [1, 1]], np.float32)
    faces = np.array([[0, 1, 2, 3]], np.int32)
    return HairMesh(corners, faces, uvs, faces, np.ones((4, 5), np.float32) / 5, texture)


def drawn(mesh: HairMesh, *, textured: bool = True, depth: float = np.inf) -> np.ndarray:
    behind = np.full((SIDE, SIDE), depth, np.float32)
    return lay_hair_over(WALL.copy(), behind, HairOver(mesh.vertices.astype(np.float64), mesh, textured), CAMERA)


def test_strands_of_clay_hair_catch_the_light():
    flat, striped = (drawn(sheet(s), textured=False)[80:120, 60:140].mean(2) for s in (0.0, 0.4))
    assert np.ptp(flat) < 1e-4
    assert np.ptp(striped) > 0.1 * flat.mean()


def test_hair_thins_out_at_its_outline_and_is_whole_within():
    row = drawn(sheet(0.0))[SIDE // 2, :, 0]
    left = SIDE // 2 - 80  # the sheet is 160 pixels wide
    inner = row[SIDE // 2]
    assert abs(row[left + 12] - inner) < 0.01
    assert inner + 0.1 < row[left + 1] < 0.8


def test_before_a_head_hair_has_no_soft_outline_of_its_own():
    row = drawn(sheet(0.0), depth=0.6)[SIDE // 2, :, 0]
    left = SIDE // 2 - 80
    assert abs(row[left + 2] - row[SIDE // 2]) < 0.01


def test_black_hair_has_colours_that_can_be_drawn():
    black = sheet(0.0)
    black = dataclasses.replace(black, texture=np.dstack([np.zeros((64, 64, 3), np.uint8), black.texture[..., 3]]))
    picture = drawn(black)
    assert np.isfinite(picture).all()
    assert picture.max() <= 0.8 + 1e-6
    assert decode(np.zeros(3, np.uint8)).max() == 0
