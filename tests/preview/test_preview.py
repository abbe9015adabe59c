from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from fake_stages import sample_surface
from PIL import Image
from rendered_head import BACKGROUND, make_fit, make_head, make_model, photograph
from sample_hair import with_hair

import seif_core.preview
from seif_core.errors import OutputError
from seif_core.geometry.camera import Camera
from seif_core.preview import Surface, View, draw_preview, render, render_normals, write_debug_images
from seif_core.preview.studio_light import studio_shine
from seif_core.preview.surface import hair_in_photo
from seif_core.preview.views import _BACKGROUND


@lru_cache(maxsize=1)
def scene():
    model = make_model()
    fit = make_fit(model)
    albedo = np.tile([0.5, 0.3, 0.22], (len(model.template), 1))
    texture = np.full((64, 64, 3), (30, 160, 60), np.uint8)
    return photograph(fit, albedo), fit, make_head(fit, texture)


def background():
    linear = np.array(_BACKGROUND)
    return np.rint((1.055 * linear ** (1 / 2.4) - 0.055) * 255)


def covered(picture):
    return (np.abs(picture.astype(float) - background()) > 2).any(axis=2)


def test_view_has_the_wanted_size_and_leaves_the_background_free():
    picture = render(scene()[2], View(width=120, height=150))
    assert picture.shape == (150, 120, 3)
    assert picture.dtype == np.uint8
    assert not covered(picture)[[0, -1]].any()
    assert 0.2 < covered(picture).mean() < 0.8


def test_yaw_of_ninety_degrees_shows_the_nose_at_the_left_edge():
    mask = covered(render(scene()[2], View(yaw=90, width=160, height=160)))
    rows, columns = np.nonzero(mask)
    leftmost = rows[columns == columns.min()].mean()
    assert abs(leftmost - 86) < 12  # the nose stands below the middle of the egg
    at_edge = [np.count_nonzero(columns <= columns.min() + 8), np.count_nonzero(columns >= columns.max() - 8)]
    assert at_edge[0] < 0.7 * at_edge[1]  # a nose is thinner than the back of a head


def test_clay_is_grey_and_the_texture_green():
    head = scene()[2]
    clay, textured = render(head, View(width=80, height=80)), render(head, View(width=80, height=80), "textured")
    middle = (slice(55, 65), slice(35, 45))
    assert np.ptp(clay[middle].reshape(-1, 3).mean(0)) < 40
    assert (textured[middle][..., 1] > textured[middle][..., 0] + 30).all()


def test_clay_eyes_show_where_they_look():
    head = scene()[2]
    view = View(width=200, height=240)
    green = render(head, view)
    plain = render(replace(head, texture=None), view)
    assert 20 < (green != plain).any(axis=2).sum() < 2000


def test_the_lining_of_an_open_mouth_is_no_wall_of_clay():
    surface = Surface.of_head(scene()[2])
    view = View(width=80, height=80)
    lined = render(replace(surface, lining=np.ones(len(surface.faces), bool)), view)
    plain = render(replace(surface, lining=np.zeros(len(surface.faces), bool)), view)
    assert lined[60, 40, 0] > 1.3 * lined[60, 40, 1]  # red
    assert lined[60, 40].mean() < 0.8 * plain[60, 40].mean()  # and darker
    assert (plain == render(replace(surface, lining=None), view)).all()


def test_eyes_are_wet_where_a_lamp_is_mirrored_and_dull_elsewhere():
    up = np.array([-0.60, 0.60, 0.55]) / np.linalg.norm([-0.60, 0.60, 0.55]) + [0, 0, 1]
    shine = studio_shine(np.stack([up / np.linalg.norm(up), [0.0, 0, 1], [0, -1.0, 0]]))
    assert shine[0] > 0.5
    assert (shine[1:] < 0.02).all()


def test_without_a_texture_the_textured_view_is_clay():
    surface = Surface.of_fit(scene()[1])
    camera = scene()[1].camera
    assert (render(surface, camera, "textured") == render(surface, camera, "shaded")).all()


