"""A shell's texture: the photo's hair where it is seen, elsewhere strands in its colours; ends that fade into strands.

Colours come in two parts. The base is smooth: the photo's hair with its light taken out, evened over the strands,
carried to unseen places by symmetry and a screened Poisson equation. The strands multiply it: the photo's own where it
shows them, else streaks along the directions of the hair, as strong as the photo's are.

Convention: linear light within, sRGB in the picture. Worked number: a base of 0.2 and a streak of one standard
deviation of 0.3 give ``0.2 exp(0.3) = 0.27``.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np
import torch
from scipy import ndimage, sparse
from scipy.spatial import KDTree

from ..evidence.photo_evidence import PhotoEvidence
from ..geometry.colour import decode, to_srgb
from ..geometry.normals import unit
from ..geometry.rasterizer import interpolate, rasterize
from ..geometry.sampling import sample, smoothstep
from ..geometry.screened_poisson import ScreenedPoisson
from ..portrait.crop import Pyramid
from ..shapes import Bool, Float, Float32, Int, UInt8
from .adrift import adrift
from .density import alpha_of, shown_share
from .headwear import Headwear
from .matte import Matte
from .seen import at_pixels
from .shell import Shell, triangles_of
from .space import HairSpace
from .streaks import curly_streaks, locks, streaks
from .unwrap import Unwrapped, flat_directions

_SIDE: Final = 512
"""Pixels of the crop from which the base is taken, and twice that the strands."""
_BASE: Final = 9.0
"""Pixels over which the photo's hair is evened for the base. Chosen, as are the constants below, by eye."""
_SURE: Final = 0.85
"""Share of hair from which a pixel's colour is believed."""
_FACING: Final = (0.18, 0.5)
_OWN: Final = (0.5, 1.0)
"""Of how well a place is seen, from which its strands are the photo's, not at all and wholly."""
_EVENING: Final = 0.8
"""How much of the light is taken out."""
_CALMED: Final = 0.5
"""How much of the differences in lightness between places is taken for light and shade, of their logarithm."""
_GREY: Final = ((22.0, 34.0), (9.0, 15.0))
"""L* from which, and chroma up to which, hair is grey or white, not at all and wholly: there light and dark places are
hairs with and without pigment rather than light and shade, and stay. Chosen by eye on four portraits."""
_HUES: Final = 1.5
"""Times the median difference from the usual hue that hair's own hues lie from it at most."""
_SPECK: Final = 1.5e-4
"""Share of the texture's texels, fewer of which are no lock and no gap: 40 square millimetres."""
_FLECK: Final = 1.5e-3
"""The same of a piece of hair that nothing joins to the rest, fewer of which are no lock: 400 square millimetres."""
_DARKEST: Final = 0.004
_PRIOR: Final = 0.01
_STIFFNESS: Final = 0.02
_MIRROR: Final = 0.1
_BAND: Final = 2.0
"""Standard deviations of the logarithm beyond which the photo's strands are gaps, partings and gloss."""
_STRONGEST: Final = 0.32
"""Standard deviation of a streak's logarithm at most."""
_WEAKEST: Final = 0.12
_DEEPEST: Final = 0.72
"""Light that is left in the shell's inside."""
_INSIDE: Final = (-0.006, 0.0)
"""Metres over the skin between which it is that inside; thin hair at an edge is as light as elsewhere."""
_STREAK: Final = 2.5
"""Standard deviations of a streak at most."""
_LOCKS: Final = 1.2
"""What locks count against single strands where unseen hair frays at its ends."""
_TIPS: Final = 1.4
"""Standard deviations of both by which hair frays at most: where there is none at all, none comes to be."""
_SPARSE: Final = 4.0
"""Times more that strands are missing where hair thins out towards a bald crown."""
_RATIOS: Final = (0.2, 4.0)
_LIFT: Final = 2e-3
_NO_HAIR: Final = 1e-4
"""Of light in strands to that of the base between which contrast is measured; linear light added to both, and share of
hair, as guards against division by zero."""
_HUED: Final = (0.35, 2.5, 0.02)
"""Of the median colour, the least and the largest share, and linear light more, between which colours are kept."""


