"""Levels of detail: counts, keys, weights, seams and lids are what they were on the full head."""

from __future__ import annotations

import dataclasses
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_head import head_of
from sample_hair import with_hair
from scipy.spatial import KDTree

from seif_core.decimation.arrange import MOST_POSES, carrying_poses, mirror_image
from seif_core.decimation.decimate import DecimationMesh, decimate
from seif_core.decimation.levels import HAIR_SHARE, LEAST_TRIANGLES, LOD_TRIANGLES, checked_counts
from seif_core.errors import SettingsError
from seif_core.geometry.edges import boundary_loops
from seif_core.geometry.self_intersection import crossing_pairs
from seif_core.head import Head
from seif_core.headmodel import load_head_model
from seif_core.headmodel.model import triangulate
from seif_core.headmodel.topology import PART_NAMES
from seif_core.lods import head_lods

MILLIMETRE = 1e-3


@lru_cache(maxsize=1)
def full() -> Head:
    head = head_of(load_head_model("open"))
    return with_hair(dataclasses.replace(head, texture=np.zeros((8, 8, 3), np.uint8)))


@lru_cache(maxsize=1)
def levels() -> list[Head]:
    return head_lods(full())


def index_in(level: Head) -> np.ndarray:
    """(N,) the full head's vertex that each of a level's was."""
    distance, found = KDTree(full().vertices).query(level.vertices)
    assert distance.max() == 0
    return found


def test_each_level_has_the_triangles_that_were_asked_for_and_its_hair_its_share():
    assert [len(level.faces) for level in levels()] == pytest.approx(LOD_TRIANGLES, rel=0.01)
    for level, count in zip(levels(), LOD_TRIANGLES, strict=True):
        assert len(level.faces) <= count
        assert len(triangulate(level.hair.shell.faces)[0]) <= HAIR_SHARE * count
        assert level.hair.guides is None
    shown = [{PART_NAMES[k] for k in np.unique(level.face_part)} for level in levels()]
    assert shown[0] == set(PART_NAMES)
    assert {"skin", "eye_left", "eye_right"} == shown[2]


def test_a_level_is_a_head_that_can_be_saved_and_read(tmp_path):
    for level in levels():
        level.save(tmp_path / "level.npz")
        assert Head.load(tmp_path / "level.npz").name == level.name


def test_every_vertex_has_the_keys_and_weights_that_it_had():
    head = full()
    for level in levels():
        origin = index_in(level)
        for own, whole in ((level.key_deltas, head.key_deltas), (level.combinations.deltas, head.combinations.deltas)):
            np.testing.assert_array_equal(own, whole[:, origin])
        np.testing.assert_allclose(level.skin_weights.sum(1), 1, atol=1e-5)
        np.testing.assert_array_equal(level.skin_weights, head.skin_weights[origin])


GRID = np.array([(a, b, 6 - a - b) for a in range(7) for b in range(7 - a)]) / 6.0
"""Barycentric weights of places spread over a triangle."""


def places(head: Head, key: str, at: np.ndarray) -> np.ndarray:
    """Places on the outer skin in a key's expression."""
    moved = head.vertices + head.key_deltas[head.key_names.index(key)]
    triangles, origin = triangulate(head.faces)
    outer = (head.face_part[origin] == 0) & ~head.regions["mouth_interior"][triangles].any(axis=1)
    return np.einsum("gk,tkc->tgc", at, moved[triangles[outer]]).reshape(-1, 3)


@pytest.mark.parametrize(("number", "mean", "most"), [(0, 0.35, 3), (1, 0.8, 6), (2, 2.0, 12)])
def test_expressions_of_a_level_look_as_those_of_the_full_head(number, mean, most):
    """Millimetres from middles of a level's triangles to the full head's surface, both in the expression."""
    for key in ("jawOpen", "eyeBlinkLeft", "mouthSmileLeft", "browInnerUp"):
        tree = KDTree(places(full(), key, GRID))
        distance = tree.query(places(levels()[number], key, np.full((1, 3), 1 / 3)))[0] / MILLIMETRE
        assert distance.mean() < mean, key
        assert distance.max() < most, key


def chart_area(head: Head) -> np.ndarray:
    """(T,) signed areas of the skin's triangles in the texture."""
    triangles, origin = triangulate(head.uv_faces)
    a, b, c = (head.uvs[triangles[head.face_part[origin] == 0][:, k]].astype(float) for k in range(3))
    return 0.5 * np.cross(b - a, c - a)


def test_the_texture_does_not_tear_along_its_seams_and_no_triangle_is_turned_over_in_it():
    whole = chart_area(full())
    for level in levels():
        own = chart_area(level)
        assert np.sign(own).min() >= np.sign(whole).min()
        assert np.abs(own).sum() == pytest.approx(np.abs(whole).sum(), rel=0.06)


def test_no_hole_opens_and_none_closes():
    def loops(head: Head, part: int) -> int:
        triangles, origin = triangulate(head.faces)
        return len(boundary_loops(triangles[head.face_part[origin] == part]))

    for level in levels():
        for part in range(3):
            assert loops(level, part) == loops(full(), part)


