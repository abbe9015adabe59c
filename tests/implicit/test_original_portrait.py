from __future__ import annotations

import numpy as np
import pytest
import torch
from fake_stages import sample_fit, sample_portrait

from seif_core.errors import ModelError
from seif_core.implicit import original_portrait
from seif_core.implicit.head_surface import HeadSurfaceSettings
from seif_core.implicit.original_portrait import enlarged, reconstruct_original_surface
from seif_core.implicit.surface import Surface, SurfaceSettings


def guided(inputs):
    """A normal estimator that repeats the fitted model's normals."""
    return inputs.guidance


def test_published_networks_see_512_pixels_between_minus_one_and_one_and_answer_in_camera_space(monkeypatch):
    portrait, fit = sample_portrait(), sample_fit()
    given = {}

    def fake(photo, normals, prior, *, device, resolution, progress):
        given.update(photo=photo, normals=normals, device=device, resolution=resolution)
        given["inside"] = prior(np.zeros((1, 3), np.float32))
        corners = np.eye(3, dtype=np.float32) * 0.1
        return Surface(corners, np.array([[0, 1, 2]], np.int32), 77), np.full((3, 3), 0.5, np.float32)

    monkeypatch.setattr(original_portrait, "original_surface", fake)
    wanted = HeadSurfaceSettings(size=128, surface=SurfaceSettings(resolution=128))
    found = reconstruct_original_surface(portrait, fit, wanted, normals=guided)
    for name in ("photo", "normals"):
        assert given[name].shape == (3, 512, 512)
        assert np.abs(given[name]).max() <= 1.001
    length = np.linalg.norm(given["normals"], axis=0)
    assert ((length == 0) | (np.abs(length - 1) < 1e-4)).all()
    assert (given["photo"].min(), given["resolution"]) < (-0.5, 129)
    assert given["inside"] < 0
    np.testing.assert_allclose(found.view.to_cube(found.vertices), np.eye(3) * 0.1, atol=1e-6)
    assert (found.queries, found.normals.shape) == (77, (128, 128, 3))


def test_without_imported_weights_a_sentence_says_how_to_import_them(tmp_path, monkeypatch):
    monkeypatch.setenv("SEIF_DATA", str(tmp_path))
    with pytest.raises(ModelError, match="seif weights import"):
        reconstruct_original_surface(sample_portrait(), sample_fit(), normals=guided)


def test_an_enlarged_normal_map_is_unit_or_nothing():
    normals = torch.zeros(3, 16, 16)
    normals[2, 5, 10] = 1
    normals[2, 6:, 10:] = 1
    larger = enlarged(normals, 32)
    length = larger.norm(dim=0)
    assert ((length - 1).abs() < 1e-5).logical_or(length == 0).all()
    assert (larger[2, 12:, 20:] == 1).all()
    assert (larger[:, :8] == 0).all()
