"""How dense hair is where its strands end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from haired_head import haired_scene

from seif_core.hair.density import density_of
from seif_core.hair.layer import model_hair


def test_hair_that_hangs_ends_below_in_tips_and_hair_on_an_overhanging_nape_does_not():
    """A bob ended in a hem as straight as a board."""
    fit, surface, _, portrait = haired_scene()
    made = model_hair(portrait, fit, surface, None)
    assert made is not None
    space, shell = made.space, made.shell
    low = (shell.skin > 0) & (shell.vertices[:, 1] < space.skin[space.ears, 1].mean() - 0.01)
    assert low.sum() > 20
    bare = np.zeros(len(shell.vertices))

    def densities(normals: np.ndarray) -> np.ndarray:
        there = low[:, None]
        off = replace(shell, normals=np.where(there, normals, shell.normals), skin=np.where(low, 0.025, shell.skin))
        return density_of(space, off, bare)[low]

    assert np.median(densities(np.array([0.0, -1.0, 0.0]))) < 0.1
    assert np.median(densities(space.on_skin(shell.vertices, space.normals))) > 0.9
