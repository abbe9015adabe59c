"""Which way a picture's lines run: the structure tensor.

Source: Bigun and Granlund, Optimal orientation detection of linear symmetry, ICCV 1987; coherence as in Weickert,
Coherence-enhancing diffusion filtering, IJCV 1999.

Convention: orientations have no sign, so they are kept as (cos 2a, sin 2a) times their coherence, a the angle in the
picture's pixels from x (right) to y (down). Worked number: lines that run straight down have a = 90 degrees and are
(-1, 0).
"""

from __future__ import annotations

import cv2
import numpy as np

from ..shapes import Float32


def orientation(
    picture: Float32[np.ndarray, "H W"], width: float, least: float, *, weight: Float32[np.ndarray, "H W"] | None = None
) -> tuple[Float32[np.ndarray, "H W"], Float32[np.ndarray, "H W"]]:
    """The orientation of lines around each pixel.

    Args:
        picture: brightness.
        width: standard deviation of the surroundings, pixels.
        least: squared slope below which a picture is flat, and its orientation none.
        weight: how much each pixel counts; None for all alike.

    Returns:
        cos 2a and sin 2a, each (H, W) and times the coherence: 0 where no direction prevails, 1 along straight lines.
    """
    x, y = (cv2.Sobel(picture, cv2.CV_32F, *way, ksize=3) for way in ((1, 0), (0, 1)))
    products = (x * x, y * y, x * y)
    products = products if weight is None else tuple(product * weight for product in products)
    xx, yy, xy = (cv2.GaussianBlur(product, (0, 0), width) for product in products)
    energy = np.maximum(xx + yy, np.float32(least))
    # the gradient's double angle, turned by 90 degrees: lines run across it
    return (yy - xx) / energy, -2 * xy / energy
