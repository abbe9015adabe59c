from __future__ import annotations

import numpy as np
import pytest

from seif_core.geometry.camera import Camera
from seif_core.workshop.drawing.light import Environment, sphere_directions
from seif_core.workshop.drawing.photograph import take_photograph
from seif_core.workshop.drawing.surface import CLASS, Surface, Texture, sample_texture

CAMERA = Camera(16.0, 8.0, 8.0, 16, 16)
QUAD = np.array([[0, 1, 2], [0, 2, 3]])


def wall(z, half, name, colour, **more):
    corners = np.array([[-1.0, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]) * half + [0, 0, z]
    return Surface(corners, QUAD, name, "cloth", colour=np.tile(colour, (4, 1)), gloss=0.0, **more)


def shot(*surfaces):
    light = Environment(sphere_directions(48), np.ones((48, 3)), np.array([0.0, 0, 1]), np.zeros(3), 0.01)
    return take_photograph(surfaces, CAMERA, light, np.random.default_rng(0))


def test_a_dark_lens_is_glasses_and_a_clear_one_is_what_is_behind():
    back = wall(-1.0, 0.3, "skin", np.array([0.5, 0.5, 0.5]))
    for alpha, name in ((0.8, "glasses"), (0.2, "skin")):
        lens = wall(-0.9, 0.1, "glasses", np.zeros(3), alpha=np.full(4, alpha))
        photo = shot(back, lens)
        assert photo.labels[8, 8] == CLASS[name]
        assert photo.light[8, 8] / photo.light[8, 4] == pytest.approx(1 - alpha, abs=0.06)


def test_layers_are_laid_over_each_other_by_depth_not_by_order():
    back = wall(-1.0, 0.3, "skin", np.zeros(3))
    near = wall(-0.8, 0.2, "front", np.array([1.0, 0, 0]), alpha=np.ones(4))
    far = wall(-0.9, 0.2, "hair", np.array([0.0, 1, 0]), alpha=np.ones(4))
    for surfaces in ((back, near, far), (back, far, near)):
        photo = shot(*surfaces)
        assert photo.labels[8, 8] == CLASS["front"]
        assert photo.light[8, 8, 1] < 0.01


def test_a_cut_surface_ends_where_it_says():
    back = wall(-1.0, 0.4, "skin", np.ones(3))
    cloth = wall(-0.9, 0.4, "clothes", np.ones(3), cut=np.array([1.0, 1, -1, -1]))
    labels = shot(back, cloth).labels
    assert (labels[9:14, 4:12] == CLASS["clothes"]).all()
    assert (labels[2:7, 4:12] == CLASS["skin"]).all()


def test_outside_of_everything_is_background_without_normals():
    photo = shot(wall(-1.0, 0.2, "skin", np.ones(3)))
    assert photo.labels[0, 0] == 0
    assert photo.covered[0, 0] == 0
    assert not photo.normals[0, 0].any()
    assert photo.normals[8, 8] == pytest.approx([0, 0, 1], abs=1e-4)


def test_textures_begin_at_the_bottom_left():
    pixels = np.zeros((2, 2, 3), np.uint8)
    pixels[1, 0] = 255
    texture = Texture(pixels, np.zeros((1, 2)), np.zeros((1, 3), int), np.ones(3))
    assert sample_texture(texture, np.array([[0.25, 0.25]]))[0] == pytest.approx([1, 1, 1, 1])
    assert sample_texture(texture, np.array([[0.25, 0.75]]))[0] == pytest.approx([0, 0, 0, 1])


def test_trimming_keeps_what_is_seen_and_its_texture():
    cut = np.array([-1.0, -1, 1, 1])
    points = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [2, 2, 0]])
    triangles = np.array([[0, 1, 4], [1, 2, 3]])
    uv = np.arange(10.0).reshape(5, 2)
    texture = Texture(np.zeros((2, 2, 3), np.uint8), uv, triangles, np.ones(3))
    surface = Surface(points, triangles, "clothes", texture=texture, cut=np.r_[cut, -1.0]).trimmed()
    assert surface.vertices == pytest.approx(points[1:4])
    assert surface.triangles.tolist() == [[0, 1, 2]]
    assert surface.texture.uv[surface.texture.uv_triangles[0]] == pytest.approx(uv[1:4])
