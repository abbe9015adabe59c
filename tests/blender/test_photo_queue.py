"""Several photos: order, states, cancelling one or all, one failure; paths on the clipboard. No Blender here."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seif_blender.reconstruct.clipboard_paths import paths_in_text
from seif_blender.reconstruct.photo_queue import PhotoQueue, Turn
from seif_blender.worker.job import State

SUFFIXES = (".jpg", ".png")


@pytest.fixture
def queue():
    made = PhotoQueue()
    made.add([Path(f"{name}.jpg") for name in "abc"], {"seed": 1})
    return made


def end(queue, state=State.SUCCEEDED, message=""):
    one = queue.running
    one.job.finish(state, "", message)
    queue.end(one)
    return one


def test_photos_have_their_turn_in_order_and_one_at_a_time(queue):
    seen = []
    while queue.begin_next() is not None:
        assert queue.begin_next() is None
        seen.append(end(queue).photo.stem)
    assert seen == ["a", "b", "c"]
    assert queue.over


def test_one_that_fails_keeps_its_sentence_and_stops_no_other(queue):
    queue.begin_next()
    failed = end(queue, State.FAILED, "No face was found; choose another photo.")
    assert failed.turn is Turn.FAILED
    assert failed.message.startswith("No face")
    assert queue.begin_next().photo.stem == "b"


def test_settings_are_those_of_the_moment_when_a_photo_was_added():
    settings = {"seed": 1}
    queue = PhotoQueue()
    queue.add([Path("a.jpg")], settings)
    settings["seed"] = 2
    assert queue.begin_next().job.settings == {"seed": 1}


def test_one_is_cancelled_and_the_rest_goes_on(queue):
    cancelled = []
    queue.begin_next()
    queue.remove(0, lambda: cancelled.append(1))
    assert cancelled == [1]
    assert end(queue, State.CANCELLED).turn is Turn.CANCELLED
    queue.remove(1, lambda: cancelled.append(2))
    assert cancelled == [1]
    assert [one.photo.stem for one in queue.photos] == ["a", "c"]


def test_all_are_cancelled_at_once(queue):
    cancelled = []
    queue.begin_next()
    queue.cancel_all(lambda: cancelled.append(1))
    end(queue, State.CANCELLED)
    assert cancelled == [1]
    assert queue.over
    assert {one.turn for one in queue.photos} == {Turn.CANCELLED}


def test_a_photo_that_waits_moves_before_another_that_waits_alone(queue):
    queue.begin_next()
    queue.move(2, -1)
    queue.move(1, -1)  # the first runs: nobody overtakes it
    queue.move(0, -1)
    assert [one.photo.stem for one in queue.photos] == ["a", "c", "b"]


def test_a_photo_that_waits_already_is_not_added_twice_but_one_that_is_done_is(queue):
    assert queue.add([Path("a.jpg"), Path("d.jpg"), Path("d.jpg")], {}) == queue.photos[3:]
    assert len(queue.photos) == 4
    queue.begin_next()
    end(queue)
    assert len(queue.add([Path("a.jpg")], {})) == 1
    queue.forget_finished()
    assert [one.photo.stem for one in queue.photos] == ["b", "c", "d", "a"]


@given(st.text(max_size=200))
def test_whatever_the_clipboard_holds_is_no_error(text):
    assert paths_in_text(text, SUFFIXES) == []


@pytest.mark.parametrize("form", ["{}", '"{}"', "'{}'", "copy\n{uri}", "{uri}\r\n{uri}"])
def test_a_copied_path_is_taken_in_every_form_in_which_systems_give_it(tmp_path, form):
    photo = tmp_path / "eine Büste (1).JPG"
    photo.touch()
    found = paths_in_text(form.format(photo, uri=photo.as_uri()), SUFFIXES)
    assert set(found) == {photo}


def test_files_that_are_no_pictures_and_relative_paths_are_left_alone(tmp_path, monkeypatch):
    (tmp_path / "a.jpg").touch()
    (tmp_path / "notes.txt").touch()
    monkeypatch.chdir(tmp_path)
    assert paths_in_text(f"a.jpg\n{tmp_path / 'notes.txt'}\n{tmp_path / 'missing.png'}\n{tmp_path}", SUFFIXES) == []
