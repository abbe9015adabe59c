"""The guided filter: values that follow the edges of a picture.

Source: He, Sun and Tang, "Guided Image Filtering", ECCV 2010, https://doi.org/10.1007/978-3-642-15549-9_1.
Convention: guide in 0..1. Worked number: where a guide is flat, the filter is a box filter of values.
"""

from __future__ import annotations

import cv2
import numpy as np

from ..shapes import Float32


class Guide:
    """A picture whose edges values follow; what depends on it alone is worked out once.

    Args:
        picture: (H, W, 3) float32 in 0..1.
        radius: of the box window in pixels.
        epsilon: how much variance of the picture counts as flat.
    """

    def __init__(self, picture: Float32[np.ndarray, "H W 3"], radius: int, epsilon: float) -> None:
        self._side = 2 * radius + 1
        self._channels = tuple(np.ascontiguousarray(picture[..., k]) for k in range(3))
        self._means = tuple(self._mean(channel) for channel in self._channels)
        (r, g, b), (mr, mg, mb) = self._channels, self._means
        rr, gg, bb = (self._mean(c * c) - m * m + epsilon for c, m in ((r, mr), (g, mg), (b, mb)))
        rg, rb, gb = self._mean(r * g) - mr * mg, self._mean(r * b) - mr * mb, self._mean(g * b) - mg * mb
        # the symmetric 3 x 3 systems' inverses by Cramer's rule
        i00, i01, i02 = gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg
        i11, i12, i22 = rr * bb - rb * rb, rg * rb - rr * gb, rr * gg - rg * rg
        determinant = rr * i00 + rg * i01 + rb * i02
        rows = ((i00, i01, i02), (i01, i11, i12), (i02, i12, i22))
        self._inverse = [[part / determinant for part in row] for row in rows]

    def lines(self, values: Float32[np.ndarray, "H W"]) -> Float32[np.ndarray, "H W 4"]:
        """Near each pixel, the line in colour that explains `values` best.

        Returns:
            (H, W, 4) float32: slopes for red, green and blue, and the offset; see `apply_lines`.
        """
        level = self._mean(values)
        along = [self._mean(c * values) - m * level for c, m in zip(self._channels, self._means, strict=True)]
        slopes = [row[0] * along[0] + row[1] * along[1] + row[2] * along[2] for row in self._inverse]
        offset = level
        for slope, mean in zip(slopes, self._means, strict=True):
            offset = offset - slope * mean
        return np.dstack([self._mean(part) for part in (*slopes, offset)])

    def _mean(self, image: Float32[np.ndarray, "H W"]) -> Float32[np.ndarray, "H W"]:
        side = (self._side, self._side)
        return np.asarray(cv2.boxFilter(image, -1, side, borderType=cv2.BORDER_REFLECT), dtype=np.float32)


def guided_lines(
    guide: Float32[np.ndarray, "H W 3"], values: Float32[np.ndarray, "H W"], radius: int, epsilon: float
) -> Float32[np.ndarray, "H W 4"]:
    """`Guide.lines` of a picture that only one map of values follows."""
    return Guide(guide, radius, epsilon).lines(values)


def apply_lines(lines: Float32[np.ndarray, "H W 4"], guide: Float32[np.ndarray, "H W 3"]) -> Float32[np.ndarray, "H W"]:
    """What the lines of a `Guide` give for these colours (0..1); zero where the lines are zero."""
    return np.einsum("hwc,hwc->hw", lines[..., :3], guide) + lines[..., 3]
