"""How the face mesh answers to movements: what a landmark moves by is not what the skin under it moves by.

The network shrinks some movements, spreads others, and has a mean face's habits. On heads made here, drawn with one key
after the other, it was measured (`tools/measure_landmark_response.py`): true movements of the landmarks, and those that
it saw. The answer to any other movement is told by ridge regression on those, so that it holds for other keys and heads
too. Left out one head after the other, the landmarks' error falls from 1.4 mm to 0.7 mm (root of the mean square).

Convention: metres, head upright, x to the subject's left, y up; the depth is left as it is. Worked number: ``jawOpen``
at 0.7 moves the chin down by about 25 mm, of which the face mesh shows about 17 mm.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

from ..array_files import ArrayFileError, read_arrays
from ..errors import ModelError
from ..headmodel.landmark_schemes import MEDIAPIPE
from ..portrait.mesh_topology import MIRROR
from ..resources import vendor_path
from ..shapes import Float

_RIDGE: Final = 0.03
"""Share of the mean square of a measured movement; from 0.003 to 0.1 the figure above changes by 0.02 mm."""


def seen_movements(keys: Float[np.ndarray, "K L 3"], rows: Float[np.ndarray, " M"] | list[int]) -> np.ndarray:
    """What the face mesh shows of movements (K, L, 3) of its landmarks, metres.

    Args:
        keys: true movements.
        rows: landmarks by which a movement is told from others; the others are answered for as well.

    Raises:
        ModelError: the shipped measurements are missing or damaged.
    """
    true, seen = _measured()
    chosen = np.asarray(rows, int)
    known = true[:, chosen].reshape(len(true), -1)
    gram = known @ known.T
    gram += _RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram))
    shares = np.linalg.solve(gram, known @ keys[:, chosen, :2].reshape(len(keys), -1).T)
    out = keys.copy()
    out[..., :2] += np.tensordot(shares.T, seen - true, 1)
    irises = list(MEDIAPIPE.iris_points)
    out[:, irises] = keys[:, irises]  # seen by a network of their own
    return out


@cache
def _measured() -> tuple[Float[np.ndarray, "N L 2"], Float[np.ndarray, "N L 2"]]:
    """True and seen movements, with their mirror images."""
    path = vendor_path("capture", "landmark_response.npz")
    try:
        arrays = read_arrays(path, ("true", "seen"))
        true, seen = (_with_mirrored(arrays[name].astype(np.float64)) for name in ("true", "seen"))
    except (OSError, ArrayFileError, KeyError, IndexError) as error:
        raise ModelError(f"{path.name} is damaged ({error}); install the add-on or package again.") from error
    return true, seen


def _with_mirrored(moved: Float[np.ndarray, "N L 2"]) -> Float[np.ndarray, "M L 2"]:
    first = MEDIAPIPE.iris_points[0]
    half = len(MEDIAPIPE.iris_points) // 2
    other = np.concatenate([MIRROR, np.arange(first + half, first + 2 * half), np.arange(first, first + half)])
    return np.concatenate([moved, moved[:, other] * np.array([-1.0, 1.0])])
