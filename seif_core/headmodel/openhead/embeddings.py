"""Landmark embeddings of the Open head: those of the calibration if it made any, else none usable.

The file `landmarks.npz` beside this module holds them as triples of head vertices with weights.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from ...errors import ModelError
from ...shapes import Float64
from ..model import LandmarkEmbedding
from .selection import head_selection

LANDMARKS_FILE: Final = Path(__file__).with_name("landmarks.npz")
"""Written by the landmark calibration: for each set NAME the arrays NAME_vertex_ids, NAME_weights, NAME_sigma."""

SET_SIZES: Final = {"ibug68": 68, "mediapipe478": 478}

_IBUG68: Final = {
    # nose bridge and tip, right and left eye corners, mouth corners and middle, chin: metres on the macro mean
    8: (0.0, -0.088, 0.035),
    27: (0.0, 0.022, 0.045),
    28: (0.0, 0.011, 0.052),
    29: (0.0, 0.0, 0.060),
    30: (0.0, -0.013, 0.067),
    33: (0.0, -0.026, 0.055),
    36: (-0.045, 0.023, 0.03),
    39: (-0.016, 0.021, 0.035),
    42: (0.016, 0.021, 0.035),
    45: (0.045, 0.023, 0.03),
    48: (-0.024, -0.049, 0.045),
    51: (0.0, -0.044, 0.058),
    54: (0.024, -0.049, 0.045),
    57: (0.0, -0.060, 0.055),
}
"""Rough places of iBUG-68 landmarks, used only until `LANDMARKS_FILE` exists."""


def landmark_embeddings(template: Float64[np.ndarray, "V 3"]) -> dict[str, LandmarkEmbedding]:
    """Embeddings by set name, from `LANDMARKS_FILE`, else the nearest vertices to rough places.

    Raises:
        ModelError: the file is damaged.
    """
    if not LANDMARKS_FILE.exists():
        return _rough(template)
    try:
        with np.load(LANDMARKS_FILE, allow_pickle=False) as data:
            return {
                name: LandmarkEmbedding(
                    data[f"{name}_vertex_ids"].astype(np.int32),
                    data[f"{name}_weights"].astype(np.float32),
                    data[f"{name}_sigma"].astype(np.float32),
                )
                for name in SET_SIZES
            }
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"The landmark file {LANDMARKS_FILE.name} cannot be read ({error}); make it again.") from error


def _rough(template: np.ndarray) -> dict[str, LandmarkEmbedding]:
    skin = head_selection().skin_count
    sets = {}
    for name, size in SET_SIZES.items():
        ids = np.tile(np.arange(3, dtype=np.int32), (size, 1))
        weights = np.tile(np.array([1, 0, 0], dtype=np.float32), (size, 1))
        sigma = np.zeros(size, dtype=np.float32)
        if name == "ibug68":
            for landmark, place in _IBUG68.items():
                ids[landmark, 0] = np.linalg.norm(template[:skin] - place, axis=1).argmin()
                sigma[landmark] = 0.004
        sets[name] = LandmarkEmbedding(ids, weights, sigma)
    return sets