_SHOWN: Final = (0.1, 0.3)
"""How far a place must be shown for the parsing to tell hat from hair there, not at all and wholly."""
_TOLD: Final = (0.3, 0.6)
"""Share of hat and hair in a pixel from which it does."""


class HairColours(NamedTuple):
    """The photo's hair; maps of S by S pixels of the parsing's crop.

    Attributes:
        base: (S, S, 3) linear, evened over the strands; only near hair.
        ratio: (2 S, 2 S) the photo's brightness over the base's.
        trust: (S, S) in 0..1.
        median: (3,) linear.
        contrast: standard deviation of the ratio's logarithm.
    """

    base: Float32[np.ndarray, "S S 3"]
    ratio: Float32[np.ndarray, "T T"]
    trust: Float32[np.ndarray, "S S"]
    median: Float32[np.ndarray, "3"]
    contrast: float


def worn_share(space: HairSpace, shell: Shell, hat: Headwear) -> Float[np.ndarray, " V"]:
    """How far each vertex of a shell is hat and not hair, 0..1: by the photo where it is seen, else by the rim.

    Args:
        space: the bald head's.
        shell: of both.
        hat: what it is.
    """
    pixels = space.project(shell.vertices)
    cloth, hair = (at_pixels(space, space.parsing.share(name), pixels) for name in ("headwear", "hair"))
    shown = shell.visible * smoothstep(shell.seen, *_SHOWN) * smoothstep(cloth + hair, *_TOLD)
    by_rim = hat.worn(shell.vertices)
    return by_rim + shown * (cloth / np.maximum(cloth + hair, 1e-6) - by_rim)


def hair_colours(space: HairSpace, pixels: UInt8[np.ndarray, "H W 3"]) -> HairColours:
    """The colours of the photo's hair and hat, their light still in.

    Args:
        space: the bald head's.
        pixels: the photo.
    """
    pyramid, crop = Pyramid(pixels), space.parsing.crop
    share = cv2.resize(space.parsing.share(*space.names), (_SIDE, _SIDE), interpolation=cv2.INTER_LINEAR)
    sure = (cv2.erode(share, np.ones((5, 5), np.uint8)) > _SURE).astype(np.float32)
    if not sure.any():
        sure = (share >= share.max()).astype(np.float32)
    linear = decode(pyramid.sample(crop, _SIDE, replicate=True))
    weight = cv2.GaussianBlur(sure, (0, 0), _BASE)
    base = cv2.GaussianBlur(linear * sure[..., None], (0, 0), _BASE) / np.maximum(weight, _NO_HAIR)[..., None]
    fine = decode(pyramid.sample(crop, 2 * _SIDE, replicate=True)).mean(2) + _LIFT
    under = cv2.resize(base.mean(2), (2 * _SIDE, 2 * _SIDE), interpolation=cv2.INTER_LINEAR) + _LIFT
    ratio = np.clip(fine / under, *_RATIOS)
    inside = cv2.resize(sure, (2 * _SIDE, 2 * _SIDE), interpolation=cv2.INTER_NEAREST) > 0
    contrast = float(np.clip(np.log(ratio[inside]).std(), _WEAKEST, _STRONGEST))
    median = np.median(linear[sure > 0], axis=0).astype(np.float32)
    return HairColours(base.astype(np.float32), ratio.astype(np.float32), sure, median, contrast)


