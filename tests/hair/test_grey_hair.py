"""Grey hair keeps its light and dark places."""

from __future__ import annotations

import numpy as np
import pytest

from seif_core.geometry.colour import decode
from seif_core.hair.shell_texture import greyness


@pytest.mark.parametrize(
    ("colour", "grey"),
    [((0.80, 0.79, 0.76), 1), ((0.36, 0.34, 0.32), 1), ((0.10, 0.08, 0.07), 0), ((0.62, 0.45, 0.25), 0)],
)
def test_grey_and_white_hair_is_told_from_black_and_blond(colour, grey):
    """White temples beside dark hair were taken for gloss, and half of the difference was taken out."""
    linear = decode(np.rint(np.array(colour) * 255).astype(np.uint8).reshape(1, 1, 3))[0, 0]
    assert greyness(linear.astype(np.float64)) == pytest.approx(grey, abs=0.15)
