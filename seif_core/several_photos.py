"""Several photos of one person: which one the head's shape is taken from, and the others' fits with that shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from .fitting.fit import Fit
from .headmodel.skinning import pose_vertices
from .headmodel.subdivision import refinement_of

_HALF_SIZE: Final = 15.0
"""Degrees of turn that count as much as a face of half the size. Chosen by eye on the sample portraits."""
_STRANGE: Final = 4.0
"""Landmark error in percent from which it is asked whether a photo shows the same person: photos of one person fit one
identity to 1 to 2.5 percent."""


def best_first(fits: Sequence[Fit]) -> list[int]:
    """The photos' numbers, the most frontal and largest face first; the earlier one where two are alike.

    Args:
        fits: of the photos.
    """
    size = [fit.camera.focal / max(-float(fit.translation[2]), 1e-6) for fit in fits]
    lost = [fit.turn + _HALF_SIZE * math.log2(max(size) / s) for fit, s in zip(fits, size, strict=True)]
    return sorted(range(len(fits)), key=lambda k: lost[k])


def with_shape_of(shaped: Fit, fit: Fit) -> Fit:
    """The fit of another photo of the same person with the shape that a surface gave one fit; pose and expression stay.

    Args:
        shaped: the fit that has the surface's shape, perhaps on the subdivided model.
        fit: the other photo's, on the model itself.
    """
    model = shaped.model
    moved = (fit.expressed - fit.neutral).astype(np.float64)
    if len(moved) != len(shaped.neutral):
        moved = refinement_of(fit.model).apply(moved)
    expressed = shaped.neutral + moved
    posed = pose_vertices(
        expressed,
        shaped.rest_joints.astype(np.float64),
        model.skin_weights,
        fit.pose.astype(np.float64),
        model.pose_basis,
    )
    return replace(
        fit,
        model=model,
        neutral=shaped.neutral,
        expressed=expressed.astype(np.float32),
        posed=(posed + fit.translation).astype(np.float32),
        joints=shaped.joints,
    )


def strangers(names: Sequence[str], fits: Sequence[Fit]) -> tuple[str, ...]:
    """Sentences about photos that one identity does not fit: perhaps somebody else's.

    Args:
        names: of the photos.
        fits: of one identity for all of them.
    """
    return tuple(
        f"{name} does not fit the other photos well ({fit.landmark_error:.1f} %); check that it shows the same person, "
        "or leave it out."
        for name, fit in zip(names, fits, strict=True)
        if fit.landmark_error > _STRANGE
    )