def shell_texture(
    space: HairSpace,
    shell: Shell,
    unwrapped: Unwrapped,
    directions: Float[np.ndarray, "V 3"],
    *,
    colours: HairColours,
    matte: Matte,
    density: Float[np.ndarray, " V"],
    tips: Float[np.ndarray, " V"],
    curls: float,
    worn: Float[np.ndarray, " V"] | None,
    evidence: PhotoEvidence | None,
    size: int,
    seed: int,
) -> tuple[UInt8[np.ndarray, "H W 4"], Float32[np.ndarray, "3"]]:
    """Paint a shell.

    Args:
        space: the bald head's.
        shell: of the hair.
        unwrapped: its UVs.
        directions: (V, 3) of the hair.
        colours: of the photo's hair.
        matte: where it ends in the photo.
        density: how dense hair is at each vertex (`density.density_of`).
        tips: how far it ends in tips near each vertex and not in a hairline (`density.ends_in_tips`).
        curls: how curly it is, 0..1 (`orientation.curliness`).
        worn: how far each vertex is a hat (`worn_share`); None where none is worn.
        evidence: what the photo shows, for its light; None for none.
        size: pixels of a side of the texture.
        seed: of the streaks.

    Returns:
        (size, size, 4) uint8 sRGB and alpha, row 0 at v = 1; and the hair's median colour (3,), sRGB 0..1.
    """
    seen = _seen(space, shell, colours)
    woven = np.zeros(len(seen)) if worn is None else worn
    base = _base(space, evidence, shell, colours, seen * (1 - woven))
    if worn is not None:
        base += woven[:, None] * (_base(space, evidence, shell, colours, seen * woven) - base)
        density = np.maximum(density, woven)
    texels = _Texels(space, shell, unwrapped, directions, size)
    grown = curly_streaks(texels.along, curls, seed)
    shown = shown_share(space, shell)
    bald = 1 - space.on_skin(shell.vertices, space.grown)
    told = np.stack([seen, density, woven, shown, bald, tips], axis=1)
    spread = texels.spread(np.concatenate([base, told, space.project(shell.vertices)], axis=1))
    photo = _fine(space, colours, spread[..., 9:])
    contrast = colours.contrast * (1 - spread[..., 5])  # cloth has no strands
    own = np.exp(contrast * np.clip(grown, -_STREAK, _STREAK)) / np.exp(contrast**2 / 2)
    photo = np.clip(photo, *np.exp(_BAND * np.array([-colours.contrast, colours.contrast])))
    strands = own + (photo - own) * smoothstep(spread[..., 3], *_OWN)
    colour = to_srgb(np.clip(spread[..., :3] * strands[..., None], 0, 1).astype(np.float32))
    ends = np.maximum(spread[..., 8], spread[..., 7])
    apart = _LOCKS * locks(texels.along, seed) * (1 - spread[..., 6])
    single = streaks(texels.along, seed + 2, clumps=1)
    sparse = 1 + _SPARSE * spread[..., 7]
    fray = single + ends * (sparse * (grown + apart) - single)
    fray = np.clip(fray, -_TIPS, sparse * _TIPS) * (1 - spread[..., 5])
    pixels = spread[..., 9:].reshape(-1, 2)
    dense, told, ends, fray = (v.ravel() for v in (spread[..., 4], spread[..., 6], ends, fray))
    alpha = alpha_of(space, matte, pixels, density=dense, shown=told, tips=ends, fray=fray).reshape(grown.shape)
    alpha = without_specks(alpha, texels.drawn, texels.seams)
    if worn is None:
        loose = adrift(shell, texels.gather(alpha), space.on_skin(shell.vertices, space.over_hairline))
        alpha *= 1 - texels.spread(loose[:, None] + 0.0)[..., 0]
    picture = np.dstack([colour, alpha]).astype(np.float32)
    middle = np.median(base[shell.skin > 0], axis=0) if (shell.skin > 0).any() else colours.median
    return texels.filled(picture), to_srgb(middle.astype(np.float32))


