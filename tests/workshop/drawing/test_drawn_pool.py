from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from seif_core import cli
from seif_core.errors import SettingsError
from seif_core.workshop.drawing import pool
from seif_core.workshop.drawing.drawer import DrawingSettings, DrawnHead


class FakeDrawer:
    """Draws heads that hold their own number."""

    def __init__(self, settings=None):
        self.settings = settings or DrawingSettings(size=4)
        self.drawn = []

    def draw(self, seed, number):
        self.drawn.append(number)
        f = np.float32
        return DrawnHead(
            np.full((4, 4, 3), number, np.uint8),
            np.zeros((4, 4), np.uint8),
            np.zeros((4, 4, 3), f),
            np.zeros((478, 3), f),
            np.zeros(3, f),
            np.zeros(100, f),
            np.zeros(52, f),
            np.zeros((5, 3), f),
            np.zeros((3, 4), f),
            np.zeros(7, f),
            np.zeros(3, f),
            np.zeros(3, f),
            np.zeros(3, f),
            f"seed{seed}",
        )


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(pool, "SHARD", 2)


def numbers(folder):
    found = []
    for path in pool.drawn_files(folder):
        with np.load(path) as data:
            found += data["photo"][:, 0, 0, 0].tolist()
    return found


def test_a_pool_goes_on_where_it_stopped_with_the_heads_that_it_would_have_had(tmp_path):
    pool.fill_drawn_pool(FakeDrawer(), tmp_path, 3, 5)
    second = FakeDrawer()
    (tmp_path / "000002.part").write_bytes(b"half")
    pool.fill_drawn_pool(second, tmp_path, 6, 5)
    assert second.drawn == [4, 5]
    assert numbers(tmp_path) == [0, 1, 2, 3, 4, 5]
    assert not list(tmp_path.glob("*.part"))


def test_several_processes_draw_each_head_once(tmp_path):
    for first in (0, 1):
        pool.fill_drawn_pool(FakeDrawer(), tmp_path, 8, 5, first=first, stride=2)
    assert numbers(tmp_path) == list(range(8))


@pytest.mark.parametrize("other", ["seed", "view"])
def test_heads_of_two_recipes_are_not_mixed_in_one_pool(tmp_path, other):
    pool.fill_drawn_pool(FakeDrawer(), tmp_path, 2, 5)
    drawer = FakeDrawer() if other == "seed" else FakeDrawer(replace(DrawingSettings(size=4), view=2.8))
    with pytest.raises(SettingsError, match=other):
        pool.fill_drawn_pool(drawer, tmp_path, 4, 6 if other == "seed" else 5)


def test_the_command_says_when_there_is_no_pack(tmp_path, capsys):
    assert cli.main(["train", "heads", "--pool", str(tmp_path / "p"), "--pack", str(tmp_path), "--heads", "1"]) != 0
    assert "MakeHuman pack" in capsys.readouterr().err
