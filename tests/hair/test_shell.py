from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from haired_head import CAP, haired_scene, parsed_portrait

from seif_core.geometry.connectivity import triangle_pieces
from seif_core.geometry.normals import unit, vertex_normals
from seif_core.hair.labels import label_surface
from seif_core.hair.layer import kind_of_hair, model_hair
from seif_core.hair.settings import HairSettings
from seif_core.hair.shell import Shell, followed, make_shell, triangles_of
from seif_core.hair.space import HairSpace
from seif_core.hair.volume import hair_volume, plane_distances
from seif_core.headmodel.anatomy import anatomy_of
from seif_core.portrait.head_parsing import CLASSES


@pytest.fixture(scope="module")
def scene():
    """Fit, surface, which of its vertices are hair, and portrait of a head with a cap of hair."""
    return haired_scene()


@pytest.fixture(scope="module")
def made(scene):
    """Its layer, with what led to it."""
    fit, surface, _, portrait = scene
    return model_hair(portrait, fit, surface, None)


def test_shell_is_one_closed_piece_of_a_few_thousand_quads(made):
    quads = made.layer.shell.faces
    assert 2000 <= len(quads) <= 6000
    ends = np.concatenate([quads[:, [k, (k + 1) % 4]] for k in range(4)])
    _, uses = np.unique(np.sort(ends, axis=1), axis=0, return_counts=True)
    assert set(uses) == {2}
    assert triangle_pieces(triangles_of(quads), len(made.layer.shell.vertices)).max() == 0


def test_shell_stands_as_far_off_the_scalp_as_the_hair_does(scene, made):
    crown = anatomy_of(scene[0].model).over_hairline > 0.6
    points = made.space.skin[crown]
    top = made.layer.shell.vertices.astype(np.float64)
    outer = top[made.shell.skin > 0]
    apart = np.linalg.norm(points[:, None] - outer[None], axis=2).min(1)
    assert np.median(apart) == pytest.approx(CAP, abs=0.004)


def test_no_hair_lies_before_the_face(scene, made):
    face = made.space.skin[made.space.fit.model.regions["lips"]]
    assert np.linalg.norm(made.layer.shell.vertices[:, None] - face[None], axis=2).min() > 0.02


def test_edges_of_the_shell_are_even(made):
    mesh = made.layer.shell
    sides = np.linalg.norm(mesh.vertices[mesh.faces] - mesh.vertices[np.roll(mesh.faces, 1, axis=1)], axis=2)
    low, high = np.percentile(sides, [2, 98])
    assert high < 5 * low


def test_weights_sum_to_one_and_uvs_lie_in_the_texture(made):
    mesh = made.layer.shell
    assert np.allclose(mesh.skin_weights.sum(1), 1, atol=1e-5)
    assert mesh.skin_weights.min() >= 0
    assert mesh.uvs.min() >= 0
    assert mesh.uvs.max() <= 1


def test_outer_side_of_the_texture_does_not_overlap(made):
    mesh = made.layer.shell
    corners = mesh.uvs[mesh.uv_faces].astype(np.float64)
    across, along = corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]
    area = (across[:, 0] * along[:, 1] - across[:, 1] * along[:, 0]) / 2
    wide = mesh.uvs[mesh.uv_faces][..., 0].max(1) < 0.78
    centres = np.floor(corners[wide & (area > 0)].mean(1) * 256).astype(int)
    covered = len(np.unique(centres, axis=0))
    assert area[wide].min() > 0
    assert covered > 0.5 * wide.sum()


