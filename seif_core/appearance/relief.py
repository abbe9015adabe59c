"""Relief finer than the mesh, as a normal map in its texture coordinates, and as heights that say the same.

Where the photo shows skin, the normal network's map says which way it faces; what the mesh, posed as in the photo,
leaves of that stands in the map. Wrinkles and pores come from the texture: what is darker than its surroundings lies
deeper (Beeler et al., High-quality single-shot capture of facial geometry, SIGGRAPH 2010, section 5, the mesoscopic
augmentation). So do brows, the lips' line, folds and beards, as a sculptor cuts them: by those a face in clay is known.

Convention: (n + 1) / 2 in tangent space as OpenGL, glTF and Blender read it: red along growing u, green along growing
v, blue along the mesh's smooth normal; row 0 is at v = 1. Worked number: where the mesh says all there is to say the
texel is (128, 128, 255); skin that leans by 30 degrees towards growing u is (191, 128, 238).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

import cv2
import numpy as np

from ..fitting import Fit
from ..fitting.roll import turn_about_axis
from ..geometry.blur import wide_blur
from ..geometry.colour import LUMINANCE
from ..geometry.normals import unit
from ..geometry.sampling import sample, smoothstep
from ..geometry.tangents import tangent_frame, to_tangent_space
from ..headmodel.model import triangulate
from ..shapes import Bool, Float, Float32, Int, UInt8
from .atlas import Atlas
from .displacement import heights_of_slopes
from .projection import Projected
from .settings import ReliefSettings

if TYPE_CHECKING:
    from ..implicit.view import HeadView

FLAT: Final = (128, 128, 255)
"""The texel that adds nothing."""
_WHOLE: Final = (0.7, 0.95)
"""Length of an interpolated normal from which it lies in the network's map, not at all and wholly."""
_PART: Final = 1 << 17
"""Pixels that are coded at once: what is on the way takes a hundred bytes each."""
_LITTLE: Final = 1e-3
"""Weight below which a mean is none."""
_WITHIN: Final = (0.5, 0.95)
"""Mean weight around a pixel from which it lies inside what is seen: at a straight edge it is a half."""
_SOFT: Final = 0.7
"""Pixels of the Gaussian that takes a photo's noise, and blocks, out of pores."""
_RIM: Final = 5
"""Pixels across the square around a pixel that must be skin for pores to be told there."""


@dataclass(frozen=True, eq=False)
class PhotoNormals:
    """The network's normal map.

    Attributes:
        normals: (S, S, 3) float32 unit normals of the view's upright square, camera space, 0 outside the head.
        view: the square in the photo.
    """

    normals: Float32[np.ndarray, "S S 3"]
    view: HeadView

    def at(self, place: Float[np.ndarray, "N 2"]) -> Float32[np.ndarray, "N 3"]:
        """Normals (N, 3) at pixels of the photo, camera space of the photo; shorter than 1 near the map's outline."""
        size = self.normals.shape[0]
        square = self.view.crop.from_photo(place.astype(np.float64)) * size - 0.5
        u, v = (np.ascontiguousarray(square[:, k], np.float32) for k in (0, 1))
        inside = (u > 0) & (v > 0) & (u < size - 1) & (v < size - 1)
        found = sample(self.normals, u, v).astype(np.float32) * inside[:, None]
        return np.asarray(turn_about_axis(found, self.view.roll), np.float32)


