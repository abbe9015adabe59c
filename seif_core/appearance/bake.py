"""The photo's colours on the model's texture: projected, evened, completed.

Every texel of the skin is a sum of two bands. The low band is solved on the mesh's vertices, which the texture's seams
do not cut: it follows the photo where the photo is good and runs on smoothly where it is not, skin and scalp each for
itself. The high band is what the photo shows beyond the low band, faded out by facing angle, occlusion, the mask's edge
and what is no skin (hair on a forehead, a collar on a neck), and taken from the mirrored side where that saw better.

Convention: photo pixels as in `camera`, texels as in `atlas`; colours are sRGB 0..1 unless called linear.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np

from ..device import return_memory
from ..evidence.photo_evidence import PhotoEvidence
from ..evidence.photograph import cut_out, head_window
from ..fitting import Fit
from ..geometry.colour import is_grey
from ..geometry.screened_poisson import ScreenedPoisson
from ..headmodel import HeadModel
from ..headmodel.smoother import mesh_smoother
from ..headmodel.topology import PART_NAMES
from ..portrait import Portrait
from ..progress import Progress
from ..shapes import Float, Float32, UInt8
from .atlas import Atlas, build_atlas
from .baked_texture import BakedTexture, light_picture
from .completion import complete
from .confidence import nothing_seen, vertex_confidence
from .even_lips import even_lips
from .expression_lines import even_expression_lines, expression_share
from .eyes import iris_colour, paint_eyes
from .interior import MOUTH, depth_shade, paint_interior
from .lashes import PART as LASHES
from .lashes import paint_lashes
from .lid_folds import cover_folded_lids, folded_lids
from .photo_blend import OtherPhoto, blend
from .projection import Projected, calm_normals, project_photo
from .relief import PhotoNormals, ReliefChart, relief_map
from .settings import TextureSettings
from .skin_completion import complete_skin
from .texture_regions import TextureRegions, texture_regions, with_hair

_SKIN_DEFAULT: Final = np.array([0.78, 0.60, 0.51], np.float32)
"""sRGB of a head that the photo does not show."""


def bake_texture(
    portrait: Portrait,
    fit: Fit,
    evidence: PhotoEvidence | None,
    *,
    settings: TextureSettings | None = None,
    hair: Float[np.ndarray, " V"] | None = None,
    photo_normals: PhotoNormals | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
    others: Sequence[OtherPhoto] = (),
) -> BakedTexture:
    """Bake the base colour of a head, and the light that was taken out of it.

    Args:
        portrait: the photo.
        fit: the model fitted to it, or a fit with a surface's shape.
        evidence: what the photo shows of the head (`look_at_photo`); None for a head outside the picture.
        settings: size and strength; None takes the defaults.
        hair: (V,) in 0..1, what of the mesh is hair beyond the scalp; None for nothing.
        photo_normals: the network's normal map, for the relief; None for a head without a surface.
        device: torch device of the depth test.
        progress: told of each step; may cancel.
        others: more photos of the same person, which show what this one does not.

    Returns:
        Colours (size, size, 3), filled everywhere, grey for a grey photo; the light; and the relief.

    Raises:
        CancelledError: through `progress`.
    """
    settings = settings or TextureSettings()
    progress = progress or Progress()
    model = fit.model
    progress.step(0.0)
    atlas = build_atlas(model, settings.size)
    regions = texture_regions(model) if hair is None else with_hair(texture_regions(model), hair)
    progress.step(0.2)
    shown: list[OtherPhoto] = []
    if evidence is not None and head_window(portrait, fit) is not None:
        shown = [OtherPhoto(portrait, fit, evidence), *others]
    skin, colours = _skin(shown, fit, atlas, regions, settings=settings, device=device, progress=progress)
    return_memory()  # two hundred megabytes of what completing the skin took
    progress.step(0.8)
    _paint_mouth(model, atlas, regions, colours)
    _paint_eyes_and_teeth(portrait, fit, atlas, colours)
    paint_lashes(model, atlas, skin.hair_colour, colours)
    texture = atlas.image(_bytes(atlas, colours))
    del colours  # tens of megabytes, which the relief needs
    if is_grey(portrait.pixels):
        texture = np.repeat(cv2.cvtColor(texture, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    light, relief = None, None
    if evidence is not None and shown:
        normals = evidence.view_of(fit, device).normals
        if skin.chart is not None and settings.relief is not None:
            relief = relief_map(
                fit,
                atlas,
                skin.chart,
                texture,
                normals=normals,
                photo=photo_normals,
                settings=settings.relief,
                passing=skin.pressed,
                hidden=folded_lids(model),
            )
        light = _light(fit, atlas, evidence, normals, skin=skin, evening=settings.evening)
    progress.step(1.0)
    return BakedTexture(
        np.ascontiguousarray(texture, np.uint8),
        light,
        skin.confidence,
        None if relief is None else relief.normals,
        None if relief is None else relief.heights,
    )


class _Skin(NamedTuple):
    """What the photos say of the skin beside its colours, of a model's V vertices.

    Attributes:
        confidence: (V, 3) see `confidence`.
        pressed: (V,) how far lines are the expression's (`expression_share`).
        hair_colour: (3,) sRGB 0..1; None where no hair is seen.
        chart: the relief's pixels; None for no relief.
        taken_out: (V, 3) factor on linear colours that was taken out beyond the evidence's light; None where the
            texture is not completed as skin.
    """

    confidence: Float32[np.ndarray, "V 3"]
    pressed: Float32[np.ndarray, " V"]
    hair_colour: Float32[np.ndarray, "3"] | None = None
    chart: ReliefChart | None = None
    taken_out: Float32[np.ndarray, "V 3"] | None = None


def _skin(
    shown: Sequence[OtherPhoto],
    fit: Fit,
    atlas: Atlas,
    regions: TextureRegions,
    *,
    settings: TextureSettings,
    device: str,
    progress: Progress,
) -> tuple[_Skin, Float32[np.ndarray, "N 3"]]:
    """The skin that the photos show, the first of them the fit's, and its completed colours; a plain one without."""
    model = fit.model
    if not shown:
        flat = np.zeros(len(model.template), np.float32)
        return _Skin(nothing_seen(model), flat), np.tile(_SKIN_DEFAULT, (len(atlas.texels), 1))
    smoother = mesh_smoother(model)
    looked = [
        _projected(photo, atlas=atlas, regions=regions, smoother=smoother, settings=settings, device=device)
        for photo in shown
    ]
    seen = [found for found in looked if found is not None]
    progress.step(0.5)
    chart = None if settings.relief is None else ReliefChart.of(atlas, seen[0], settings.relief)
    texels = [blend(seen[0], seen[1:], atlas, smoother)]
    del looked, seen  # tens of megabytes, as the texels themselves, which what completes them lets go of early
    hair_colour = texels[0].hair_colour
    confidence = vertex_confidence(model, atlas, regions, texels[0].trust)
    pressed = np.zeros(len(model.template), np.float32)
    if settings.expression_lines is not None:
        kept = np.maximum(regions.marked, _vertex_growth(atlas, texels[0].growth))
        pressed = expression_share(fit, smoother, kept, settings.expression_lines)
    if settings.skin and shown[0].evidence.shown is not None:
        colours, taken_out = complete_skin(model, atlas, regions, smoother, texels.pop())
    else:
        colours, taken_out = complete(model, atlas, regions, smoother, texels.pop()), None
    even_lips(model, atlas, smoother, colours)
    cover_folded_lids(atlas, regions, smoother, folded_lids(model), colours)
    if settings.expression_lines is not None:
        even_expression_lines(fit, atlas, colours, pressed, settings.expression_lines)
    return _Skin(confidence, pressed, hair_colour, chart, taken_out), colours


