"""Blinks that close this head's eyes: the lids of one person travel farther than those of another.

A head model's blink carries the lids as far as its author's head needed. On a head with a narrower eye the upper lid
would sink into the lower one, on a wider eye a slit would stay open. Each blink is scaled so that the lids just meet.

Convention: gaps are measured along +Y (up), metres. Worked number: an eye open by 8 mm whose lids travel 12 mm towards
each other at weight 1 gets the factor (8 + 0.3) / 12 = 0.69.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..headmodel import HeadModel
from ..shapes import Float32

LID_PAIRS: Final = {"eyeBlinkLeft": ((43, 47), (44, 46)), "eyeBlinkRight": ((37, 41), (38, 40))}
"""Upper and lower lid landmarks of iBUG-68 for each blink (https://ibug.doc.ic.ac.uk/resources/300-W); left is the
subject's left."""

OVERLAP: Final = 0.0003
"""Metres by which closed lids overlap, so that no slit shows between two vertices."""

LIMITS: Final = (0.4, 1.6)
"""Factors are kept inside: what lies outside tells of a strange model, not of a strange eye."""


def blink_factors(model: HeadModel, neutral: Float32[np.ndarray, "V 3"]) -> Float32[np.ndarray, " K"]:
    """By how much to scale each key of `model` on the head `neutral`; 1 for all keys but the blinks.

    Args:
        model: the head model; one without iBUG-68 landmarks or without blinks gets ones.
        neutral: (V, 3) metres, the shaped neutral head.
    """
    factors = np.ones(len(model.key_names), np.float32)
    embedding = model.embeddings.get("ibug68")
    for name, pairs in LID_PAIRS.items():
        if embedding is None or name not in model.key_names:
            continue
        key = model.key_names.index(name)
        upper, lower = np.array(pairs).T
        still = embedding.points(neutral)[:, 1]
        moved = embedding.points(model.key_basis[key])[:, 1]
        gap, travel = still[upper] - still[lower], moved[lower] - moved[upper]
        if (gap > 0).all() and (travel > 0.25 * gap).all():
            factors[key] = np.clip(np.max((gap + OVERLAP) / travel), *LIMITS)
    return factors