def crossings(head: Head, weights: dict[str, float]) -> int:
    """Pairs of the face's and eyeballs' triangles that pass through each other in an expression."""
    moved = head.vertices + sum(w * head.key_deltas[head.key_names.index(name)] for name, w in weights.items())
    triangles, origin = triangulate(head.faces)
    chosen = np.isin(head.face_part[origin], (0, 1, 2)) & head.regions["face"][triangles].any(axis=1)
    return len(crossing_pairs(moved.astype(float), triangles[chosen]))


def test_lids_and_lips_of_the_first_level_do_not_pass_through_each_other():
    blink = {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}
    for weights in ({}, blink, {"jawOpen": 1.0}, {"jawOpen": 1.0, **blink}):
        # decimated lips touch again where the full ones lie 0.3 mm apart; 50 pairs before those were apart
        assert crossings(levels()[0], weights) <= max(crossings(full(), weights), 40), weights


def test_both_sides_of_the_face_are_triangulated_alike():
    head = levels()[0]
    skin = np.unique(head.faces[head.face_part == 0, :3])
    mirrored = KDTree(head.vertices[skin]).query(head.vertices[skin] * [-1, 1, 1])[0]
    assert np.mean(mirrored < MILLIMETRE) > 0.9


@pytest.mark.parametrize("counts", [(), (100,), (1000, 2000), (1000, 1000)])
def test_counts_that_make_no_sense_are_refused_in_a_sentence(counts):
    with pytest.raises(SettingsError, match=f"{LEAST_TRIANGLES} or more"):
        checked_counts(counts)


def ball(rings: int, sides: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A sphere whose texture has a seam from pole to pole."""
    v, u = np.meshgrid(np.linspace(0, np.pi, rings + 1)[1:-1], np.linspace(0, 2 * np.pi, sides + 1), indexing="ij")
    points = np.stack([np.sin(v) * np.cos(u), np.cos(v), np.sin(v) * np.sin(u)], -1)[:, :-1].reshape(-1, 3)
    uvs = np.stack([u / (2 * np.pi), v / np.pi], -1).reshape(-1, 2)
    faces, uv_faces = [], []
    for i in range(rings - 2):
        for j in range(sides):
            a, b, c, d = ((i + p) * sides + (j + q) % sides for p, q in ((0, 0), (0, 1), (1, 1), (1, 0)))
            e, f, g, h = ((i + p) * (sides + 1) + j + q for p, q in ((0, 0), (0, 1), (1, 1), (1, 0)))
            faces += [(a, b, c), (a, c, d)]
            uv_faces += [(e, f, g), (e, g, h)]
    return points, np.array(faces), uvs, np.array(uv_faces)


@given(rings=st.integers(8, 16), sides=st.integers(8, 20), share=st.floats(0.3, 0.9))
@settings(max_examples=15, deadline=None)
def test_whatever_is_decimated_stays_a_manifold_with_the_borders_and_the_texture_that_it_had(rings, sides, share):
    points, triangles, uvs, uv_triangles = ball(rings, sides)
    plain = np.ones(len(points)), np.full(len(points), -1)
    mesh = DecimationMesh(points[None], triangles, uvs, uv_triangles, *plain)
    (level,) = decimate(mesh, [int(share * len(triangles))])
    edges = np.sort(level.triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    pairs, uses = np.unique(edges, axis=0, return_counts=True)
    assert uses.max() <= 2
    assert len(boundary_loops(level.triangles)) == 2  # around both poles
    assert len(np.unique(level.triangles)) - len(pairs) + len(level.triangles) == 0
    a, b, c = (uvs[level.uv_triangles[:, k]] for k in range(3))
    areas = np.cross(b - a, c - a)
    assert (areas > 0).all() or (areas < 0).all()


def test_keys_that_do_not_meet_share_a_shape_and_the_others_have_their_own():
    neutral = np.zeros((4, 3))
    keys = np.zeros((3, 4, 3))
    keys[0, 0], keys[1, 1], keys[2, 0] = 1, 2, 3
    poses = carrying_poses(neutral, keys)
    assert len(poses) == 3 <= MOST_POSES
    np.testing.assert_array_equal(poses[1], keys[2] + keys[1])
    np.testing.assert_array_equal(poses[2], keys[0])


def test_vertices_without_a_mirror_image_have_none():
    points = np.array([[1, 0, 0], [-1, 0, 0.001], [0, 1, 0], [0.5, 0.5, 0]], float)
    assert mirror_image(points, np.array([[0, 1, 2], [1, 2, 3]])).tolist() == [1, 0, 2, -1]


@pytest.mark.parametrize("number", [0, 1])
def test_upper_front_teeth_are_no_spikes(number):
    level, kept = levels()[number], []
    for head in (full(), level):
        triangles, origin = triangulate(head.faces)
        teeth = triangles[head.face_part[origin] == PART_NAMES.index("teeth_upper")]
        corners = head.vertices[teeth].astype(float)
        middle = np.abs(corners[..., 0].mean(axis=1)) < 12 * MILLIMETRE
        facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2] / 2
        kept.append(facing[middle & (facing > 0)].sum())
    assert kept[1] > 0.6 * kept[0]