def _paint_eyes_and_teeth(portrait: Portrait, fit: Fit, atlas: Atlas, colours: Float32[np.ndarray, "N 3"]) -> None:
    right = PART_NAMES.index("eye_right")
    eyes = np.flatnonzero((atlas.part == PART_NAMES.index("eye_left")) | (atlas.part == right))
    colours[eyes] = paint_eyes(fit.model, fit.neutral, atlas, iris_colour(portrait), eyes)
    mouth = np.flatnonzero((atlas.part > right) & (atlas.part != LASHES))
    colours[mouth] = paint_interior(fit.model, atlas, mouth)


def _light(
    fit: Fit,
    atlas: Atlas,
    evidence: PhotoEvidence,
    normals: Float32[np.ndarray, "V 3"],
    *,
    skin: _Skin,
    evening: float,
) -> Float32[np.ndarray, "L L 3"]:
    """The light that was taken out of the colours, as a picture."""
    if skin.taken_out is None:
        return light_picture(atlas, evidence.light_at(normals, evening))
    calm = calm_normals(normals, fit, mesh_smoother(fit.model))
    return light_picture(atlas, evidence.light_at(calm, evening) * skin.taken_out)


def _projected(
    photo: OtherPhoto,
    *,
    atlas: Atlas,
    regions: TextureRegions,
    smoother: ScreenedPoisson,
    settings: TextureSettings,
    device: str,
) -> Projected | None:
    """What a photo says of the texels; None for a head outside its picture."""
    portrait, fit, evidence = photo
    window = head_window(portrait, fit)
    if window is None:
        return None
    side = max(window.right - window.left, window.bottom - window.top)
    return project_photo(
        portrait,
        fit,
        evidence,
        picture=cut_out(portrait, fit.camera, window, settings.photo_side / side),
        view=evidence.view_of(fit, device),
        atlas=atlas,
        regions=regions,
        smoother=smoother,
        settings=settings,
    )


def _vertex_growth(atlas: Atlas, growth: Float32[np.ndarray, " N"]) -> Float32[np.ndarray, " V"]:
    """How far each vertex (V,) is beard or brow, 0..1, from the texels' `growth` (N,)."""
    some = atlas.samples
    return atlas.gather(growth[some, None], np.ones(len(growth[some]), np.float32))[0][:, 0]


def _bytes(atlas: Atlas, colours: Float32[np.ndarray, "N 3"]) -> UInt8[np.ndarray, "N 3"]:
    out = np.empty(colours.shape, np.uint8)
    for part in atlas.parts:
        out[part] = np.rint(np.clip(colours[part], 0, 1) * 255)
    return out


def _paint_mouth(model: HeadModel, atlas: Atlas, regions: TextureRegions, colours: Float32[np.ndarray, "N 3"]) -> None:
    texels = atlas.touched(regions.mouth > 0)
    inside = atlas.spread(regions.mouth[:, None], texels)[:, 0]
    shade = depth_shade(model, atlas.spread(model.template, texels))
    lining = MOUTH * shade[:, None].astype(np.float32)
    colours[texels] += (lining - colours[texels]) * inside[:, None]
