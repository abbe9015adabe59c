"""Fine lightness of hair where the photo shows none of it: strands that run from the crown down, without a seam.

A strand is a place in a periodic table of noise, looked up by the angle around the crown and bent a little on its way
down. Nothing here is random between runs.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of
from ..shapes import Float, Float32

_TABLE: Final = 8192
"""Entries of the table of noise around the head: 0.08 mm of hair each on a usual head."""
_WAVES: Final = ((1, 3.1, 0.020), (3, 5.3, 0.008), (7, 9.7, 0.003))
"""Waves that bend strands: how many around, how many down, size in turns. Chosen by eye, as are the constants below."""
_TILT: Final = 0.5
"""Radians behind straight up at which the crown's whorl lies."""
_CENTRE: Final = (0.0, 0.4, -1.25)
"""Middle of the skull, in eye distances from the middle between the eyes."""
_CROSSING: Final = 0.6
"""How far the second layer of strands is bent against the first."""
_LAYERS: Final = (0.8, 0.6)
"""Strength of the two layers; their squares sum to 1, so that the whole has a standard deviation of about 1."""
_WHORL: Final = (0.3, 1.0)
"""Eye distances from the whorl: strands meet there and blur to the first share of their strength."""
_FINEST: Final = 900.0
"""Waves around the head at which noise has fallen to 1 / e: strands of about 0.7 mm."""
_COARSEST: Final = 20
"""Waves around the head up to which there is no noise: the low band has those."""


def strands(model: HeadModel, place: Float[np.ndarray, "N 3"]) -> Float32[np.ndarray, " N"]:
    """Lightness of hair at places on the template (N, 3), mean 0, standard deviation about 1."""
    anatomy = anatomy_of(model)
    eyes, unit = anatomy.eyes, anatomy.eye_distance
    centre = eyes.mean(0) + np.array(_CENTRE) * unit
    x, y, z = (place - centre).T
    y, z = np.cos(_TILT) * y - np.sin(_TILT) * z, np.sin(_TILT) * y + np.cos(_TILT) * z
    turn = np.arctan2(x, z) / (2 * np.pi)
    down = np.arctan2(np.hypot(x, z), y)
    bent = turn.copy()
    for around, along, size in _WAVES:
        bent += size * np.sin(2 * np.pi * around * turn + along * down)
    table = _noise()
    crossing = _CROSSING * (bent - turn) - turn
    spread = np.clip(np.hypot(x, z) / unit, *_WHORL)
    return ((_LAYERS[0] * _look_up(table, bent) + _LAYERS[1] * _look_up(table, crossing)) * spread).astype(np.float32)


def _look_up(table: np.ndarray, turns: np.ndarray) -> np.ndarray:
    return np.interp(turns * _TABLE, np.arange(_TABLE), table, period=_TABLE)


def _noise() -> Float[np.ndarray, " T"]:
    """Periodic noise of strands a few entries wide, mean 0, standard deviation 1."""
    spectrum = np.fft.rfft(np.random.default_rng(7).normal(size=_TABLE))
    frequency = np.arange(len(spectrum))
    spectrum *= np.exp(-((frequency / _FINEST) ** 2)) * (frequency > _COARSEST)
    noise = np.fft.irfft(spectrum, _TABLE)
    return noise / noise.std()
