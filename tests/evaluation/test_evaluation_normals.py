from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from haired_head import haired_scene
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sample_head import sample_head, sample_model
from scipy.spatial.transform import Rotation

from seif_core.assembly import assemble_head
from seif_core.errors import SettingsError
from seif_core.evaluation.normals import (
    NormalsRow,
    ReferencePhoto,
    angular_error,
    collect,
    decode_normals,
    find_references,
    read_picture,
)
from seif_core.evaluation.normals_of_photos import compare_normals, face_mask
from seif_core.fitting.fit import Fit
from seif_core.geometry.camera import Camera
from seif_core.hair.layer import make_hair_layer
from seif_core.headmodel.skinning import pose_vertices
from seif_core.implicit.head_surface import HeadSurface
from seif_core.implicit.paste import paste_normals
from seif_core.implicit.view import HeadView
from seif_core.pipeline import Reconstruction, ReconstructionSettings
from seif_core.portrait.portrait import Portrait
from seif_core.preview.surface import Surface
from seif_core.preview.views import render_normals
from seif_core.shaping import Shape


def sphere(size=64):
    """Normals of a ball seen from the front, zero outside."""
    y, x = (np.mgrid[0:size, 0:size] + 0.5) / size * 2 - 1
    r2 = x**2 + y**2
    normals = np.stack([x, -y, np.sqrt(np.clip(1 - r2, 0, None))], -1)
    normals[r2 >= 0.95] = 0
    return normals, r2 < 0.95


def encode(normals, dtype=np.uint8):
    top = np.iinfo(dtype).max
    return np.round((normals + 1) / 2 * top).astype(dtype)


@given(st.floats(0, 179), st.sampled_from([[1, 0, 0], [0, 1, 0], [0, 0, 1]]))
def test_a_map_turned_about_an_axis_errs_by_each_pixels_known_angle(degrees, axis):
    normals, inside = sphere()
    turn = Rotation.from_rotvec(np.radians(degrees) * np.array(axis))
    error = angular_error(normals @ turn.as_matrix().T, normals, inside)
    # a vector at angle a to the axis moves by 2 asin(sin(a) sin(t / 2))
    sine = np.linalg.norm(np.cross(normals[inside], axis), axis=1)
    expected = np.degrees(2 * np.arcsin(np.clip(sine * np.sin(np.radians(degrees) / 2), 0, 1)))
    assert error.mean_deg == pytest.approx(expected.mean(), abs=1e-6)
    assert error.median_deg == pytest.approx(np.median(expected), abs=1e-6)
    assert error.pixels == inside.sum()
    assert error.coverage == 1


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.uint8, 0.4), (np.uint16, 0.002)])
def test_eight_and_sixteen_bit_maps_agree_with_the_floats(dtype, tolerance):
    normals, inside = sphere()
    error = angular_error(encode(normals, dtype), normals, inside)
    assert error.mean_deg < tolerance
    assert (decode_normals(encode(normals, dtype))[1] == inside).all()


def test_grey_and_black_backgrounds_never_count_and_lower_the_coverage_of_the_prediction_only():
    normals, inside = sphere()
    for background in (127, 128, 0):
        picture = encode(normals)
        picture[~inside] = background
        assert angular_error(picture, picture, np.ones_like(inside)).pixels == inside.sum()
    half = normals.copy()
    half[:, :32] = 0
    error = angular_error(half, normals, inside)
    assert error.coverage == pytest.approx(0.5)
    assert error.mean_deg == pytest.approx(0, abs=1e-5)
    assert np.isnan(angular_error(half * 0, normals, inside).mean_deg)


def test_the_facing_pixel_has_the_worked_value_of_the_convention():
    vectors, valid = decode_normals(np.array([[[128, 128, 255]]], np.uint8))
    np.testing.assert_allclose(vectors[0, 0], [0, 0, 1], atol=0.006)
    assert valid.all()


def test_maps_of_different_sizes_are_refused():
    with pytest.raises(SettingsError, match="one size"):
        angular_error(np.ones((4, 4, 3)), np.ones((5, 5, 3)), np.ones((5, 5), bool))


def square_of_landmarks():
    x, y = np.meshgrid([246, 266], [310, 330])
    return np.tile(np.stack([x, y, 0 * x], -1).reshape(4, 3), (120, 1))[:478].astype(np.float32)


def reconstruction():
    """The sample head as if it had been fitted to a photo: the fit and the head agree."""
    head, model = sample_head(), sample_model()
    expressed = head.vertices + np.tensordot(head.photo_key_weights, model.key_basis, 1).astype(np.float32)
    posed = pose_vertices(expressed, head.joints, head.skin_weights, head.photo_pose, model.pose_basis)
    fit = Fit(
        model=model,
        shape=head.photo_shape,
        expression=head.photo_expression,
        key_weights=head.photo_key_weights,
        pose=head.photo_pose,
        translation=head.photo_translation,
        camera=head.photo_camera,
        neutral=head.vertices,
        expressed=expressed,
        posed=(posed + head.photo_translation).astype(np.float32),
        landmark_error=1.5,
    )
    height, width = head.photo_camera.height, head.photo_camera.width
    portrait = Portrait(
        name="sample.png",
        sha256="0" * 64,
        pixels=np.zeros((height, width, 3), np.uint8),
        landmarks=square_of_landmarks(),
        landmark_scheme="mediapipe478",
        mask=np.zeros((height, width), np.uint8),
        box=np.zeros(4, np.float32),
        roll=0.0,
        face_count=1,
        face_index=0,
        focal_px=None,
        confidence=1.0,
    )
    return Reconstruction(portrait, fit, None, Shape(), head, ReconstructionSettings(), "cpu", {}, ())


