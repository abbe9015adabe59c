"""The guided filter: values that follow the edges of a picture.

Source: He, Sun and Tang, "Guided Image Filtering", ECCV 2010, https://doi.org/10.1007/978-3-642-15549-9_1.
Convention: guide in 0..1. Worked number: where a guide is flat, the filter is a box filter of values.
"""

from __future__ import annotations

import cv2
import numpy as np

from ..shapes import Float32


def guided_lines(
    guide: Float32[np.ndarray, "H W 3"], values: Float32[np.ndarray, "H W"], radius: int, epsilon: float
) -> Float32[np.ndarray, "H W 4"]:
    """Colour guided filter: near each pixel, the line in colour that explains `values` best.

    Args:
        guide: (H, W, 3) float32 in 0..1.
        values: (H, W) float32.
        radius: of the box window in pixels.
        epsilon: how much variance of the guide counts as flat.

    Returns:
        (H, W, 4) float32: slopes for red, green and blue, and the offset; see `apply_lines`.
    """

    def mean(image: np.ndarray) -> np.ndarray:
        side = 2 * radius + 1
        return np.asarray(cv2.boxFilter(image, -1, (side, side), borderType=cv2.BORDER_REFLECT), dtype=np.float32)

    r, g, b = (np.ascontiguousarray(guide[..., k]) for k in range(3))
    mr, mg, mb, level = mean(r), mean(g), mean(b), mean(values)
    rr, gg, bb = (mean(c * c) - m * m + epsilon for c, m in ((r, mr), (g, mg), (b, mb)))
    rg, rb, gb = mean(r * g) - mr * mg, mean(r * b) - mr * mb, mean(g * b) - mg * mb
    cr, cg, cb = (mean(c * values) - m * level for c, m in ((r, mr), (g, mg), (b, mb)))
    # the symmetric 3 x 3 systems solved by Cramer's rule
    i00, i01, i02 = gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg
    i11, i12, i22 = rr * bb - rb * rb, rg * rb - rr * gb, rr * gg - rg * rg
    determinant = rr * i00 + rg * i01 + rb * i02
    ar = (i00 * cr + i01 * cg + i02 * cb) / determinant
    ag = (i01 * cr + i11 * cg + i12 * cb) / determinant
    ab = (i02 * cr + i12 * cg + i22 * cb) / determinant
    offset = level - ar * mr - ag * mg - ab * mb
    return np.dstack([mean(ar), mean(ag), mean(ab), mean(offset)])


def apply_lines(lines: Float32[np.ndarray, "H W 4"], guide: Float32[np.ndarray, "H W 3"]) -> Float32[np.ndarray, "H W"]:
    """What the lines of `guided_lines` give for these colours (0..1); zero where the lines are zero."""
    return np.einsum("hwc,hwc->hw", lines[..., :3], guide) + lines[..., 3]
