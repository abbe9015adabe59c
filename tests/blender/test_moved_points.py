"""Landmarks that are moved by hand can be taken back one by one. No Blender here."""

from __future__ import annotations

from seif_blender.reconstruct.moved_points import MovedPoints

FOUND = [(33, 10.0, 20.0), (133, 30.0, 20.0)]


def drag(points: MovedPoints, number: int, *places: tuple[float, float]) -> None:
    points.begin()
    for place in places:
        points.move(number, place)


def test_undo_takes_back_a_whole_drag_and_no_more():
    points = MovedPoints()
    drag(points, 33, (11.0, 20.0), (12.0, 21.0))
    drag(points, 133, (31.0, 22.0))
    assert points.undo()
    assert points.places == {33: (12.0, 21.0)}
    assert points.undo()
    assert points.shown(FOUND) == FOUND
    assert not points.undo()


def test_redo_brings_it_back_until_something_else_is_moved():
    points = MovedPoints()
    drag(points, 33, (12.0, 21.0))
    points.undo()
    assert points.redo()
    assert points.shown(FOUND) == [(33, 12.0, 21.0), FOUND[1]]
    points.undo()
    drag(points, 133, (31.0, 22.0))
    assert not points.redo()
    assert points.places == {133: (31.0, 22.0)}


def test_a_click_that_moves_nothing_is_no_step():
    points = MovedPoints()
    drag(points, 33, (12.0, 21.0))
    drag(points, 133)
    drag(points, 133)
    assert points.undo()
    assert points.places == {}


def test_reset_is_a_step_too_and_what_an_earlier_session_moved_stays():
    points = MovedPoints([(33, 1.0, 2.0)])
    points.reset()
    assert points.shown(FOUND) == FOUND
    assert points.undo()
    assert points.places == {33: (1.0, 2.0)}
    assert not points.undo()
