"""Makes the blink shapes close the lids of the calibrated head: as they come they pass the lower lid by 5 mm.

Each point of the upper lid's edge lands on the calibrated head's own lower lid; what that changes fades over the lids,
and lids stay outside the eyeball.

Convention: metres, the model's frame. Worked number: a fissure 9.5 mm high needs 9.5 mm at the middle of the upper lid.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ...expressions.arkit import ARKIT_52
from ...shapes import Float64
from . import calibration
from .regions import rings_around
from .rig import part_mask
from .rims import gap, rim_halves
from .smooth_filling import fill_smoothly

LID_REACH: Final = 10
"""Rings of vertices around the lids' edges over which a correction fades to nothing."""

CLEARANCE: Final = 0.0004
"""Least distance in metres between a closed lid and the eyeball."""


_LANDING: Final = np.array([0.0, -0.0007, 0.0004])
"""Where the upper lid's edge comes to lie, in metres from the lower lid's: a little below and before it."""


def fit_blinks(space: calibration.IdentitySpace, keys: Float64[np.ndarray, "K V 3"]) -> Float64[np.ndarray, "K V 3"]:
    """Key shapes (K, V, 3), in the template's frame, with blinks that close; the others unchanged."""
    fitted = keys.copy()
    for side, name in (("left", "eyeBlinkLeft"), ("right", "eyeBlinkRight")):
        row = ARKIT_52.index(name)
        fitted[row] = _fit_blink(space, keys[row], side)
    return fitted


def lid_halves(head: Float64[np.ndarray, "V 3"], side: str) -> tuple[np.ndarray, np.ndarray]:
    """Vertices of the lower and of the upper lid's edge, each from the right (-X) to the left corner, both included."""
    return rim_halves(head, f"socket_{side}")


def _fit_blink(space: calibration.IdentitySpace, key: np.ndarray, side: str) -> np.ndarray:
    template = space.template
    lower, upper = lid_halves(template, side)
    rings = rings_around(f"socket_{side}", LID_REACH + 2)
    skin = part_mask("skin")
    fit = calibration.fit_template(template)
    rest = np.flatnonzero(skin & ((rings > LID_REACH) | ((rings < 0) & calibration.outer_skin())))
    known = np.concatenate([rest, lower, upper[1:-1]])

    def spread(values: np.ndarray) -> np.ndarray:
        given = np.concatenate([np.zeros((len(rest) + len(lower), values.shape[1])), values[1:-1]])
        out = fill_smoothly(fit.laplacian, known, np.ones(len(known)), given, 1.0)
        out[~skin] = 0
        return out

    # first scale the upper lid's way to the height it has to cover, then settle what is left
    opened, closed = gap(template, lower, upper), gap(template + key, lower, upper)
    way = np.maximum(opened[:, 1] - closed[:, 1], 0.001)
    key = key * (1 + spread((np.clip((opened[:, 1] - _LANDING[1]) / way, 0.4, 1.2) - 1)[:, None]))
    key = key + spread(_LANDING - gap(template + key, lower, upper))
    head = template + key
    return key + _clear(head, np.flatnonzero((rings >= 0) & (rings <= LID_REACH)), side)


def _clear(head: np.ndarray, ids: np.ndarray, side: str) -> np.ndarray:
    """Offsets (V, 3) that push lid vertices out of the eyeball, along its radius."""
    ball = head[part_mask(f"eye_{side}")]
    centre = (ball.min(0) + ball.max(0)) / 2
    centre[2] = ball[:, 2].min() + (ball[:, 0].max() - ball[:, 0].min()) / 2
    radius = np.linalg.norm(ball - centre, axis=1).max() + CLEARANCE
    arm = head[ids] - centre
    length = np.linalg.norm(arm, axis=1, keepdims=True)
    out = np.zeros_like(head)
    front = arm[:, 2:] > 0
    out[ids] = np.where(front, arm / length * np.maximum(radius - length, 0), 0)
    return out
