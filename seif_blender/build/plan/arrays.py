"""From numpy's arrays to the standard library's, which Blender takes as they are."""

from __future__ import annotations

from array import array

import numpy as np


def floats(values: np.ndarray) -> array:
    """All values, row by row, as 32-bit floats."""
    return array("f", np.ascontiguousarray(values, dtype=np.float32).tobytes())


def integers(values: np.ndarray) -> array:
    """All values, row by row, as 32-bit integers."""
    return array("i", np.ascontiguousarray(values, dtype=np.int32).tobytes())
