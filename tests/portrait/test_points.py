"""Dense points of a photo: looks from several crops give one place, and mirrored looks name the right side."""

import numpy as np
import pytest
import torch
from conftest import SHARED

from seif_core.portrait.crop import Pyramid
from seif_core.portrait.dense_points import DensePoints
from seif_core.portrait.landmarks import Landmarks
from seif_core.portrait.mesh_topology import MESH_POINTS
from seif_core.portrait.points import POINTS, points_by
from seif_core.portrait.points_inputs import FEATURE_CHANNELS, SIDE, frozen_features, points_crop, shown_crop
from seif_core.portrait.points_network import FoundPoints, PointsNetwork, PointsSettings


class Blobs:
    """A stand-in that finds the red spots left and right of the middle of what it is shown; the left one is point 0."""

    vertices, mirror = torch.tensor([5, 9]), torch.tensor([1, 0])
    offset, spread, common = torch.zeros(2, 2), torch.tensor([1.0, 2.0]), torch.zeros(2, 1)

    def __call__(self, images, *_):
        red = ((images[:, 0] > 0.5) & (images[:, 1] < 0)).float()
        centres = (torch.arange(SIDE) + 0.5) / SIDE - 0.5
        sides = []
        for half in (slice(0, SIDE // 2), slice(SIDE // 2, SIDE)):
            part = red[:, :, half]
            x = (part.sum(1) * centres[half]).sum(1) / part.sum((1, 2))
            y = (part.sum(2) * centres).sum(1) / part.sum((1, 2))
            sides.append(torch.stack([x, y], 1))
        places = torch.stack(sides, 1)
        return FoundPoints(places, places, torch.full(places.shape[:2], -5.0), torch.zeros(places.shape[:2]))


@pytest.fixture
def photo():
    pixels = np.full((300, 400, 3), 40, np.uint8)
    for x, y in ((150, 120), (260, 170)):
        pixels[y - 4 : y + 4, x - 4 : x + 4] = (255, 0, 0)
    return pixels


def square_landmarks():
    """A face of 150 px whose box is centred on (205, 150)."""
    points = np.zeros((478, 3), np.float32)
    points[:, 0], points[:, 1] = np.linspace(145, 265, 478), np.linspace(75, 225, 478)
    return Landmarks(points, 1.0, 0.0)


def test_all_looks_find_the_same_place_and_mirrored_ones_the_right_side(photo):
    found = points_by(Blobs(), Pyramid(photo), square_landmarks())
    assert np.abs(found.pixels - [[150, 120], [260, 170]]).max() < 1
    assert found.vertices.tolist() == [5, 9]


def test_doubts_are_told_in_pixels_of_the_photo_and_as_large_as_they_were_measured(photo):
    landmarks = square_landmarks()
    found = points_by(Blobs(), Pyramid(photo), landmarks)
    expected = np.exp(-5) * points_crop(landmarks).size
    assert found.sigma == pytest.approx([expected, 2 * expected], rel=0.02)


def test_what_is_off_in_the_mean_over_people_is_taken_away(photo):
    network = Blobs()
    network.offset = torch.tensor([[0.02, 0.0], [-0.02, 0.0]])
    landmarks = square_landmarks()
    moved = points_by(network, Pyramid(photo), landmarks).pixels - points_by(Blobs(), Pyramid(photo), landmarks).pixels
    step = 0.02 * points_crop(landmarks).size
    assert moved == pytest.approx(np.array([[-step, 0], [step, 0]]), abs=0.2)


def test_errors_that_go_together_have_ones_on_the_diagonal():
    common = np.array([[0.6], [0.8], [0.0]], np.float32)
    ones = np.ones(3, np.float32)
    points = DensePoints(np.arange(3), np.zeros((3, 2), np.float32), ones, common, ones)
    expected = [[1, 0.48, 0], [0.48, 1, 0], [0, 0, 1]]
    assert np.allclose(points.correlation(np.arange(3)), expected)
    assert np.allclose(points.correlation(np.array([2, 0])), np.eye(2))


def test_before_it_has_learned_the_network_answers_the_best_linear_guess_of_the_mesh():
    random = torch.Generator().manual_seed(0)
    network = PointsNetwork(PointsSettings(points=7, modes=5)).eval()
    code = torch.randn(200, 5, generator=random)
    meshes = (code @ torch.randn(5, 3 * MESH_POINTS, generator=random)).unflatten(1, (MESH_POINTS, 3)) * 0.1
    places = (code @ torch.randn(5, 14, generator=random)).unflatten(1, (7, 2)) * 0.1
    network.begin(meshes, places)
    features = {side: torch.zeros(2, channels, side, side) for side, channels in FEATURE_CHANNELS.items()}
    with torch.inference_mode():
        found = network(torch.zeros(2, 3, SIDE, SIDE), features, meshes[:2])
    assert torch.allclose(found.first, places[:2], atol=2e-3)


@pytest.mark.skipif(not (SHARED / "portraits").is_dir(), reason="the development photos are not here")
def test_the_points_of_a_real_face_lie_where_the_landmarks_lie():
    """Points of lids and lips against the detector's landmarks of the same places."""
    from seif_core.headmodel import load_head_model
    from seif_core.portrait import PortraitSettings, read_portrait

    head = load_head_model("open")
    settings = PortraitSettings(dense_points=True)
    portrait = read_portrait(SHARED / "portraits" / "grace_hopper.jpg", settings=settings)
    found = portrait.dense
    assert found is not None
    assert len(found.vertices) == POINTS
    size = float(np.ptp(portrait.landmarks[:, 1]))
    for region, rows in (("lips", [0, 17, 61, 291]), ("lids", [33, 133, 362, 263])):
        ours = found.pixels[head.regions[region][found.vertices]].mean(0)
        assert np.linalg.norm(ours - portrait.landmarks[rows, :2].mean(0)) < 0.03 * size
    unsure = found.sigma[found.seen < 0.5]
    assert unsure.mean() > found.sigma[found.seen > 0.9].mean()  # the hat hides the skull


@pytest.mark.skipif(not (SHARED / "portraits").is_dir(), reason="the development photos are not here")
def test_the_mesh_of_a_crop_lies_on_the_face_that_it_shows():
    from seif_core.portrait import PortraitSettings, read_portrait

    settings = PortraitSettings(refinements=2, dense_points=False)
    portrait = read_portrait(SHARED / "portraits" / "obama.jpg", settings=settings)
    assert portrait.dense is None
    landmarks = Landmarks(portrait.landmarks, 1.0, portrait.roll)
    crop = points_crop(landmarks)
    shown = frozen_features(shown_crop(Pyramid(portrait.pixels), crop))
    away = crop.to_photo(shown.mesh[:, :2].astype(np.float64) + 0.5) - portrait.landmarks[:MESH_POINTS, :2]
    assert np.linalg.norm(away, axis=1).mean() < 0.03 * landmarks.size