def test_camera_view_lines_up_with_the_photo():
    portrait, fit, head = scene()
    for surface in (Surface.of_fit(fit), Surface.of_head_in_photo(head)):
        picture = render(surface, fit.camera)
        photo = (portrait.pixels != np.array(BACKGROUND)).any(axis=2)
        assert (covered(picture) == photo).mean() > 0.985


def test_normal_map_is_blue_where_the_surface_faces_the_viewer_and_grey_outside():
    fit = make_fit(make_model(), yaw=0.0)
    picture = render_normals(Surface.of_fit(fit), fit.camera)
    assert picture.shape == (fit.camera.height, fit.camera.width, 3)
    u, v = (int(p) for p in fit.camera.project(np.array([0.0, 0.05, -0.7])))
    normal = picture[v, u] / 127.5 - 1
    assert normal[2] > 0.8
    assert normal[1] > 0.1  # above the middle the surface looks up
    left = picture[v, : u - 40] / 127.5 - 1
    assert left[np.abs(left).max(axis=1) > 0.1][:, 0].max() < 0  # on the picture's left it looks left
    assert (picture[0, 0] == 127).all()


def test_normal_map_of_a_mesh_outside_the_picture_is_grey():
    fit = scene()[1]
    surface = Surface.of_fit(fit)
    away = surface.with_vertices(surface.vertices + np.array([9, 0, 0], np.float32))
    assert (render_normals(away, fit.camera) == 127).all()


def test_large_photo_gets_a_normal_map_of_its_own_size():
    fit = scene()[1]
    camera = fit.camera.scaled(8.0)
    picture = render_normals(Surface.of_fit(fit), camera)
    assert picture.shape == (camera.height, camera.width, 3)
    small = render_normals(Surface.of_fit(fit), fit.camera)
    shared = (small != 127).any(axis=2) & (picture[4::8, 4::8] != 127).any(axis=2)
    assert np.abs(picture[4::8, 4::8][shared].astype(int) - small[shared]).mean() < 4


def test_preview_sheet_is_written_as_a_png_with_the_photo_in_it(tmp_path):
    portrait, fit, head = scene()
    path = tmp_path / "preview.png"
    draw_preview(portrait, fit, head, path)
    with Image.open(path) as image:
        assert image.format == "PNG"
        sheet = np.asarray(image)
    assert sheet.shape[0] > 1000
    assert sheet.shape[1] > 1000
    assert (np.abs(sheet[30, 30].astype(int) - BACKGROUND) < 6).all()
    assert [p.name for p in tmp_path.iterdir()] == ["preview.png"]


def test_a_hair_layer_is_drawn_before_the_head_and_has_a_row_of_the_sheet(tmp_path):
    portrait, fit, head = scene()
    worn = with_hair(head)
    back = View(yaw=180, width=100, height=120)
    bald, hairy = (render(head, back, "textured", hair=mesh) for mesh in (None, worn.hair.shell))
    changed = (bald != hairy).any(axis=2)
    assert changed.mean() > 0.1
    assert hairy[changed].mean() < bald[changed].mean()
    draw_preview(portrait, fit, worn, tmp_path / "hairy.png")
    draw_preview(portrait, fit, head, tmp_path / "bald.png")
    heights = [Image.open(tmp_path / name).height for name in ("hairy.png", "bald.png")]
    assert heights[0] > 1.3 * heights[1]


def test_beside_the_photo_stands_the_head_as_its_camera_sees_it():
    portrait, fit, head = scene()
    surface = Surface.of_head_in_photo(head)
    photo, camera, _ = seif_core.preview.sheet._crop(portrait, head.photo_camera, surface.vertices)
    sheet = seif_core.preview.sheet.compose_preview(portrait, fit, head)
    height, width = photo.shape[:2]
    second = sheet[:height, width + 4 : 2 * width + 4]
    without_title = slice(0, height - 40)
    np.testing.assert_array_equal(second[without_title], render(surface, camera, "textured")[without_title])