def test_all_hair_that_the_photo_shows_has_texels_of_its_own(made):
    mesh, shell = made.layer.shell, made.shell
    corners = mesh.vertices[mesh.faces].astype(np.float64)
    flat = mesh.uvs[mesh.uv_faces].astype(np.float64)
    across, along = flat[:, 2] - flat[:, 0], flat[:, 3] - flat[:, 1]
    area = np.linalg.norm(np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]), axis=1)
    density = (across[:, 0] * along[:, 1] - across[:, 1] * along[:, 0]) / area
    towards = unit(made.space.viewer - corners.mean(1))
    facing = (unit(shell.normals[mesh.faces].mean(1)) * towards).sum(1)
    shown = shell.visible[mesh.faces].all(1) & (facing > 0.4)
    assert np.percentile(density[shown], 1) > 0.1 * np.median(density[shown])


def test_same_seed_gives_the_same_layer(scene, made):
    fit, surface, _, portrait = scene
    again = model_hair(portrait, fit, surface, None)
    assert np.array_equal(again.layer.shell.vertices, made.layer.shell.vertices)
    assert np.array_equal(again.layer.shell.texture, made.layer.shell.texture)


def test_colour_is_that_of_the_photos_hair(made):
    assert made.layer.colour == pytest.approx(np.array([110, 70, 40]) / 255, abs=0.06)


def test_bald_head_has_no_layer(scene):
    fit, surface, hair, _ = scene
    assert model_hair(parsed_portrait(fit, surface, np.zeros_like(hair)), fit, surface, None) is None


def test_head_without_parsing_or_surface_has_no_layer(scene):
    fit, surface, _, portrait = scene
    assert model_hair(portrait, fit, None, None) is None
    assert model_hair(replace(portrait, parsing=None), fit, surface, None) is None


def test_hat_is_a_layer_of_its_own_kind_without_strands(scene):
    fit, surface, hair, _ = scene
    made = model_hair(parsed_portrait(fit, surface, hair, name="headwear"), fit, surface, None)
    assert made.layer.kind == "headwear"
    assert made.layer.guides is None
    assert made.layer.cards is None


def test_what_looks_like_a_hat_in_the_background_is_none(scene):
    parsing = scene[3].parsing
    shares = parsing.shares.copy()
    corner = np.s_[:, 4:130, 4:60]
    shares[corner] = 0
    shares[CLASSES.index("headwear")][corner[1:]] = 1
    assert kind_of_hair(replace(parsing, shares=shares), HairSettings()) == "hair"


def test_traces_of_hair_at_the_outline_of_a_shaven_head_are_none(scene):
    fit, surface, hair, _ = scene
    parsing = parsed_portrait(fit, surface, np.zeros_like(hair)).parsing
    shares = parsing.shares.copy()
    faint = (cv2.erode(shares[1], np.ones((9, 9))) < 1) & (shares[1] > 0)
    shares[1][faint], shares[CLASSES.index("hair")][faint] = 0.6, 0.4
    shaven = replace(parsing, shares=shares)
    assert shaven.share("hair").sum() > HairSettings().least_fringe * shaven.share("skin").sum()
    assert kind_of_hair(shaven, HairSettings(), bald=True) is None


def test_seen_hair_has_the_surfaces_own_shape_and_none_goes_under_the_skin():
    """Gathered into clusters and on a grid of 6 mm, the shell was some millimetres off the surface."""
    fit, surface, _, portrait = haired_scene()
    assert portrait.parsing is not None
    space = HairSpace.of(fit, portrait.parsing)
    labels = label_surface(space, surface)
    volume = hair_volume(space, labels)
    points = space.to_rest(surface.vertices)
    normals = vertex_normals(points, surface.triangles)

    def off(shell: Shell) -> float:
        sure = (shell.seen > 0.8) & (shell.label > 0.9) & (shell.skin > 0.01)
        away, _ = plane_distances(shell.vertices[sure], points, normals, np.zeros(len(points)), 0.002)
        return float(np.median(np.abs(away)))

    coarse = make_shell(space, labels, volume)
    assert coarse is not None
    fine = followed(space, coarse, surface)
    assert off(fine) < 0.0003 < off(coarse)
    assert (fine.skin[coarse.skin > 0.004] > 0.003).all()
