"""Guides: strands from scalp to tip that follow the photo's hair where it is seen, and its neighbours elsewhere.

Convention: as in `hair_layer.HairGuides`. Worked number: a root in the middle of the second triangle of a quad has the
weights (1/3, 1/3, 1/3) of its corners 0, 2 and 3.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..geometry.normals import area_vectors, unit
from ..geometry.sampling import smoothstep
from ..hair_layer import HairGuides
from ..headmodel.model import triangulate
from ..shapes import Bool, Float, Int
from .curls import wound
from .labels import Labels
from .settings import HairSettings
from .shell import Shell
from .space import HairSpace
from .tracing import ShellField, kept_off_skin, trace, under_hair
from .volume import HairVolume, plane_distances

_CANDIDATES: Final = 8
"""Places drawn at random for each root that is chosen among them, as far apart as they get."""
_HAIRLINE: Final = -0.25
"""Eye distances about the usual hairline from which hair may grow. Chosen, as are the constants below, by eye."""
_HAIR: Final = 0.4
"""Label of the surface nearby from which hair grows under it: the volume goes on beyond that."""
_BLUR: Final = 0.001
"""Metres below which labels are blended."""
_SHALLOW: Final = (0.0015, 0.004)
"""Metres under the outer side at which the strands lie that are meant to be seen."""
_SHALLOW_SHARE: Final = 0.65
_DEEP: Final = (0.3, 0.75)
"""Of the way from the outer side to the skin, for the others."""
_LENGTH: Final = (4.0, 0.008)
"""Short hair is so many times as long as it is thick, and so many metres."""
_LONG: Final = 0.45
_HANGS: Final = (0.005, 0.03)
"""Metres below the nape's hairline from which hair hangs, not at all and wholly."""
_SEEN_DEPTH: Final = 0.008
"""Metres under the outer side within which a strand is seen."""
_SEEN_SHARE: Final = 0.5
_LEAST_SEEN: Final = 0.3
"""How well a place of the shell must be seen for a strand there to be shown. Chosen by eye, as are the two below."""
_SEEN_CURLS: Final = 0.3
"""What strands that the photo shows wind, against the others: they lie as it shows them, within 15 degrees or so."""
_SHORTEST: Final = 0.85
"""Length of the shortest strands in that of the longest at the same place."""
_STEP: Final = 0.002
"""Metres between the heights at which the hair's thickness is looked for, 40 of them."""
_FROM: Final = 0.2
"""Of a strand, its beginning, which is hidden by others."""


def make_guides(
    space: HairSpace,
    labels: Labels,
    volume: HairVolume,
    shell: Shell,
    field: ShellField,
    *,
    curls: float,
    settings: HairSettings,
    seed: int,
) -> HairGuides | None:
    """Grow guides; None where no hair grows on the scalp.

    Args:
        space: the bald head's.
        labels: tell how far hair hangs.
        volume: the space that hair fills.
        shell: about it.
        field: directions of the hair.
        curls: how curly hair is, 0..1 (`orientation.curliness`).
        settings: how many strands and points.
        seed: of the roots' places.
    """
    random = np.random.default_rng(seed)
    triangles, origin = triangulate(space.fit.model.faces)
    growing = _growing(space, labels, volume)
    hairy = np.flatnonzero(growing[triangles].all(1))
    if not len(hairy):
        return None
    chosen, weights = _roots(space.skin, triangles[hairy], settings.guides, random)
    chosen = hairy[chosen]
    roots = np.einsum("nk,nkc->nc", weights, space.skin[triangles[chosen]])
    normals = unit(np.einsum("nk,nkc->nc", weights, space.normals[triangles[chosen]]))
    thick = _thickness(volume, roots, normals)
    shallow = random.random(len(roots)) < _SHALLOW_SHARE
    deep = thick * random.uniform(*_DEEP, len(roots))
    depths = np.where(shallow, np.minimum(random.uniform(*_SHALLOW, len(roots)), 0.5 * thick), deep)
    hangs = smoothstep(labels.hanging.usual - labels.hanging.lowest(roots), *_HANGS)
    short = _LENGTH[0] * thick + _LENGTH[1]
    lengths = (short + hangs * np.maximum(_LONG - short, 0)) * random.uniform(_SHORTEST, 1.0, len(roots))
    strands = trace(volume, field, roots, normals, depths=depths, lengths=lengths, points=settings.guide_points)
    seen = _seen(volume, shell, field, strands)
    strands = kept_off_skin(space, wound(field, strands, curls * np.where(seen, _SEEN_CURLS, 1.0), random))
    return HairGuides(
        points=strands.astype(np.float32),
        seen=seen,
        root_faces=origin[chosen].astype(np.int32),
        root_weights=weights.astype(np.float32),
        root_second=chosen >= len(space.fit.model.faces),
    )


def _growing(space: HairSpace, labels: Labels, volume: HairVolume) -> Bool[np.ndarray, " V"]:
    """(V,) skin on which hair grows: over the hairline, about, and under hair."""
    _, label = plane_distances(space.skin, labels.points, labels.normals, labels.label, _BLUR)
    outer = np.zeros(len(space.skin), bool)
    outer[space.triangles] = True
    grows = outer & (space.over_hairline > _HAIRLINE) & (space.grown > 0.5) & (label > _HAIR)
    return grows & under_hair(volume, space.skin, space.normals)


def _roots(
    skin: np.ndarray, triangles: np.ndarray, count: int, random: np.random.Generator
) -> tuple[Int[np.ndarray, " G"], Float[np.ndarray, "G 3"]]:
    """Triangles and barycentric weights of places spread evenly: the farthest ones among many drawn at random."""
    area = np.linalg.norm(area_vectors(skin, triangles), axis=1)
    drawn = random.choice(len(triangles), _CANDIDATES * count, p=area / area.sum())
    a, b = np.sqrt(random.random(len(drawn))), random.random(len(drawn))
    weights = np.stack([1 - a, a * (1 - b), a * b], axis=1)
    points = np.einsum("nk,nkc->nc", weights, skin[triangles[drawn]])
    kept = farthest(points, count)
    return drawn[kept], weights[kept]


def farthest(points: Float[np.ndarray, "N C"], count: int) -> Int[np.ndarray, " G"]:
    """`count` of some points, each chosen as far from those before it as can be."""
    kept = [0]
    away = np.linalg.norm(points - points[0], axis=1)
    for _ in range(min(count, len(points)) - 1):
        kept.append(int(away.argmax()))
        away = np.minimum(away, np.linalg.norm(points - points[kept[-1]], axis=1))
    return np.array(kept)


def _thickness(volume: HairVolume, roots: np.ndarray, normals: np.ndarray) -> Float[np.ndarray, " G"]:
    """Metres of hair over each root, along the skin's normal."""
    heights = np.arange(1, 41) * _STEP
    values = volume.at((roots[:, None] + heights[:, None] * normals[:, None]).reshape(-1, 3)).reshape(len(roots), -1)
    outside = values > 0
    return np.where(outside.any(1), heights[outside.argmax(1)], heights[-1])


def _seen(volume: HairVolume, shell: Shell, field: ShellField, strands: np.ndarray) -> Bool[np.ndarray, " G"]:
    """Which strands the photo shows for the greater part, their beginning left out."""
    later = strands[:, int(_FROM * strands.shape[1]) :]
    points = later.reshape(-1, 3)
    shown = (shell.visible & (shell.seen > _LEAST_SEEN))[field.at(points).nearest]
    shallow = volume.at(points) > -_SEEN_DEPTH
    return (shown & shallow).reshape(later.shape[:2]).mean(1) > _SEEN_SHARE