@dataclass(frozen=True, eq=False)
class ReliefChart:
    """The pixels of a map of M by M that show skin, R of them, and what the photo says there.

    Attributes:
        side: M.
        step: texels of the atlas for a pixel of the map.
        skin: (R,) flat indices of the pixels.
        rows: (R,) their texels in the atlas.
        trust: (R,) float32 in 0..1, how well the photo shows the skin there.
        bare: (R,) float32 in 0..1, where nothing grows or covers, so that colours tell depth.
        face: (R,) float32 in 0..1, how well the photo shows skin, or brows or beard on it.
        place: (V, 2) where the photo shows each vertex, pixels.
    """

    side: int
    step: int
    skin: Int[np.ndarray, " R"]
    rows: Int[np.ndarray, " R"]
    trust: Float32[np.ndarray, " R"]
    bare: Float32[np.ndarray, " R"]
    face: Float32[np.ndarray, " R"]
    place: Float[np.ndarray, "V 2"]

    @staticmethod
    def of(atlas: Atlas, texels: Projected, settings: ReliefSettings) -> ReliefChart:
        """Take what relief needs of the texels, which are many more.

        Args:
            atlas: the model's texels.
            texels: what the photo says of them.
            settings: gives the map's side.
        """
        step = max(1, -(-atlas.size // settings.side))
        grid = atlas.skin_grid(step)
        skin = np.flatnonzero(grid.ravel() >= 0)
        rows = grid.ravel()[skin]
        trust, growth = texels.trust[rows], np.clip(texels.growth[rows], 0, 1)
        clear = 1 - np.clip(np.maximum(texels.scalp[rows], texels.covered[rows]), 0, 1)
        bare = np.minimum(clear, 1 - growth)
        return ReliefChart(
            grid.shape[0], step, skin, rows, trust, bare, np.maximum(trust, growth) * clear, texels.place
        )

    @cached_property
    def inner(self) -> Bool[np.ndarray, " R"]:
        """Where all pixels around are skin too (R,), so that differences tell slopes."""
        shown = np.zeros(self.side * self.side, np.uint8)
        shown[self.skin] = 1
        within = cv2.erode(shown.reshape(self.side, self.side), np.ones((_RIM, _RIM), np.uint8))
        return within.ravel()[self.skin] > 0

    def picture(self, values: Float32[np.ndarray, "R C"]) -> Float32[np.ndarray, "M M C"]:
        """Values as a picture, 0 off the skin."""
        out = np.zeros((self.side * self.side, values.shape[1]), np.float32)
        out[self.skin] = values
        return out.reshape(self.side, self.side, -1)

    def at_skin(self, picture: Float32[np.ndarray, "M M *C"]) -> Float32[np.ndarray, "R C"]:
        """A picture's values at the skin."""
        return picture.reshape(self.side * self.side, -1)[self.skin]


class Relief(NamedTuple):
    """What is finer than the mesh, told twice; M by M pixels.

    Attributes:
        normals: (M, M, 3) uint8, the normal map.
        heights: (M, M) float32 metres along the mesh's normal, 0 off the skin (`displacement`).
    """

    normals: UInt8[np.ndarray, "M M 3"]
    heights: Float32[np.ndarray, "M M"]


def relief_map(
    fit: Fit,
    atlas: Atlas,
    chart: ReliefChart,
    colour: UInt8[np.ndarray, "S S 3"],
    *,
    normals: Float32[np.ndarray, "V 3"],
    photo: PhotoNormals | None,
    settings: ReliefSettings,
    passing: Float32[np.ndarray, " V"] | None = None,
    hidden: Float32[np.ndarray, " V"] | None = None,
) -> Relief:
    """The relief of a head's skin; flat elsewhere.

    Args:
        fit: the posed mesh.
        atlas: the model's texels.
        chart: the map's pixels.
        colour: (S, S, 3) the head's texture, light taken out.
        normals: (V, 3) vertex normals of the posed mesh, camera space.
        photo: the network's normal map; None in fast quality.
        settings: how strong.
        passing: (V,) in 0..1, how far what the network's map shows is the expression's and not the head's at rest.
        hidden: (V,) in 0..1, skin that the photo does not show whatever it seems to: no relief there.
    """
    model = fit.model
    frame = tangent_frame(fit.posed, normals, model.triangles, model.uvs, triangulate(model.uv_faces)[0])
    covered = np.zeros(len(frame.metres)) if hidden is None else hidden
    spread = atlas.spread(np.concatenate([frame.metres / chart.side, covered[:, None]], axis=1), chart.rows)
    metres, covered = np.ascontiguousarray(spread[:, :2]), spread[:, 2:]
    kept = slice(chart.step // 2, None, chart.step)
    lightness = colour[kept, kept].astype(np.float32) @ LUMINANCE.astype(np.float32) / 255
    with ThreadPoolExecutor(1) as beside:  # each has steps that use one core alone
        fine = beside.submit(_fine, chart, lightness, metres, settings)
        slope = _lines(chart, lightness, metres, settings) + fine.result()
    if photo is not None:
        shown = np.flatnonzero(chart.trust > settings.shown[0])
        values = atlas.spread(np.concatenate([chart.place, normals, frame.along], 1), chart.rows[shown])
        blur = settings.edge / float(np.median(metres))
        found = _seen(chart, shown, values, photo, blur=blur, s=settings)
        if passing is not None:
            found *= 1 - atlas.spread(passing[:, None], chart.rows[shown])
        slope[shown] += found
    slope *= 1 - covered
    out = np.tile(np.array(FLAT, np.uint8), (chart.side * chart.side, 1))
    for start in range(0, len(slope), _PART):
        part = slice(start, start + _PART)
        out[chart.skin[part]] = _coded(slope[part])
    skin = chart.picture(np.ones((len(chart.skin), 1), np.float32))[..., 0] > 0
    heights = heights_of_slopes(chart.picture(slope), chart.picture(metres), skin, length=settings.longest)
    return Relief(out.reshape(chart.side, chart.side, 3), heights)


def _seen(
    chart: ReliefChart,
    shown: Int[np.ndarray, " P"],
    values: Float32[np.ndarray, "P 8"],
    photo: PhotoNormals,
    *,
    blur: float,
    s: ReliefSettings,
) -> Float32[np.ndarray, "P 2"]:
    """Slopes along u and v that the network's map shows beyond the mesh.

    Args:
        chart: the map's pixels.
        shown: those of its R that the photo shows.
        values: their place in the photo, normal, direction of growing u.
        photo: the network's map.
        blur: standard deviation in pixels over which the map fades in from the edge.
        s: settings.
    """
    told = photo.at(values[:, :2])
    weight = smoothstep(np.linalg.norm(told, axis=1), *_WHOLE) * smoothstep(chart.trust[shown], *s.shown)
    local = to_tangent_space(told, unit(values[:, 2:5]), values[:, 5:8])
    sideways = np.linalg.norm(local[:, :2], axis=1)
    lean = np.minimum(np.arctan2(sideways, local[:, 2]), np.radians(s.tilt))
    slope = local[:, :2] * (np.tan(lean) / np.maximum(sideways, _LITTLE))[:, None]
    whole = np.zeros((len(chart.skin), 1), np.float32)
    whole[shown, 0] = weight
    around = chart.at_skin(wide_blur(chart.picture(whole)[..., 0], blur))[shown, 0]
    return (slope * (weight * smoothstep(around, *_WITHIN))[:, None]).astype(np.float32)


def _fine(
    chart: ReliefChart, lightness: Float32[np.ndarray, "M M"], metres: Float32[np.ndarray, "R 2"], s: ReliefSettings
) -> Float32[np.ndarray, "R 2"]:
    """Slopes along u and v of pores and wrinkles."""
    wide = cv2.GaussianBlur(lightness, (0, 0), s.width / float(np.median(metres)))
    heights = s.depth * (cv2.GaussianBlur(lightness, (0, 0), _SOFT) - wide)
    return _leaning(chart, heights, metres, s.steepest) * chart.bare[:, None]


def _lines(
    chart: ReliefChart, lightness: Float32[np.ndarray, "M M"], metres: Float32[np.ndarray, "R 2"], s: ReliefSettings
) -> Float32[np.ndarray, "R 2"]:
    """Slopes along u and v of brows, folds, lips and beards: wider than pores, and surely darker or lighter."""
    pixel = float(np.median(metres))
    face = chart.picture(chart.face[:, None])[..., 0]
    wide = wide_blur(np.dstack([lightness * face, face]), s.line_width / pixel)
    apart = (lightness - wide[..., 0] / np.maximum(wide[..., 1], _LITTLE)) * (face > _LITTLE)
    apart = np.minimum(apart, 0)  # what is lighter than its surroundings is a highlight more often than a ridge
    sure = apart * apart**2 / (apart**2 + s.line_least**2)
    heights = s.line_depth * cv2.GaussianBlur(sure, (0, 0), s.line_soft / pixel)
    around = wide_blur(face, s.line_edge / pixel)
    return _leaning(chart, heights, metres, s.line_steepest) * chart.at_skin(around) * chart.face[:, None]


def _leaning(
    chart: ReliefChart, heights: Float32[np.ndarray, "M M"], metres: Float32[np.ndarray, "R 2"], steepest: float
) -> Float32[np.ndarray, "R 2"]:
    """Slopes along u and v of heights; flat beside the charts' borders, where neighbours are none."""
    leans = [cv2.Sobel(heights, cv2.CV_32F, *order, ksize=3, scale=1 / 8) for order in ((1, 0), (0, 1))]
    rise = chart.at_skin(np.stack([leans[0], -leans[1]], 2)) / metres
    steep = np.hypot(rise[:, 0], rise[:, 1])
    return (-rise * (chart.inner / (1 + steep / steepest))[:, None]).astype(np.float32)


def _coded(slope: Float32[np.ndarray, "R 2"]) -> UInt8[np.ndarray, "R 3"]:
    normals = unit(np.concatenate([slope, np.ones((len(slope), 1), np.float32)], 1))
    return np.clip(np.floor((normals + 1) * 127.5 + 0.5), 0, 255).astype(np.uint8)
