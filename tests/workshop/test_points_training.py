"""Training of the dense points: the truth of a pool, its showings, the loss, and what is measured afterwards."""

import numpy as np
import pytest
import torch
from conftest import SHARED

from seif_core.geometry.normals import vertex_normals
from seif_core.headmodel import load_head_model
from seif_core.headmodel.anatomy import anatomy_of
from seif_core.headmodel.dense_set import DenseSet, dense_set
from seif_core.portrait.points_network import FoundPoints
from seif_core.workshop.drawing.drawer import Drawer, DrawingSettings
from seif_core.workshop.drawing.pool import SHARD, packed
from seif_core.workshop.training.parsing_samples import ParsingSample, bits
from seif_core.workshop.training.points import points_loss
from seif_core.workshop.training.points_errors import point_errors
from seif_core.workshop.training.points_samples import PointSample, plainly_shown, point_samples, shown
from seif_core.workshop.training.points_truth import point_truth, posed_head

PACK = SHARED / "makehuman"
NO_MIRROR = DenseSet(np.arange(3), np.array([1, 0, 2]))


@pytest.fixture(scope="module")
def drawn():
    if not PACK.is_dir():
        pytest.skip("the MakeHuman pack is not here")
    drawer = Drawer(load_head_model(), PACK, DrawingSettings(size=96, front=0.0))
    return drawer, drawer.draw(11, 4)


def test_a_drawn_head_is_made_again_from_what_its_pool_keeps(drawn):
    drawer, head = drawn
    arrays = {name: values[0] for name, values in packed([head]).items()}
    vertices = posed_head(drawer.bodies, arrays)
    marks = drawer.model.embeddings["mediapipe478"].points(vertices)
    focal, cx, cy = head.camera
    pixels = np.column_stack([cx + focal * marks[:, 0] / -marks[:, 2], cy - focal * marks[:, 1] / -marks[:, 2]])
    assert np.abs(pixels - head.landmarks[:, :2]).max() < 0.01


def test_points_of_the_back_of_the_head_are_not_seen(drawn):
    drawer, head = drawn
    truth = point_truth(drawer.bodies, {name: values[0] for name, values in packed([head]).items()})
    ids = dense_set(drawer.model).vertices
    normals = vertex_normals(truth.vertices.astype(np.float64), anatomy_of(drawer.model).outer_skin_triangles)[ids]
    skull = drawer.model.regions["scalp"][ids]
    behind = skull & (normals[:, 2] < -0.5)  # a thin part such as an ear may be seen past its rim
    assert truth.seen.any()
    assert behind.sum() > 5
    assert not truth.seen[behind].any()


def test_the_skin_of_a_head_is_told_without_drawing_it(drawn):
    drawer, _ = drawn
    assert drawer.skin_of(11, 4) == drawer.skin_of(11, 4)
    assert drawer.skin_of(11, 4) in drawer.pack.names("skins")


def a_sample(side=128):
    """A picture with a bright spot on each point."""
    image = np.full((side, side, 3), 60, np.uint8)
    points = np.array([[40.5, 60.5], [80.5, 60.5], [60.5, 90.5]], np.float32)
    for x, y in points:
        image[int(y) - 2 : int(y) + 3, int(x) - 2 : int(x) + 3] = 255
    marks = np.array([[30, 30], [90, 30], [60, 100]], np.float32).repeat(160, 0)[:478]
    allowed = np.full((side, side), bits("skin"), np.uint16)
    head = ParsingSample(image, allowed, np.ones((side, side), np.float32), marks, marks)
    return PointSample(head, points, np.array([True, True, False]))


def brightest(image, place):
    """Mean of the picture about a place, in crop sides from the middle."""
    x, y = ((place + 0.5) * len(image)).astype(int)
    return image[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2].mean()


def test_the_crop_and_the_points_are_moved_together():
    plain = plainly_shown(a_sample())
    assert min(brightest(plain.image, place) for place in plain.places) > 200
    assert plain.seen.tolist() == [True, True, False]


def test_a_mirrored_showing_names_the_points_of_the_other_side():
    random = np.random.default_rng(0)
    lefts = []
    for _ in range(12):
        one = shown(a_sample(), NO_MIRROR, random, [np.full((30, 30, 3), 90, np.uint8)])
        lefts.append(one.places[0, 0] < one.places[1, 0])
    assert all(lefts)


def test_the_loss_asks_for_the_truth_and_for_as_much_doubt_as_there_is_error():
    places, seen = torch.zeros(1, 4, 2), torch.ones(1, 4, dtype=torch.bool)

    def loss(off, sigma):
        where = places + off / 2**0.5
        return points_loss(
            FoundPoints(where, where, torch.full((1, 4), np.log(sigma)), seen * 9.0), places, seen
        ).item()

    assert loss(0.0, 0.01) < loss(0.005, 0.01) < loss(0.02, 0.01)
    assert loss(0.02, 0.014) < min(loss(0.02, 0.005), loss(0.02, 0.05))


def test_spread_and_common_errors_are_found_again():
    random = np.random.default_rng(1)
    shared = random.normal(size=(4000, 1, 2))
    errors = 1.5 * (0.8 * shared + 0.6 * random.normal(size=(4000, 3, 2)))
    found = point_errors(errors, NO_MIRROR, 1)
    assert found.spread == pytest.approx(np.full(3, 1.5), rel=0.05)
    assert found.common @ found.common.T == pytest.approx(np.full((3, 3), 0.64), abs=0.15)


def test_heads_with_a_skin_or_hair_that_is_held_back_are_kept_for_measuring(tmp_path):
    count = SHARD
    held = np.arange(count) % 4 == 0
    np.savez(
        tmp_path / "000000.npz",
        photo=np.zeros((count, 16, 16, 3), np.uint8),
        labels=np.ones((count, 16, 16), np.uint8),
        landmarks=np.zeros((count, 478, 3), np.float32),
        words=np.array(["grown clothes"] * count),
    )
    np.savez(tmp_path / "t.npz", pixels=np.zeros((count, 3, 2)), seen=np.ones((count, 3), bool), held=held)
    trained = point_samples(tmp_path / "000000.npz", tmp_path / "t.npz")
    kept = point_samples(tmp_path / "000000.npz", tmp_path / "t.npz", kept_back=True)
    assert len(trained) == (~held).sum()
    assert len(kept) == held.sum()
