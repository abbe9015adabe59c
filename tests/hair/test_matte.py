"""Where hair ends before skin: finer than the shell's mesh."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from haired_head import haired_scene

from seif_core.evidence import EarOcclusion, look_at_photo
from seif_core.fitting.fit import Fit
from seif_core.geometry.rasterizer import interpolate, rasterize_view
from seif_core.geometry.sampling import sample
from seif_core.hair.layer import model_hair
from seif_core.hair.matte import hair_matte, widened
from seif_core.hair.shell import triangles_of
from seif_core.hair.shell_texture import without_specks
from seif_core.hair.space import HairSpace
from seif_core.hair_layer import HairMesh
from seif_core.portrait.head_parsing import CLASSES
from seif_core.portrait.portrait import Portrait

TOOTH = 9
"""Pixels of the photo that a lock of the fringe is wide and long: 10 mm, two quads of the shell."""
HAIR, SKIN = CLASSES.index("hair"), CLASSES.index("skin")


@pytest.fixture(scope="module")
def fringed() -> tuple[Portrait, np.ndarray]:
    """A portrait whose hair ends on the forehead in locks with gaps between them, and where hair is, (S, S) bool."""
    _, _, _, portrait = haired_scene()
    assert portrait.parsing is not None
    shares, pixels = portrait.parsing.shares.copy(), portrait.pixels.copy()
    hair = shares[HAIR] > 0.5
    lower = np.roll(hair, TOOTH, axis=0) & (shares[SKIN] > 0.5)
    lower[:, np.arange(len(hair)) // TOOTH % 2 == 0] = False
    shares[HAIR][lower], shares[SKIN][lower] = 1.0, 0.0
    pixels[lower] = (110, 70, 40)
    parsing = replace(portrait.parsing, shares=shares)
    return replace(portrait, pixels=pixels, parsing=parsing), hair | lower


def drawn(space: HairSpace, fit: Fit, mesh: HairMesh) -> np.ndarray:
    """(S, S) bool: where a mesh of hair is seen before the head at the photo's camera."""
    corners = torch.from_numpy(triangles_of(mesh.faces).astype(np.int64))
    uv_corners = torch.from_numpy(triangles_of(mesh.uv_faces).astype(np.int64))
    points = torch.from_numpy(space.to_camera(mesh.vertices.astype(np.float64)).astype(np.float32))
    hair = rasterize_view(points, corners, fit.camera, cull_back=True)
    skin = rasterize_view(torch.from_numpy(fit.posed), torch.from_numpy(fit.model.triangles).long(), fit.camera)
    uv = interpolate(hair, uv_corners, torch.from_numpy(mesh.uvs)).numpy() * [1, -1] + [0, 1]
    at = (uv * mesh.texture.shape[0] - 0.5).astype(np.float32)
    alpha = sample(mesh.texture[..., 3], at[..., 0].ravel(), at[..., 1].ravel()).reshape(at.shape[:2])
    return ((hair.depth < skin.depth).numpy()) & (alpha > 127)


def test_locks_of_a_fringe_end_where_the_photo_shows_it(fringed):
    portrait, hair = fringed
    fit, surface, _, _ = haired_scene()
    made = model_hair(portrait, fit, surface, None)
    assert made is not None
    seen = drawn(made.space, fit, made.layer.shell)
    rows, columns = np.nonzero(hair)
    middle = (columns > 120) & (columns < 200)
    band = np.zeros_like(hair)
    low = rows[middle].max()
    band[low - 2 * TOOTH : low + TOOTH, 125:195] = True
    overlap = (seen & hair & band).sum() / ((seen | hair) & band).sum()
    assert overlap > 0.85


def test_shell_goes_on_before_skin_and_never_before_the_background():
    fit, _, _, portrait = haired_scene()
    assert portrait.parsing is not None
    space = HairSpace.of(fit, portrait.parsing, ("hair",))
    before, after = portrait.parsing.shares, widened(space).parsing.shares
    gained = after[HAIR] - before[HAIR]
    assert gained.sum() > 100
    assert gained.min() >= 0
    assert np.allclose(after.sum(0), 1, atol=1e-5)
    assert np.array_equal(after[0], before[0])


