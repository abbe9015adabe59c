"""What a head loses in a file for an engine, in sentences: nothing is left out silently."""

from __future__ import annotations

import numpy as np

from ..expression_choice import ExpressionChoice
from ..head import Head
from .gltf_skin import four_influences

_VISIBLE = 1e-3
"""Share of a vertex's weight beyond which a fifth joint is told."""


def losses_of(head: Head, choice: ExpressionChoice, hair: str) -> list[str]:
    """Sentences on what a file of morph targets and bones does not carry.

    Args:
        head: the head.
        choice: the expression sets that it is written with.
        hair: ``shell``, ``cards`` or ``none``.
    """
    found = []
    if head.combinations is not None and len(head.combinations.pairs) and "combinations" not in choice.sets:
        found.append(
            f"{len(head.combinations.pairs)} corrections of pairs of keys are left out, for engines add keys up; "
            "with --expressions arkit,combinations they become keys, weighted by the product of their pair's "
            "(mouthClose_over_jawOpen by what mouthClose is more than jawOpen)."
        )
    if np.abs(head.pose_deltas).max(initial=0) > 0:
        found.append("Corrections that follow the turns of neck, jaw and eyes are left out; Blender drives them.")
    if len(head.expression_deltas) and "flame" not in choice.sets:
        found.append(
            f"{len(head.expression_deltas)} components of the head model's expression are left out; "
            "--expressions arkit,flame makes keys of them."
        )
    if head.hair is not None and hair == "none":
        found.append("The hair layer is left out.")
    if head.hair is not None and head.hair.guides is not None:
        found.append(f"{len(head.hair.guides.points)} strands are left out; hair is the {hair}.")
    if head.texture_light is not None:
        found.append("The photo's own light is left out; the texture is evenly lit.")
    joints, weights = four_influences(head.skin_weights)
    kept = np.zeros(head.skin_weights.shape)
    np.add.at(kept, (np.arange(len(kept))[:, None], joints), weights)
    changed = int((np.abs(kept - head.skin_weights).max(axis=1) > _VISIBLE).sum())
    if changed:
        found.append(f"{changed} vertices have more than four joints; the weakest is left out.")
    return found