def test_a_head_compared_with_its_own_normals_errs_by_nothing(tmp_path):
    torch.set_num_threads(1)
    done = reconstruction()
    own = render_normals(Surface.of_fit(done.fit), done.fit.camera)
    Image.fromarray(own).save(tmp_path / "a_normal.png")
    row = compare_normals(done, ReferencePhoto(tmp_path / "a.png", tmp_path / "a_normal.png", None))
    assert row.fit_face.mean_deg == pytest.approx(0, abs=1e-6)
    assert row.fit_head.mean_deg == pytest.approx(0, abs=1e-6)
    assert row.mesh_face.mean_deg < 0.3
    assert row.mesh_face.pixels > 5000
    assert 0 < row.mesh_face.pixels < row.mesh_head.pixels
    assert row.mesh_oval.pixels == 441  # the sample's landmarks span a square of 21 pixels
    table = collect([row, ("b", "no face")])
    assert "b: no head: no face" in str(table)
    assert table.mean_deg("mesh_face") == row.mesh_face.mean_deg
    assert '"landmark_error": 1.5' in table.as_json()


def test_the_networks_map_is_compared_where_its_square_lies_in_the_photo(tmp_path):
    torch.set_num_threads(1)
    done = reconstruction()
    portrait = replace(done.portrait, mask=np.full_like(done.portrait.mask, 255))
    view = HeadView(done.fit.camera, 101.5, 130.0, 300.0, 0.6)
    seen = decode_normals(render_normals(Surface.of_fit(done.fit), view.crop_camera(150)))[0].astype(np.float32)
    bare = HeadSurface(done.fit.posed.astype(float), done.fit.model.triangles, done.fit.posed, seen, view, 1)
    Image.fromarray(render_normals(Surface.of_fit(done.fit), done.fit.camera)).save(tmp_path / "a_normal.png")
    Image.fromarray(portrait.mask * 0).save(tmp_path / "a_mask.png")
    reference = ReferencePhoto(tmp_path / "a.png", tmp_path / "a_normal.png", tmp_path / "a_mask.png")
    row = compare_normals(replace(done, portrait=portrait, shape=Shape(bare)), reference)
    assert row.network_own.mean_deg < 1.5
    assert row.network_own.pixels > 20_000
    assert row.network_head.pixels == 0
    assert compare_normals(done, reference).network_own is None
    assert "-" in str(collect([compare_normals(done, reference)]))


def test_a_pasted_map_has_the_place_of_the_conventions_worked_number():
    view = HeadView(Camera(500.0, 200.0, 150.0, 400, 300), 100.0, 50.0, 200.0, 0.6)
    normals = np.zeros((100, 100, 3), np.float32)
    normals[10, 20] = (0, 0, 1)
    rows, columns = np.nonzero(paste_normals(normals, view).any(2))
    assert set(rows) == {70, 71}
    assert set(columns) == {140, 141}


def test_the_face_mask_lies_inside_the_rendered_head():
    done = reconstruction()
    mask = face_mask(done.fit)
    covered = decode_normals(render_normals(Surface.of_fit(done.fit), done.fit.camera))[1]
    assert mask.any()
    assert not (mask & ~covered).any()


def test_references_are_found_by_name_and_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="holds no"):
        find_references(tmp_path)
    with pytest.raises(SettingsError, match="no folder"):
        find_references(tmp_path / "missing")
    for name in ("b.jpg", "b_normal.png", "a.png", "a_normal.png", "a_mask.png", "lonely_normal.png"):
        (tmp_path / name).write_bytes(b"x")
    found = find_references(tmp_path)
    assert [r.photo.name for r in found] == ["a.png", "b.jpg"]
    assert found[0].mask is not None
    assert found[1].mask is None
    with pytest.raises(SettingsError, match="cannot be read"):
        read_picture(found[0].normals)


def test_reading_keeps_the_channel_order_and_sixteen_bits(tmp_path):
    import cv2

    Image.fromarray(np.full((2, 2, 3), [1, 2, 3], np.uint8)).save(tmp_path / "rgb.png")
    assert read_picture(tmp_path / "rgb.png")[0, 0].tolist() == [1, 2, 3]
    cv2.imwrite(str(tmp_path / "deep.png"), np.full((2, 2, 3), [300, 200, 100], np.uint16))
    assert read_picture(tmp_path / "deep.png")[0, 0].tolist() == [100, 200, 300]


def test_an_empty_table_still_prints():
    assert isinstance(collect([]).as_json(), str)
    assert NormalsRow.__name__ not in str(collect([]))


def test_hair_layer_is_compared_together_with_the_head(tmp_path):
    torch.set_num_threads(1)
    fit, surface, _, portrait = haired_scene()
    layer = make_hair_layer(portrait, fit, surface, None)
    head = replace(assemble_head(portrait, fit, None), hair=layer)
    shape = Shape(surface, SimpleNamespace(fit=fit))
    done = replace(reconstruction(), portrait=portrait, fit=fit, head=head, shape=shape)
    truth = Surface.of_triangles(surface.vertices, surface.triangles)
    Image.fromarray(render_normals(truth, fit.camera)).save(tmp_path / "a_normal.png")
    reference = ReferencePhoto(tmp_path / "a.png", tmp_path / "a_normal.png", None)
    row = compare_normals(done, reference)
    assert row.hair_head.pixels > row.mesh_head.pixels, "the hair stands beyond the head"
    assert row.hair_head.mean_deg < 8
    bald = compare_normals(replace(done, head=replace(head, hair=None)), reference)
    assert bald.hair_head is None
    assert bald.mesh_head == row.mesh_head
