"""The shell's edge along the hairline lies on the skin."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from haired_head import haired_scene

from seif_core.geometry.rasterizer import interpolate, rasterize
from seif_core.hair.layer import HairModel, model_hair
from seif_core.hair.shell import triangles_of


@pytest.fixture(scope="module")
def made() -> HairModel:
    fit, surface, _, portrait = haired_scene()
    found = model_hair(portrait, fit, surface, None)
    assert found is not None
    return found


def heights_of_the_edge(made: HairModel) -> np.ndarray:
    """(E,) metres over the skin of the texels before the ears at which the shell's alpha ends."""
    mesh = made.layer.shell
    size = len(mesh.texture)
    triangles = torch.from_numpy(triangles_of(mesh.uv_faces)).long()
    owner = np.zeros(len(mesh.uvs), int)
    owner[mesh.uv_faces.ravel()] = mesh.faces.ravel()
    uvs = torch.from_numpy(mesh.uvs.astype(np.float64) * [size, -size] + [0, size])
    drawn = rasterize(uvs, torch.ones(len(uvs), dtype=torch.float64), triangles, size, size)
    places = interpolate(drawn, triangles, torch.from_numpy(mesh.vertices[owner])).numpy()
    on = (drawn.triangle.numpy() >= 0).astype(np.uint8)
    dense = ((mesh.texture[..., 3] > 127) & (on > 0)).astype(np.uint8)
    edge = (dense > 0) & (cv2.erode(dense, np.ones((3, 3))) == 0) & (cv2.erode(on, np.ones((3, 3))) > 0)
    points = places[edge].astype(np.float64)
    points = points[points[:, 2] > made.space.axis[2] + 0.03]
    heights = made.space.skin_distances(points).signed
    return heights[heights > -0.005]  # the inner side lies deeper


def test_hairline_lies_on_the_skin_and_no_gap_opens_under_it(made):
    heights = heights_of_the_edge(made)
    assert len(heights) > 100
    assert np.median(heights) < 0.0015


def test_crown_stays_as_high_as_it_was(made):
    mesh = made.layer.shell
    assert mesh.vertices[:, 1].max() > made.space.skin[:, 1].max() + 0.017
