"""Where a head's surface is hair."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from haired_head import capped_surface, haired_scene, parsed_portrait, plain_fit

from seif_core.geometry.normals import vertex_normals
from seif_core.hair.labels import Labels, label_surface
from seif_core.hair.space import HairSpace
from seif_core.headmodel.anatomy import anatomy_of
from seif_core.implicit.closed_skin import closed_skin

JAW = -0.055
"""Height at which the bob ends, metres: above the nape's usual hairline, below the ears' lobes."""


def bob(off: float) -> tuple[HairSpace, Labels]:
    """A head whose hair covers ears and cheeks on both sides and stands off them by so many metres."""
    fit = plain_fit()
    model = fit.model
    capped, hair = capped_surface(fit)
    closed, skin = closed_skin(model), fit.posed.astype(np.float64)
    beside = (np.abs(skin[:, 0]) > 0.055) & (skin[:, 1] > JAW) & anatomy_of(model).outer_skin
    raised = np.where(beside, off, 0.0)
    away = vertex_normals(skin, model.triangles) * [1, 0, 1]
    moved = closed.with_middles(skin + raised[:, None] * away)
    lifted = np.append(beside, np.zeros(len(closed.loops), bool))
    vertices = np.where(lifted[:, None], moved, capped.vertices)
    surface = replace(capped, vertices=vertices)
    portrait = parsed_portrait(fit, surface, hair | lifted)
    assert portrait.parsing is not None
    space = HairSpace.of(fit, portrait.parsing)
    return space, label_surface(space, surface)


def over_ears(space: HairSpace, labels: Labels) -> float:
    """The least sure tenth of the labels of what stands over and behind the ears, above the jaw."""
    ears = space.skin[space.ears]
    low, high = ears.min(0), ears.max(0)
    place = (
        (np.abs(labels.points[:, 0]) > 0.07) & (labels.points[:, 2] < high[2]) & (labels.points[:, 2] > low[2] - 0.01)
    )
    place &= (labels.points[:, 1] > JAW + 0.02) & (labels.points[:, 1] < high[1])
    return float(np.quantile(labels.label[place], 0.1))


def test_bob_that_ends_above_the_nape_has_no_hole_behind_what_hangs_before_the_ears():
    """Only hair below the nape counted as hanging: a flap stood before a bare ear."""
    space, labels = bob(0.03)
    assert labels.hanging.left >= labels.hanging.usual - 0.01
    assert min(labels.hanging.covers) == pytest.approx(1)
    assert over_ears(space, labels) > 0.6


def test_short_hair_leaves_ears_bare():
    fit, surface, _, portrait = haired_scene()
    assert portrait.parsing is not None
    labels = label_surface(HairSpace.of(fit, portrait.parsing), surface)
    assert labels.hanging.covers == (0.0, 0.0)
    assert over_ears(HairSpace.of(fit, portrait.parsing), labels) < 0.4


def test_sideburns_that_lie_flat_cover_no_ear():
    _, labels = bob(0.004)
    assert labels.hanging.covers == (0.0, 0.0)
