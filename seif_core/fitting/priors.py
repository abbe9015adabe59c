"""What the fit believes before it sees the photo, as rows of a linear least-squares problem."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import torch

from ..shapes import Float
from .parameters import EYES, JAW, LOG_DISTANCE, LOG_SCALE, Layout
from .settings import FitSettings

EYE_DISTANCE: Final = 0.062
"""Metres between the pupils of an adult: two eyes that look at something as far away as the camera converge by this
over the distance (Dodgson, Variation and extrema of human interpupillary distance, SPIE 2004: mean 63 mm)."""


def prior_rows(
    layout: Layout,
    settings: FitSettings,
    focal: list[float | None],
    params: Float[torch.Tensor, "B P"],
    expression_root: Float[torch.Tensor, "X X"],
    *,
    jaw: Sequence[tuple[float, float] | None],
) -> tuple[Float[torch.Tensor, "B K P"], Float[torch.Tensor, "B K"]]:
    """Rows A and targets t, so that the prior's energy is ``1/2 |A p - t|^2``.

    Args:
        layout: of the parameter vector.
        settings: spreads.
        focal: per portrait, the focal length in pixels from EXIF, or None.
        params: current parameters.
        jaw: per portrait, how far the jaw is seen to be open and how sure that is (`teeth.jaw_opening`), or None.
        expression_root: R, so that the prior energy of the expression's X parameters is ``1/2 |R e|^2``.
    """
    fixed: list[tuple[dict[int, float], float]] = [
        ({LOG_DISTANCE: 1 / settings.distance_spread}, math.log(settings.distance) / settings.distance_spread),
        *(({k: 1 / settings.jaw_side_prior}, 0.0) for k in range(JAW.start + 1, JAW.stop)),
        *(({k: 1 / settings.eye_prior}, 0.0) for k in range(EYES.start, EYES.stop)),
        ({EYES.start: 1 / settings.eye_coupling, EYES.start + 2: -1 / settings.eye_coupling}, 0.0),
        *(({k: 1 / settings.shape_prior}, 0.0) for k in range(layout.shape.start, layout.shape.stop)),
    ]
    expressed = layout.expressions
    matrix = params.new_zeros((len(params), len(fixed) + expressed + 3, layout.size))
    target = params.new_zeros((len(params), len(fixed) + expressed + 3))
    matrix[:, len(fixed) : len(fixed) + expressed, layout.expression] = expression_root
    for row, (entries, value) in enumerate(fixed):
        for column, weight in entries.items():
            matrix[:, row, column] = weight
        target[:, row] = value
    matrix[:, -2, [EYES.start + 1, EYES.start + 3]] = params.new_tensor([1.0, -1.0]) / settings.eye_coupling
    target[:, -2] = -EYE_DISTANCE * (-params[:, LOG_DISTANCE]).exp() / settings.eye_coupling
    for k, (opening, spread) in enumerate(seen or (0.0, settings.jaw_prior) for seen in jaw):
        matrix[k, -3, JAW.start] = 1 / spread
        target[k, -3] = opening / spread
    for k, known in enumerate(focal):
        if known is not None:
            matrix[k, -1, [LOG_DISTANCE, LOG_SCALE]] = 1 / settings.exif_spread
            target[k, -1] = math.log(known) / settings.exif_spread
    return matrix, target
