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
    low = (shell.skin > 0) & (shell.vertices[:, 1] < shell.vertices[:, 1].min() + 0.02)
    assert low.sum() > 20
    bare = np.zeros(len(shell.vertices))

    def densities(normals: np.ndarray) -> np.ndarray:
        there = low[:, None]
        off = replace(shell, normals=np.where(there, normals, shell.normals), skin=np.where(low, 0.025, shell.skin))
        return density_of(space, off, bare)[low]

    assert np.median(densities(np.array([0.0, -1.0, 0.0]))) < 0.1
    assert np.median(densities(space.on_skin(shell.vertices, space.normals))) > 0.9


def test_hair_that_hangs_on_is_not_cut_by_its_inner_side():
    """Hair to the shoulders ended at the neck, where its inner side looks down."""
    fit, surface, _, portrait = haired_scene()
    made = model_hair(portrait, fit, surface, None)
    assert made is not None
    space, shell = made.space, made.shell
    height = shell.vertices[:, 1] - shell.vertices[:, 1].min()
    inner = (height > 0.035) & (height < 0.05) & (shell.vertices[:, 2] < space.axis[2] - 0.02)
    assert inner.sum() > 5
    bare, there = np.zeros(len(shell.vertices)), inner[:, None]
    looks_down = replace(
        shell, normals=np.where(there, [0.0, -1.0, 0.0], shell.normals), skin=np.where(inner, 0.025, shell.skin)
    )
    assert np.median(density_of(space, looks_down, bare)[inner]) > 0.9