def alpha_of(mesh: HairMesh) -> np.ndarray:
    """(V,) 0..255 at each vertex: the least of its texels, one in each chart that it lies in."""
    at = np.clip(mesh.uvs * [1, -1] + [0, 1], 0, 1) * (mesh.texture.shape[0] - 1)
    told = mesh.texture[at[:, 1].astype(int), at[:, 0].astype(int), 3].astype(np.float64)
    alpha = np.full(len(mesh.vertices), 255.0)
    np.minimum.at(alpha, mesh.faces.ravel(), told[mesh.uv_faces.ravel()])
    return alpha


def test_hair_behind_the_head_ends_in_strands_and_not_where_its_mesh_does():
    fit, surface, _, portrait = haired_scene()
    made = model_hair(portrait, fit, surface, None)
    assert made is not None
    shell, middle = made.shell, made.space.axis
    ends = made.space.skin_distances(made.layer.shell.vertices.astype(np.float64)).signed  # seated on the skin
    rim = (shell.skin > 0) & (ends > -0.003) & (ends < -0.0003) & (shell.vertices[:, 2] < middle[2] - 0.02)
    assert rim.sum() > 8
    assert np.mean(alpha_of(made.layer.shell)[rim] > 127) < 0.1


def test_no_hair_lies_on_ears_that_the_photo_shows_bare():
    fit, surface, _, portrait = haired_scene()
    evidence = look_at_photo(portrait, fit)
    assert evidence is not None
    made = model_hair(portrait, fit, surface, replace(evidence, ear_occlusion=EarOcclusion()))
    assert made is not None
    ear = made.space.on_skin(made.shell.vertices, made.space.ears.astype(np.float64)) > 0.9
    hidden = ear & (made.shell.skin > 0) & (made.shell.skin < 0.007) & ~made.shell.visible
    assert np.count_nonzero(alpha_of(made.layer.shell)[hidden] > 127) < 5


def test_hair_under_a_frame_of_glasses_is_as_dense_as_beside_it():
    fit, _, _, portrait = haired_scene()
    assert portrait.parsing is not None
    shares = portrait.parsing.shares.copy()
    hair = shares[HAIR] > 0.5
    row = int(np.nonzero(hair)[0].mean())
    columns = np.flatnonzero(hair[row])[10:-10]
    shares[:, row, columns] = 0
    shares[CLASSES.index("glasses"), row, columns] = 1
    space = HairSpace.of(fit, replace(portrait.parsing, shares=shares), ("hair",))
    matte = hair_matte(space, portrait.pixels)
    scale = len(matte.dense) / len(hair)
    at = (int((row + 0.5) * scale), ((columns + 0.5) * scale).astype(int))
    assert matte.dense[at].min() > 0.8


def test_flecks_and_pinholes_of_the_texture_go_and_gaps_between_locks_stay():
    alpha = np.ones((400, 400), np.float32)
    alpha[:, 300:] = 0
    alpha[50:53, 50:53] = 0  # a pinhole
    alpha[350:353, 350:353] = 1  # a fleck
    alpha[100:200, 100:104] = 0  # a gap
    cleaned = without_specks(alpha, np.ones(alpha.shape, bool), np.zeros((0, 2, 2), int))
    assert cleaned[51, 51] == 1
    assert cleaned[351, 351] == 0
    assert cleaned[150, 102] == 0


def test_a_piece_of_hair_away_from_the_hair_is_gone_and_one_that_goes_on_in_another_chart_stays():
    """A dark fleck of 150 square millimetres lay on a cheek; a small chart beside an ear was a hole."""
    alpha = np.zeros((400, 400), np.float32)
    alpha[20:120] = 1.0
    alpha[200:212, 50:60] = alpha[388:400, 100:110] = alpha[388:400, 300:310] = 1.0
    cleaned = without_specks(alpha, np.ones(alpha.shape, bool), np.array([[[119, 30], [390, 300]]]))
    assert cleaned[205, 55] == cleaned[395, 105] == 0
    assert cleaned[395, 305] == 1
    assert cleaned[50, 50] == 1
