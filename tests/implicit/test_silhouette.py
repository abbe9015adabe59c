from __future__ import annotations

import numpy as np

from seif_core.implicit.silhouette import Rise, enclosed

N = 128


def pixels(shape):
    """A picture of what `shape` says of x, y of the cube."""
    middle = (np.arange(N) + 0.5) / N
    return np.asarray(shape(middle[None] - 0.5, 0.5 - middle[:, None]))


def faint(points):
    """A curtain beside a head that the function is not sure of, most likely at z = -0.1."""
    beside = (np.abs(points[:, 0]) > 0.2) & (np.abs(points[:, 0]) < 0.3)
    sure = np.abs(points[:, 0]) >= 0.3
    return np.where(beside, -0.4 - 20 * np.abs(points[:, 2] + 0.1), np.where(sure, 1.0, -9.0))


MASK = pixels(lambda x, y: (np.abs(x) < 0.4) & (np.abs(y) < 0.4))
HEAD = pixels(lambda x, y: (np.abs(x) < 0.2) & (np.abs(y) < 0.45))


def at(x, y, z):
    return np.array([[x, y, z]])


def test_a_hole_between_neck_and_hair_is_shut_where_the_function_says_most():
    full = pixels(lambda x, y: (np.abs(x) < 0.45) & (np.abs(y) < 0.45))
    rise = Rise(lambda p: np.where(np.abs(p[:, 1]) < 0.2, faint(p), 1.0), full, HEAD)
    for z, inside in ((-0.1, True), (-0.3, False), (0.2, False)):
        place = at(0.25, 0.0, z)
        assert (faint(place) + rise.at(place) > 0)[0] == inside


def test_what_the_function_says_elsewhere_is_left_as_it_is():
    full = pixels(lambda x, y: (np.abs(x) < 0.45) & (np.abs(y) < 0.45))
    rise = Rise(lambda p: np.where(np.abs(p[:, 1]) < 0.2, faint(p), 1.0), full, HEAD)
    assert rise.at(at(0.0, 0.0, -0.1))[0] == 0
    assert rise.at(at(0.38, 0.3, -0.1))[0] == 0


def test_the_edge_of_a_mask_that_is_too_large_draws_no_rags():
    rise = Rise(lambda p: np.where(np.abs(p[:, 0]) < 0.25, 1.0, -0.5), MASK, HEAD)
    assert rise.at(at(0.35, 0.0, -0.1))[0] == 0


def test_what_lies_before_the_ears_is_not_raised():
    full = pixels(lambda x, y: (np.abs(x) < 0.45) & (np.abs(y) < 0.45))
    rise = Rise(lambda p: np.where(np.abs(p[:, 1]) < 0.2, faint(p), 1.0), full, HEAD)
    assert rise.at(at(0.25, 0.0, 0.11))[0] == 0


def test_pieces_at_the_border_are_not_enclosed_and_those_inside_are():
    full = np.ones((20, 20), bool)
    full[5:8, 5:8] = False
    full[15:, 15:] = False
    empty = ~full
    full[14:, 14:] = False
    found = enclosed(empty, full)
    assert found[6, 6]
    assert not found[17, 17]


def test_a_mask_that_the_head_fills_asks_nothing():
    def never(points):
        assert len(points) == 0
        return points[:, 0]

    rise = Rise(never, HEAD, HEAD)
    assert rise.at(at(0.0, 0.0, 0.0))[0] == 0
