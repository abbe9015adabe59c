"""The normal map of what is finer than the mesh."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from rendered_head import make_fit, make_model

from seif_core.appearance.atlas import build_atlas
from seif_core.appearance.relief import FLAT, PhotoNormals, ReliefChart, relief_map
from seif_core.appearance.settings import ReliefSettings
from seif_core.evidence.mesh_view import view_mesh
from seif_core.geometry.normals import unit
from seif_core.geometry.tangents import from_tangent_space, tangent_frame, to_tangent_space
from seif_core.headmodel.model import triangulate
from seif_core.implicit.view import HeadView

SIDE = 256
PLAIN = np.full((SIDE, SIDE, 3), 150, np.uint8)
SHARP = ReliefSettings(edge=1e-4)
"""Fades within less than a texel, so that the answer is known everywhere."""


@lru_cache(maxsize=1)
def world():
    """A fit, its atlas, how the camera sees it, and the square that the network would see."""
    fit = make_fit(make_model())
    pixels = fit.camera.project(fit.posed.astype(np.float64))
    low, high = pixels.min(0), pixels.max(0)
    view = HeadView(fit.camera, float(low[0]), float(low[1]), float((high - low).max()), 0.6)
    return fit, build_atlas(fit.model, SIDE), view_mesh(fit, fit.camera), view


def chart_of(trust, bare=None, face=None):
    fit, atlas, _, _ = world()
    skin = np.flatnonzero(atlas.part == 0)
    place = fit.camera.project(fit.posed.astype(np.float64))
    bare = np.ones(len(skin), np.float32) if bare is None else bare
    face = np.zeros(len(skin), np.float32) if face is None else face
    return ReliefChart(SIDE, 1, atlas.texels[skin], skin.astype(np.int32), trust[skin], bare, face, place)


def seen_by_the_network(lean):
    """The mesh's own normals as a map of the square, all turned by a rotation (3, 3)."""
    fit, _, mesh, view = world()
    size = 256
    rows = fit.camera.project(fit.posed.astype(np.float64))
    square = view.crop.from_photo(rows) * size
    front = mesh.facing > 0.3
    y, x = np.mgrid[0:size, 0:size] + 0.5
    near = np.linalg.norm(square[front][None, None] - np.stack([x, y], -1)[:, :, None], axis=3)
    normals = mesh.normals[front][near.argmin(-1)]
    return PhotoNormals((normals @ lean.T).astype(np.float32), view)


def trust_of_the_front():
    _, atlas, mesh, _ = world()
    return (atlas.spread(mesh.facing[:, None])[:, 0] > 0.6).astype(np.float32)


def made(photo, colour=PLAIN, settings=SHARP, passing=None, hidden=None, **chart):
    fit, atlas, mesh, _ = world()
    chart = chart_of(trust_of_the_front(), **chart)
    relief = relief_map(
        fit, atlas, chart, colour, normals=mesh.normals, photo=photo, settings=settings, passing=passing, hidden=hidden
    )
    return relief.normals, chart


def leans(picture, chart):
    """Degrees by which the skin's texels lean from the mesh."""
    told = unit(picture.reshape(-1, 3)[chart.skin].astype(float) / 127.5 - 1)
    return np.degrees(np.arccos(np.clip(told[:, 2], -1, 1)))


def test_a_photo_that_shows_what_the_mesh_has_adds_nothing():
    picture, chart = made(seen_by_the_network(np.eye(3)))
    assert np.median(leans(picture, chart)[chart.trust > 0]) < 2
    assert (leans(picture, chart)[chart.trust == 0] < 0.6).all()


def test_skin_that_leans_in_the_photo_leans_in_the_map_and_comes_back_through_the_tangents():
    c, s = np.cos(np.radians(12)), np.sin(np.radians(12))
    about_x = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    picture, chart = made(seen_by_the_network(about_x))
    fit, atlas, mesh, _ = world()
    triangles, corners = fit.model.triangles, triangulate(fit.model.uv_faces)[0]
    frame = tangent_frame(fit.posed, mesh.normals, triangles, fit.model.uvs, corners)
    shown = chart.trust > 0
    up = unit(atlas.spread(mesh.normals, chart.rows)[shown].astype(float))
    told = picture.reshape(-1, 3)[chart.skin][shown].astype(float) / 127.5 - 1
    found = from_tangent_space(told, up, atlas.spread(frame.along, chart.rows)[shown].astype(float))
    off = np.degrees(np.arccos(np.clip((found * (up @ about_x.T)).sum(1), -1, 1)))
    assert np.median(off) < 2.5


def test_at_the_edge_of_what_is_seen_the_map_fades():
    c, s = np.cos(np.radians(12)), np.sin(np.radians(12))
    about_x = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    wide, chart = made(seen_by_the_network(about_x), settings=ReliefSettings(edge=0.006))
    sharp, _ = made(seen_by_the_network(about_x))
    steps = [
        np.abs(np.diff(p.astype(int), axis=1)).max(axis=2)[chart.picture(chart.trust[:, None])[:, 1:, 0] > 0]
        for p in (wide, sharp)
    ]
    assert np.percentile(steps[0], 99.5) < np.percentile(steps[1], 99.5)
    assert np.median(leans(wide, chart)[chart.trust > 0]) > 8


