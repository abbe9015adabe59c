from __future__ import annotations

import numpy as np
import torch

from seif_core.geometry.rasterizer import rasterize, rasterize_layers


def scene():
    random = np.random.default_rng(2)
    xy = torch.as_tensor(random.uniform(-4, 24, (60, 2)))
    depth = torch.as_tensor(random.uniform(0.5, 2, 60))
    return xy, depth, torch.as_tensor(random.integers(0, 60, (40, 3)))


def test_the_nearest_layer_is_what_the_rasterizer_keeps():
    xy, depth, triangles = scene()
    nearest = rasterize(xy, depth, triangles, 20, 20)
    layers = rasterize_layers(xy, depth, triangles, 20, 20)
    best = torch.full((400,), torch.inf).scatter_reduce(0, layers.pixel, layers.depth, "amin")
    assert torch.allclose(best, nearest.depth.ravel(), rtol=1e-5)
    assert len(layers.pixel) > (nearest.triangle >= 0).sum()


def test_layers_weigh_the_corners_so_that_places_come_back():
    xy, depth, triangles = scene()
    layers = rasterize_layers(xy, depth, triangles, 20, 20)
    corners = triangles[layers.triangle]
    z = (layers.barycentric.double() * depth[corners]).sum(1)
    assert torch.allclose(z, layers.depth.double(), rtol=1e-4)
    across = (layers.barycentric.double() * depth[corners] * xy[corners][..., 0]).sum(1) / z
    assert torch.allclose(across, (layers.pixel % 20).double() + 0.5, atol=1e-3)


def test_nothing_to_draw_gives_no_layers():
    xy, depth, triangles = scene()
    assert len(rasterize_layers(xy, depth, triangles[:0], 20, 20).pixel) == 0
