"""Colour and fine relief of synthetic skin, hair, brows, eyes, cloth: what a point of the surface looks like.

Convention: linear RGB; relief is the gradient of a height field in model space, metres per metre.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch

from ...shapes import Float
from .noise import NoiseField
from .randomness import Randomness

BEARD, EYE, PART, HAIR, CLOTH, STREAK, SQUEEZE, TOLD, FIELDS = 2, 5, 6, 7, 8, 9, 10, 11, 15
"""Columns of the fields of a mesh: lips, brows, beard, flush, scalp, then these; `FIELDS` is how many. `SQUEEZE` is how
much the expression shortens the skin; at `TOLD` stands 1 where a scan tells the colour, which follows in three more."""


class Appearance(NamedTuple):
    """What N points look like.

    Attributes:
        albedo: (N, 3) linear RGB.
        relief: (N, 3) gradient of the fine relief.
        gloss: (N,) strength of highlights.
    """

    albedo: Float[torch.Tensor, "N 3"]
    relief: Float[torch.Tensor, "N 3"]
    gloss: Float[torch.Tensor, " N"]


def appearance(
    home: Float[torch.Tensor, "N 3"], fields: Float[torch.Tensor, "N F"], beard: float, draw: Randomness
) -> Appearance:
    """Draw skin tone, freckles, make-up, stubble, hair colour, cloth and give each point its own.

    Args:
        home: place on the template (skin) or in the mesh at rest (hair, cloth), metres.
        fields: see `FIELDS`.
        beard: length of the beard, metres, 0 for none.
        draw: randomness.
    """
    g = draw.generator
    lips, brows, beard_area, flush, scalp, eye, part, hair, cloth, streak, squeeze, told, scanned = fields.split(
        [1] * TOLD + [1, 3], 1
    )
    plain = (hair < 0.5) & (cloth < 0.5)
    tone = _SKIN_DARK + (_SKIN_LIGHT - _SKIN_DARK) * draw.uniform(0, 1) ** 0.9
    tone = tone.to(home.device) * (1 + 0.12 * draw.normal(3))
    hair_colour = _HAIR[draw.index(len(_HAIR))].to(home.device) * (1 + 0.2 * draw.normal(3))
    hair_colour = hair_colour.clamp(0.005, 1)
    mottle = NoiseField(0.03, 4, g)(home)[:, None]
    freckle = (NoiseField(0.004, 2, g)(home)[:, None] - draw.uniform(0.4, 1.5)).clamp(min=0)
    colour = tone * (1 + 0.08 * mottle - 0.35 * freckle.clamp(max=1))
    red = torch.tensor([0.06, -0.06, -0.05], device=home.device) * tone[:1]
    colour = colour + red * flush * draw.uniform(0, 2.5)
    lip = tone * torch.tensor([0.95, 0.55, 0.6], device=home.device) * draw.uniform(0.6, 1.2)
    if draw.chance(0.15):  # make-up
        lip = torch.tensor([0.5, 0.05, 0.08], device=home.device) * draw.uniform(0.5, 1.3)
    colour = colour + (lip - colour) * lips * draw.uniform(0.4, 1)
    strands = 0.75 + 0.5 * NoiseField(0.003, 2, g)(home)[:, None]
    brow = (brows * draw.uniform(0.6, 1.3) * strands).clamp(0, 0.95)
    stubble = beard_area * (0.9 if beard else draw.uniform(-0.6, 0.45))
    cropped = scalp * draw.uniform(-0.5, 0.8)
    grown = torch.maximum(brow, torch.maximum(stubble, cropped).clamp(0, 0.9) * (0.6 + 0.4 * strands).clamp(0, 1))
    colour = colour + (hair_colour * strands - colour) * grown
    shade = draw.uniform(0.1, 0.5)
    colour = torch.where(hair > 0.5, hair_colour * (1 + shade * streak + 0.15 * (strands - 0.75)), colour)
    dyed = torch.tensor([draw.uniform(0, 1) ** 2 for _ in range(3)], device=home.device) * 0.8 + 0.02
    pattern = 1 + draw.uniform(0, 0.5) * NoiseField(draw.uniform(0.005, 0.05), 1, g)(home)[:, None]
    colour = torch.where(cloth > 0.5, dyed * pattern, colour)
    colour = _eyes_and_mouth(colour, eye, part, draw)
    colour = torch.where(told > 0.5, scanned, colour)
    pores = NoiseField(0.0025, 2, g).gradient(home) * draw.uniform(0, 0.00012)
    folds = NoiseField(0.012, 3, g).gradient(home) * draw.uniform(0, 0.0003)
    rough = NoiseField(0.004, 2, g).gradient(home) * 0.0006 * (brow + (stubble.clamp(min=0) if beard else 0))
    # wrinkles: across the forehead level, elsewhere as they come, deep where the expression squeezes the skin
    grain = home.new_tensor([0.35, 1.0, 0.6]) if draw.chance(0.6) else home.new_tensor([1.0, 0.6, 0.6])
    age = draw.uniform(0, 1) ** 2
    wrinkles = NoiseField(0.009, 2, g).gradient(home * grain) * grain * (0.0002 * age + 0.002 * squeeze)
    weave = NoiseField(0.02, 2, g).gradient(home) * draw.uniform(0, 0.003) * (cloth > 0.5)
    relief = (pores + folds + wrinkles) * plain * (eye > 3.1) + rough * plain + weave
    gloss = (1 - 0.5 * hair.clamp(0, 1) - 0.9 * cloth.clamp(0, 1) + 1.5 * (eye < 3.1)).squeeze(1)
    return Appearance(colour.clamp(0.003, 1), relief, gloss)


def _eyes_and_mouth(colour: torch.Tensor, eye: torch.Tensor, part: torch.Tensor, draw: Randomness) -> torch.Tensor:
    device = colour.device
    iris = _IRIS[draw.index(len(_IRIS))].to(device) * draw.uniform(0.6, 1.4)
    white = torch.tensor([0.62, 0.58, 0.55], device=device)
    edge = ((0.5 - eye) / 0.05).clamp(0, 1)
    pupil = ((draw.uniform(0.15, 0.25) - eye) / 0.04).clamp(0, 1)
    ball = (white + (iris - white) * edge) * (1 - pupil)
    colour = torch.where(eye < math.pi - 0.04, ball, colour)
    for index, value in ((3, [0.6, 0.55, 0.45]), (4, [0.6, 0.55, 0.45]), (5, [0.4, 0.15, 0.14]), (6, [0.02] * 3)):
        colour = torch.where(part.round() == index, torch.tensor(value, device=device), colour)
    return colour


_SKIN_DARK = torch.tensor([0.055, 0.028, 0.018])
_SKIN_LIGHT = torch.tensor([0.72, 0.48, 0.38])
_HAIR = (
    torch.tensor([0.008, 0.007, 0.006]),
    torch.tensor([0.02, 0.012, 0.008]),
    torch.tensor([0.06, 0.03, 0.015]),
    torch.tensor([0.13, 0.07, 0.03]),
    torch.tensor([0.4, 0.25, 0.1]),
    torch.tensor([0.28, 0.09, 0.03]),
    torch.tensor([0.35, 0.34, 0.33]),
    torch.tensor([0.7, 0.68, 0.65]),
)
_IRIS = (
    torch.tensor([0.05, 0.025, 0.012]),
    torch.tensor([0.13, 0.07, 0.03]),
    torch.tensor([0.12, 0.2, 0.3]),
    torch.tensor([0.14, 0.18, 0.1]),
)