def test_a_dark_line_is_a_furrow_and_one_under_hair_is_none():
    colour = PLAIN.copy()
    colour[:, SIDE // 2 - 1 : SIDE // 2 + 1] = 90
    settings = replace(SHARP, width=0.01)
    picture, _ = made(None, colour, settings)
    row = picture[SIDE // 4].astype(int) - FLAT
    left, right = row[: SIDE // 2, 0], row[SIDE // 2 :, 0]
    assert left.max() > 5  # before the furrow the skin falls towards growing u, so it leans that way
    assert right.min() < -5
    picture, chart = made(None, colour, settings, bare=np.zeros(len(chart_of(trust_of_the_front()).skin), np.float32))
    assert leans(picture, chart).max() < 0.6


def test_a_brow_is_cut_into_the_face_where_the_face_is_seen_and_mottled_skin_is_not():
    count = len(chart_of(trust_of_the_front()).skin)
    none, face = np.zeros(count, np.float32), np.ones(count, np.float32)
    brow, mottled = PLAIN.copy(), PLAIN.copy()
    brow[SIDE // 2 - 4 : SIDE // 2 + 4] = 60
    mottled[SIDE // 2 - 4 : SIDE // 2 + 4] = 148
    cut, chart = made(None, brow, bare=none, face=face)
    assert np.percentile(leans(cut, chart), 99) > 8
    assert leans(made(None, mottled, bare=none, face=face)[0], chart).max() < 0.6
    assert leans(made(None, brow, bare=none, face=none)[0], chart).max() < 0.6
    column = cut[:, SIDE // 2, 1].astype(int)
    above, below = column[SIDE // 2 - 8 : SIDE // 2], column[SIDE // 2 : SIDE // 2 + 8]
    assert above.min() < FLAT[1] - 5  # falls into the brow going down, so it leans away from growing v
    assert below.max() > FLAT[1] + 5


def test_no_texel_leans_more_than_the_setting():
    rng = np.random.default_rng(3)
    _, _, _, view = world()
    wild = unit(rng.normal(size=(256, 256, 3))).astype(np.float32)
    picture, chart = made(PhotoNormals(wild, view), settings=ReliefSettings(edge=1e-4, tilt=20.0))
    assert leans(picture, chart).max() < 21


def test_the_frame_of_a_square_is_its_axes():
    points = np.array([[0, 0, 0], [0.2, 0, 0], [0.2, 0.1, 0], [0, 0.1, 0]])
    uvs = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)
    triangles = np.array([[0, 1, 2], [0, 2, 3]])
    frame = tangent_frame(points, np.tile([0.0, 0, 1], (4, 1)), triangles, uvs, triangles)
    np.testing.assert_allclose(frame.along, np.tile([1.0, 0, 0], (4, 1)), atol=1e-12)
    np.testing.assert_allclose(frame.metres, np.tile([0.2, 0.1], (4, 1)), atol=1e-12)
    told = from_tangent_space(np.array([[0.6, 0, 0.8]]), np.array([[0, 0, 1.0]]), np.array([[1.0, 0, 0]]))
    np.testing.assert_allclose(told, [[0.6, 0, 0.8]], atol=1e-12)
    assert frame.along == pytest.approx(
        tangent_frame(points, np.tile([0.0, 0, 1], (4, 1)), triangles, uvs, triangles).along
    )


def test_what_goes_into_tangent_space_comes_back():
    rng = np.random.default_rng(5)
    told, up, along = (unit(rng.normal(size=(50, 3))) for _ in range(3))
    np.testing.assert_allclose(to_tangent_space(from_tangent_space(told, up, along), up, along), told, atol=1e-9)


def test_what_the_photo_shows_of_an_expressions_folds_stays_out_of_the_head_at_rest():
    c, s = np.cos(np.radians(20)), np.sin(np.radians(20))
    leaning = seen_by_the_network(np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]))
    picture, chart = made(leaning)
    assert np.median(leans(picture, chart)[chart.trust > 0]) > 10
    count = len(world()[0].neutral)
    picture, chart = made(leaning, passing=np.ones(count, np.float32))
    assert leans(picture, chart).max() < 0.6


def test_skin_that_the_photo_does_not_show_has_no_relief():
    colour = PLAIN.copy()
    colour[:, SIDE // 2 - 1 : SIDE // 2 + 1] = 90
    settings = replace(SHARP, width=0.01)
    picture, chart = made(None, colour, settings)
    assert leans(picture, chart).max() > 2
    picture, chart = made(None, colour, settings, hidden=np.ones(len(world()[0].neutral), np.float32))
    assert leans(picture, chart).max() < 0.6
