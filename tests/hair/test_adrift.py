"""Hair that is joined to no hair on the scalp is found, and locks that hang from it are not."""

from __future__ import annotations

import numpy as np

from seif_core.hair.adrift import adrift
from seif_core.hair.shell import Shell


def strip(columns: int) -> Shell:
    """A strip of quads along x, one metre each, all of it outside."""
    x, y = np.meshgrid(np.arange(columns + 1.0), [0.0, 1.0])
    vertices = np.column_stack([x.ravel(), y.ravel(), np.zeros(x.size)])
    first = np.arange(columns)
    quads = np.column_stack([first, first + 1, first + columns + 2, first + columns + 1])
    some = np.ones(len(vertices))
    return Shell(vertices, quads, np.tile([0.0, 0, 1], (len(vertices), 1)), some, some, some, some > 0)


def test_a_piece_behind_a_gap_is_adrift_and_a_lock_that_hangs_from_the_scalp_is_not():
    shell = strip(9)
    x = shell.vertices[:, 0]
    opaque = np.where((x == 5) | (x == 6), 0.1, 1.0)
    over = np.where(x < 2, 0.5, -1.0)  # the scalp ends at 2, the lock at 4, and from 7 on something else lies
    loose = adrift(shell, opaque, over)
    assert loose[x >= 6].all()
    assert not loose[x <= 5].any()


def test_hair_of_one_piece_has_nothing_adrift():
    shell = strip(6)
    assert not adrift(shell, np.ones(14), np.where(shell.vertices[:, 0] < 1, 0.5, -1.0)).any()
