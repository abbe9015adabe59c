"""Which way hair runs in the photo: the orientation of its strands, by the structure tensor.

Brightness is evened first, so that a highlight's edge does not drown the strands.

Convention: orientations as in `structure_tensor`, in the photo's pixels. Worked number: strands that run straight down
are (-1, 0).
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from ..geometry.sampling import smoothstep
from ..geometry.structure_tensor import orientation
from ..portrait.crop import Pyramid
from ..shapes import Float, Float32, UInt8
from .seen import at_pixels
from .space import HairSpace

_SIDE: Final = 512
"""Pixels of the crop's side. Chosen, as are the constants below, by eye on the sample portraits."""
_FINE: Final = 1.2
"""Pixels, standard deviation of the derivatives."""
_LOCAL: Final = 12.0
"""Pixels over which brightness is evened."""
_AVERAGED: Final = 6.0
"""Pixels over which orientations are averaged."""
_FLAT: Final = 1e-6
"""Squared slope of the evened brightness below which there is no strand: a guard against division by zero."""
_AROUND: Final = 0.012
"""Metres over which straight hair keeps its orientation and curls do not."""
_CURLY: Final = (0.8, 0.6)
"""Of an orientation, how much of it is kept over that, from which hair is straight, and is tight curls. Of 95 portraits
those with curls and waves keep 0.59 to 0.79, straight hair 0.8 and more (one man's, combed back: 0.76)."""
_HAIR: Final = 0.7
"""Share of hair from which a pixel counts."""
_NO_HAIR: Final = 1e-3
"""Guard against division by zero where there is no hair nearby."""


def hair_orientation(space: HairSpace, pixels: UInt8[np.ndarray, "H W 3"]) -> Float32[np.ndarray, "S S 3"]:
    """Orientation of hair in the parsing's crop: (cos 2a, sin 2a) times coherence, and the trust in it; 0 off the hair.

    Args:
        space: the bald head's.
        pixels: the photo.
    """
    parsing = space.parsing
    picture = Pyramid(pixels).sample(parsing.crop, _SIDE, replicate=True)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    share = cv2.resize(parsing.share(*space.names), (_SIDE, _SIDE), interpolation=cv2.INTER_LINEAR)
    hair = (cv2.erode(share, np.ones((5, 5), np.uint8)) > _HAIR).astype(np.float32)
    count = _blur(hair, _LOCAL) + _NO_HAIR
    mean = _blur(grey * hair, _LOCAL) / count
    spread = np.sqrt(_blur((grey - mean) ** 2 * hair, _LOCAL) / count) + 2.0
    even = _blur((grey - mean) / spread, _FINE)
    cosine, sine = orientation(even, _AVERAGED, _FLAT, weight=hair)
    turn = 2 * parsing.crop.angle
    c, s = np.cos(turn), np.sin(turn)
    trust = hair * np.hypot(cosine, sine)
    return np.stack([(c * cosine - s * sine) * hair, (s * cosine + c * sine) * hair, trust], axis=2).astype(np.float32)


def curliness(space: HairSpace, field: Float32[np.ndarray, "S S 3"]) -> float:
    """How curly the seen hair is, 0..1: straight hair keeps its orientation from place to place, curls do not.

    Noise and blur make orientations unclear everywhere; what is kept is told against how clear they are.

    Args:
        space: the bald head's.
        field: of `hair_orientation`.
    """
    hair = field[..., 2] > 0
    if not hair.any():
        return 0.0
    depth = float(-space.to_camera(space.axis)[2])
    sigma = _AROUND * space.camera.focal / depth * len(field) / space.parsing.crop.size
    cosine, sine, clear = (_blur(layer, sigma)[hair] for layer in np.moveaxis(field, 2, 0))
    kept = float(np.hypot(cosine, sine).mean() / max(clear.mean(), _NO_HAIR))
    return float(smoothstep(np.array([kept]), *_CURLY)[0])


def orientation_at(
    space: HairSpace, field: Float32[np.ndarray, "S S 3"], pixels: Float[np.ndarray, "N 2"]
) -> tuple[Float[np.ndarray, "N 2"], Float[np.ndarray, " N"]]:
    """Unit directions (N, 2) of strands at pixels of the photo, of either sign, and the trust (N,) in them, 0..1."""
    cosine, sine, trust = at_pixels(space, field, pixels).T
    angle = np.arctan2(sine, cosine) / 2
    return np.stack([np.cos(angle), np.sin(angle)], axis=1), np.clip(np.hypot(cosine, sine), 0, 1) * (trust > 0)


def _blur(values: np.ndarray, sigma: float) -> Float32[np.ndarray, "S S"]:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), np.float32)
