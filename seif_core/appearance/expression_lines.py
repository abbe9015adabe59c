"""Folds that the photo's expression makes, taken out of the colours of the head at rest.

A photo that smiles shows folds from nose to mouth and rays beside the eyes, dark, and beside them ridges that catch
light; on the head at rest they read as age and sorrow, and whatever follows the colours (`relief`) cuts them into it.
Where the expression of the fit presses skin together, places darker or lighter than their surroundings that go one way
are taken for such folds and evened, and much darker ones, where folds meet, whichever way they go; brows, beard, lids
and lips keep theirs. Freckles go every way, pores are finer: they stay.

Pressing is told by the principal stretches of the mesh from the head at rest to the photo's expression.

Convention: shares without unit. Worked number: skin of which 10 mm become 8 mm under the expression is pressed by 0.2.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import cv2
import numpy as np

from ..fitting import Fit
from ..geometry.blur import wide_blur
from ..geometry.colour import LUMINANCE
from ..geometry.normals import area_vectors
from ..geometry.principal_stretches import principal_stretches
from ..geometry.sampling import sample, smoothstep
from ..geometry.screened_poisson import ScreenedPoisson
from ..geometry.structure_tensor import orientation
from ..headmodel.model import triangulate
from ..headmodel.topology import PART_NAMES
from ..shapes import Float, Float32, Int
from .atlas import Atlas
from .settings import ExpressionLineSettings

_LITTLE: Final = 1e-3
"""Weight below which a mean is none."""
_FLAT: Final = 1e-9
"""Square of a slope in sRGB lightness a pixel below which a picture goes no way: none of 8 bits has it."""
_REACH: Final = 4.0
"""Standard deviations to which OpenCV's Gaussian of floats reaches (its `getGaussianKernel`)."""
_LEAST_SHARE: Final = 0.01
"""Share of a line below which nothing is done: a step or two of 8 bits at most."""


def expression_share(
    fit: Fit,
    smoother: ScreenedPoisson,
    kept: Float[np.ndarray, " V"],
    settings: ExpressionLineSettings,
) -> Float32[np.ndarray, " V"]:
    """How far lines on each vertex (V,) are the expression's, 0..1.

    Args:
        fit: gives the head at rest and in the photo's expression.
        smoother: of its mesh.
        kept: (V,) in 0..1, where lines are the person's whatever the expression: lids, lips, brows, beard.
        settings: from which pressing on.
    """
    pressed = principal_stretches(fit.neutral, fit.expressed, fit.model.triangles).pressed
    smooth = smoother.solve(pressed[:, None], np.ones(len(pressed)), stiffness=settings.smooth)[:, 0]
    return (smoothstep(smooth, *settings.pressed) * (1 - np.clip(kept, 0, 1))).astype(np.float32)


def even_expression_lines(
    fit: Fit,
    atlas: Atlas,
    colours: Float32[np.ndarray, "N 3"],
    share: Float32[np.ndarray, " V"],
    settings: ExpressionLineSettings,
) -> None:
    """Even lines on the skin by `share`, in place.

    Args:
        fit: gives the head at rest, whose size tells the texels'.
        atlas: the model's texels.
        colours: (N, 3) sRGB 0..1 of the texels; written over.
        share: (V,) how far lines are the expression's (`expression_share`).
        settings: which lines, and how much.
    """
    rows = atlas.touched(share > _LEAST_SHARE)
    near = atlas.spread(share[:, None], rows)[:, 0]
    kept = (near > _LEAST_SHARE) & (atlas.part[rows] == PART_NAMES.index("skin"))
    rows, near = rows[kept], near[kept]
    if not len(rows):
        return
    step = max(1, -(-atlas.size // settings.side))
    pixel = step * _texel(fit, atlas)
    places = np.stack(np.divmod(atlas.texels[rows], np.int32(atlas.size)))
    window = _Window.around(places, atlas.size, step, math.ceil(_REACH * (settings.width + settings.long) / pixel) + 2)
    sure, change = _lines(_small(atlas, colours, window), settings, pixel)
    first, half = np.array([[window.top], [window.left]], np.float32), np.float32(0.5)
    y, x = (places.astype(np.float32) + half) / np.float32(step) - half - first
    evened = settings.strength * near * sample(sure, x, y)
    lines = np.flatnonzero(evened > _LEAST_SHARE)
    if len(lines):
        colours[rows[lines]] += evened[lines, None] * sample(change, x[lines], y[lines])


class _Window(NamedTuple):
    """The piece of the small picture that is looked at: all that the blurs of the changed texels reach.

    Attributes:
        top: its first row, pixels of the small picture.
        left: its first column.
        height: rows.
        width: columns.
        step: texels across a pixel.
    """

    top: int
    left: int
    height: int
    width: int
    step: int

    @staticmethod
    def around(places: Int[np.ndarray, "2 R"], size: int, step: int, margin: int) -> _Window:
        """The window of texels in these rows and columns with a margin in pixels."""
        side = size // step
        low = np.clip(places.min(1) // step - margin, 0, side - 1)
        high = np.clip(places.max(1) // step + 1 + margin, low + 1, side)
        return _Window(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]), step)


def _small(atlas: Atlas, colours: Float32[np.ndarray, "N 3"], window: _Window) -> Float32[np.ndarray, "H W 4"]:
    """The skin's colours times their weight, and the weight, in a window of a picture of fewer pixels."""
    chosen = atlas.skin_grid(window.step)[window.top :, window.left :][: window.height, : window.width]
    picture = np.zeros((*chosen.shape, 4), np.float32)
    shown = chosen >= 0
    picture[shown, :3] = colours[chosen[shown]]
    picture[shown, 3] = 1
    return picture


def _lines(
    picture: Float32[np.ndarray, "H W 4"], s: ExpressionLineSettings, pixel: float
) -> tuple[Float32[np.ndarray, "H W"], Float32[np.ndarray, "H W 3"]]:
    """How surely each pixel is darker or lighter than its surroundings, 0..1, and what it lacks of their colour.

    Args:
        picture: colours times weight, and weight.
        s: settings.
        pixel: metres across one pixel.
    """
    wide = wide_blur(picture, s.width / pixel)
    fine = cv2.GaussianBlur(picture, (0, 0), s.soft / pixel)
    around, own = (image[..., :3] / np.maximum(image[..., 3:], _LITTLE) for image in (wide, fine))
    change = (around - own) * (picture[..., 3:] > _LITTLE)
    apart = change @ LUMINANCE.astype(np.float32)
    line = np.maximum(
        smoothstep(np.hypot(*orientation(apart, s.long / pixel, _FLAT)), *s.along), smoothstep(apart, *s.deep)
    )
    sure = line * apart**2 / (apart**2 + s.least**2)
    return sure.astype(np.float32), change.astype(np.float32)


def _texel(fit: Fit, atlas: Atlas) -> float:
    """Metres across a texel, in the mean over the head."""
    model = fit.model
    area = np.linalg.norm(area_vectors(fit.neutral.astype(np.float64), model.triangles), axis=1).sum()
    uv = model.uvs.astype(np.float64)[triangulate(model.uv_faces)[0]]
    (u1, v1), (u2, v2) = (uv[:, 1] - uv[:, 0]).T, (uv[:, 2] - uv[:, 0]).T
    return float(np.sqrt(area / np.abs(u1 * v2 - u2 * v1).sum())) / atlas.size