def greyness(colour: Float[np.ndarray, "3"]) -> float:
    """How far hair of a linear colour is grey or white, 0..1."""
    lab = cv2.cvtColor(to_srgb(np.clip(colour, 0, 1).astype(np.float32)).reshape(1, 1, 3), cv2.COLOR_RGB2Lab)[0, 0]
    chroma = float(np.hypot(lab[1], lab[2]))
    (dark, light), (grey, coloured) = _GREY
    return float(smoothstep(lab[:1], dark, light)[0] * (1 - smoothstep(np.array([chroma]), grey, coloured)[0]))


def own_hues(colours: Float[np.ndarray, "V 3"], sure: Bool[np.ndarray, " V"]) -> Float[np.ndarray, "V 3"]:
    """Colours, linear, no farther from the hair's usual hue than most of it is: a backdrop shines on its outline.

    Args:
        colours: of places of the shell.
        sure: those that the photo shows.
    """
    if not sure.any():
        return colours
    light = colours.mean(1, keepdims=True).clip(_DARKEST)
    hue = colours / light
    usual = np.median(hue[sure], axis=0)
    room = _HUES * np.median(np.abs(hue[sure] - usual), axis=0)
    return light * np.clip(hue, usual - room, usual + room)


def without_specks(
    alpha: Float32[np.ndarray, "H W"], drawn: Bool[np.ndarray, "H W"], seams: Int[np.ndarray, "N 2 2"]
) -> Float32[np.ndarray, "H W"]:
    """The alpha without holes and flecks so small that no lock and no gap between locks is.

    Args:
        alpha: of a texture.
        drawn: where the texture's charts are.
        seams: rows and columns of pairs of texels that show one place, each in a chart of its own: there hair goes on.
    """
    out = alpha.copy()
    for dense in (False, True):
        count, pieces, told, _ = cv2.connectedComponentsWithStats((((out > 0.5) == dense) & drawn).astype(np.uint8))
        area = told[:, cv2.CC_STAT_AREA].astype(np.float64)
        if dense:
            near = cv2.dilate(pieces.astype(np.float32), np.ones((3, 3), np.uint8)).astype(int)
            one, other = near[seams[..., 0], seams[..., 1]].T
            both = (one > 0) & (other > 0)
            graph = sparse.coo_matrix((np.ones(both.sum()), (one[both], other[both])), (count, count))
            whole = sparse.csgraph.connected_components(graph, directed=False)[1]
            area = np.bincount(whole, area)[whole]
        small = area < (_FLECK if dense else _SPECK) * alpha.size
        small[0] = False
        out[small[pieces]] = 0.0 if dense else 1.0
    return out


class _Texels:
    """The texture's pixels and the shell's triangles under them."""

    def __init__(self, space: HairSpace, shell: Shell, unwrapped: Unwrapped, directions: np.ndarray, size: int) -> None:
        self._owner = unwrapped.vertices
        self._triangles = torch.from_numpy(triangles_of(unwrapped.quads)).long()
        xy = unwrapped.uvs * [size, -size] + [0, size]
        depth = torch.ones(len(xy), dtype=torch.float64)
        self._raster = rasterize(torch.from_numpy(xy), depth, self._triangles, size, size)
        self.drawn = self._raster.triangle.numpy() >= 0
        places = np.clip(xy[:, ::-1].astype(int), 0, size - 1)
        order = np.argsort(self._owner, kind="stable")
        again = np.flatnonzero(np.diff(self._owner[order]) == 0)
        self.seams = places[np.stack([order[again], order[again + 1]], axis=1)]
        flat = flat_directions(space, unwrapped, shell.vertices, directions) * [1, -1]
        along = self._drawn(flat)
        self.along = (along / np.maximum(np.linalg.norm(along, axis=2, keepdims=True), 1e-6)).astype(np.float32)

    def spread(self, values: Float[np.ndarray, "V C"]) -> Float32[np.ndarray, "H W C"]:
        """Values of the shell's vertices at the pixels, 0 off the charts."""
        return self._drawn(values[self._owner])

    def _drawn(self, values: Float[np.ndarray, "U C"]) -> Float32[np.ndarray, "H W C"]:
        held = torch.from_numpy(np.ascontiguousarray(values, np.float32))
        return interpolate(self._raster, self._triangles, held).numpy()

    def gather(self, picture: Float32[np.ndarray, "H W"]) -> Float[np.ndarray, " V"]:
        """The mean of a picture around each of the shell's vertices, 0 where no chart shows one."""
        owners = self._owner[self._triangles.numpy()[self._raster.triangle.numpy()[self.drawn]]]
        weights, count = self._raster.barycentric.numpy()[self.drawn], int(self._owner.max()) + 1
        total = np.bincount(owners.ravel(), (weights * picture[self.drawn][:, None]).ravel(), count)
        return total / np.maximum(np.bincount(owners.ravel(), weights.ravel(), count), 1e-9)

    def filled(self, picture: Float32[np.ndarray, "H W 4"]) -> UInt8[np.ndarray, "H W 4"]:
        """The picture in bytes, what lies off the charts filled from the nearest pixel on them."""
        index = np.asarray(ndimage.distance_transform_edt(~self.drawn, return_distances=False, return_indices=True))
        return np.rint(picture[tuple(index)] * 255).astype(np.uint8)