def test_hair_goes_with_the_head_into_the_photo():
    _, _, head = scene()
    worn = with_hair(head)
    some = replace(worn.hair.shell, vertices=head.vertices[: len(worn.hair.shell.vertices)])
    still = replace(worn, hair=replace(worn.hair, shell=some), photo_delta=np.zeros_like(head.photo_delta))
    wanted = Surface.of_head_in_photo(still).vertices[: len(some.vertices)]
    np.testing.assert_allclose(hair_in_photo(still).vertices, wanted, atol=1e-6)
    assert hair_in_photo(head) is None


def test_the_same_head_gives_the_same_sheet(tmp_path):
    portrait, fit, head = scene()
    for name in ("a.png", "b.png"):
        draw_preview(portrait, fit, head, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_expressions_that_the_head_has_change_its_picture():
    _, _, head = scene()
    opened = seif_core.preview.sheet._expression(head, ("jawOpen",))
    assert np.abs(opened - head.vertices).max() > 0.005
    assert (seif_core.preview.sheet._expression(head, ("mouthSmileLeft",)) == head.vertices).all()


def test_a_folder_that_cannot_be_written_is_an_output_error_and_leaves_nothing(tmp_path):
    portrait, fit, head = scene()
    with pytest.raises(OutputError, match=r"preview\.png"):
        draw_preview(portrait, fit, head, tmp_path / "missing" / "preview.png")
    occupied = tmp_path / "taken.png"
    occupied.mkdir()
    (occupied / "file").touch()
    with pytest.raises(OutputError):
        draw_preview(portrait, fit, head, occupied)
    assert [p.name for p in tmp_path.iterdir()] == ["taken.png"]


def test_debug_images_have_the_photos_size(tmp_path):
    portrait, fit, head = scene()
    write_debug_images(portrait, fit, head, tmp_path)
    names = ["landmarks.png", "mask.png", "normal_fit.png", "normal_mesh.png", "overlay.png"]
    assert sorted(p.name for p in tmp_path.iterdir()) == names
    for name in names:
        with Image.open(tmp_path / name) as image:
            assert image.size == (fit.camera.width, fit.camera.height)
    with Image.open(tmp_path / "mask.png") as image:
        assert (np.asarray(image) == portrait.mask).all()


def test_debug_images_of_a_surface_show_the_networks_normals_and_the_surfaces(tmp_path):
    portrait, fit, head = scene()
    write_debug_images(portrait, fit, head, tmp_path, sample_surface(fit))
    network, surface, mesh = (
        np.asarray(Image.open(tmp_path / f"normal_{name}.png")) for name in ("network", "surface", "fit")
    )
    assert network.shape == surface.shape == (fit.camera.height, fit.camera.width, 3)
    assert (network == [128, 128, 255]).all(axis=2).any()
    assert (network[0, 0] == 127).all()
    assert ((surface != 127).any(axis=2) == (mesh != 127).any(axis=2)).mean() > 0.98  # lashes are no skin


def test_wire_is_drawn_on_the_head_only():
    portrait, fit, _ = scene()
    drawn = seif_core.preview.overlay.draw_wire(portrait.pixels, Surface.of_fit(fit), fit.camera)
    changed = (drawn != portrait.pixels).any(axis=2)
    outside = portrait.mask == 0
    assert changed[~outside].mean() > 0.2
    assert changed[outside].mean() < 0.02


def test_camera_that_sees_nothing_gives_an_empty_picture():
    fit = scene()[1]
    surface = Surface.of_fit(fit)
    behind = surface.with_vertices(surface.vertices * np.array([1, 1, -1], np.float32))
    assert not covered(render(behind, Camera(100.0, 32, 32, 64, 64))).any()


def test_meshes_of_more_vertices_than_a_picture_has_columns_are_drawn_alike():
    portrait, fit, _ = scene()
    plain = Surface.of_fit(fit)
    padded = plain.with_vertices(np.concatenate([plain.vertices, np.repeat(plain.vertices[:1], 40_000, axis=0)]))
    drawn = [seif_core.preview.overlay.draw_wire(portrait.pixels, surface, fit.camera) for surface in (plain, padded)]
    np.testing.assert_array_equal(*drawn)