def _seen(space: HairSpace, shell: Shell, colours: HairColours) -> Float[np.ndarray, " V"]:
    """How far the photo shows each vertex well enough to take its colour, 0..1."""
    placed = space.to_camera(shell.vertices)
    facing = ((shell.normals @ space.rotation.T) * -unit(placed)).sum(1)
    trust = at_pixels(space, colours.trust, space.camera.project(placed))
    return trust * smoothstep(facing, *_FACING) * shell.visible


def _base(
    space: HairSpace,
    evidence: PhotoEvidence | None,
    shell: Shell,
    colours: HairColours,
    seen: np.ndarray,
) -> Float[np.ndarray, "V 3"]:
    """The smooth colour of each vertex, linear, its light taken out; darker at the roots."""
    found = at_pixels(space, colours.base, space.project(shell.vertices)).astype(np.float64)
    if evidence is not None:
        light = evidence.light_at((shell.normals @ space.rotation.T).astype(np.float32), _EVENING)
        found = found / light.mean(1, keepdims=True)  # its hue is the skin's: a red forehead would make hair greenish
    sure = seen > 0.5
    median = np.median(found[sure], axis=0) if sure.any() else colours.median.astype(np.float64)
    light, usual = found.mean(1, keepdims=True).clip(_DARKEST), max(float(median.mean()), _DARKEST)
    calmed = _CALMED * (1 - greyness(median))
    found = own_hues(found, sure) * (usual / light) ** calmed  # shade of locks and partings, gloss
    found = np.clip(found, median * _HUED[0], median * _HUED[1] + _HUED[2])
    _, twin = KDTree(shell.vertices).query(shell.vertices * [-1, 1, 1])
    mirrored = _MIRROR * seen[twin] * (1 - seen)
    weights = seen + mirrored + _PRIOR
    wanted = seen[:, None] * found + mirrored[:, None] * found[twin] + _PRIOR * median
    solver = ScreenedPoisson(shell.quads.astype(np.int32), len(found))
    smooth = solver.solve(wanted / weights[:, None], weights, stiffness=_STIFFNESS).astype(np.float64)
    deep = _DEEPEST + (1 - _DEEPEST) * smoothstep(shell.skin, *_INSIDE)
    return np.clip(smooth, 0, 1) * (deep + (1 - deep) * seen)[:, None]


def _fine(space: HairSpace, colours: HairColours, pixels: np.ndarray) -> Float32[np.ndarray, "H W"]:
    """The photo's strands at each texel."""
    height, width = pixels.shape[:2]
    place = space.parsing.crop.from_photo(pixels.reshape(-1, 2).astype(np.float64)) * len(colours.ratio) - 0.5
    x, y = place.astype(np.float32).T
    return sample(colours.ratio, x, y).reshape(height, width)
