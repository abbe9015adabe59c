"""Levels of detail of a head's mesh: what counts how much, what is left out of which level, and the levels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from ..errors import SettingsError
from ..shapes import Bool, Float, Int
from .decimate import Decimated, DecimationMesh, decimate

LOD_TRIANGLES: Final = (5000, 2500, 1000)
"""Triangles of the levels after the full head, which has up to 20,000: for a face that is near, one at speaking
distance, and one across a room. By eye on one sample portrait."""

LEAST_TRIANGLES: Final = 500
"""Fewer leave lids and lips of the Open head no shape, seen on one sample portrait."""

HAIR_SHARE: Final = 0.4
"""Triangles of a level's hair over those of its head. By eye on one sample portrait: the outline stays."""

_REGIONS: Final = {"lids": 8.0, "lips": 8.0, "eyeballs": 2.0, "mouth_interior": 0.5, "neck": 0.5}
"""Factors on the error of regions' surfaces: what moves and is looked at counts more, what is hidden less. By eye."""

_PARTS: Final = {"teeth_upper": 0.5, "teeth_lower": 0.1, "tongue": 0.03, "lashes": 0.03}
"""Factors on parts that are seen between the lips or lids alone. By eye: with 0.03 upper teeth became spikes,
with 1 they took so many triangles that the face of 5,000 was off by a third more."""

_DROPPED: Final = {2500: ("lashes",), 1000: ("lashes", "tongue", "teeth_lower", "teeth_upper")}
"""Parts that a level of so many triangles or fewer is better without: at its distance they are a pixel or two."""


_COARSE: Final = 1000
_COARSE_LIPS: Final = 5.0
"""Further factor on the lips of levels of so many triangles or fewer: without it the lower lip had a notch in its
middle once the mouth opened, seen on one portrait."""


def checked_counts(counts: Sequence[int]) -> tuple[int, ...]:
    """Counts of triangles that make sense.

    Raises:
        SettingsError: none, fewer than `LEAST_TRIANGLES`, or not descending.
    """
    if not counts or min(counts) < LEAST_TRIANGLES or list(counts) != sorted(set(counts), reverse=True):
        raise SettingsError(
            f"Levels of detail of {', '.join(map(str, counts)) or 'no'} triangles make no sense; "
            f"give descending counts of {LEAST_TRIANGLES} or more, such as 5000,2500,1000."
        )
    return tuple(counts)


def importance(
    vertex_count: int, regions: Mapping[str, Bool[np.ndarray, " V"]], parts: Mapping[str, Int[np.ndarray, " N"]]
) -> Float[np.ndarray, " V"]:
    """Factor on the error of each vertex' surface.

    Args:
        vertex_count: V.
        regions: masks by the names of `REGION_NAMES`.
        parts: vertices by the names of `PART_NAMES`.
    """
    found = np.ones(vertex_count)
    for name, factor in _REGIONS.items():
        if name in regions:
            found[regions[name]] *= factor
    for name, factor in _PARTS.items():
        if name in parts:
            found[parts[name]] = factor
    return found


def levels_of(
    mesh: DecimationMesh,
    part: Int[np.ndarray, " T"],
    names: Sequence[str],
    counts: Sequence[int],
    told: Callable[[float], None] = lambda _fraction: None,
    *,
    lips: Bool[np.ndarray, " V"] | None = None,
) -> list[Decimated]:
    """The levels after the full mesh, those that would have as many triangles left out.

    Args:
        mesh: the full mesh.
        part: of each triangle, into `names`.
        names: of the parts, as in `PART_NAMES`.
        counts: triangles of the levels, descending, fewer than the mesh has.
        told: as in `decimate`, of all levels together.
        lips: vertices that coarse levels keep longer.

    Returns:
        One level for each count; `sources` are triangles of the full mesh.
    """
    found: list[Decimated] = []
    while len(found) < len(counts):
        dropped = _dropped(counts[len(found)])
        same = [count for count in counts[len(found) :] if _dropped(count) == dropped]
        kept = np.flatnonzero(~np.isin(part, [k for k, name in enumerate(names) if name in dropped]))
        rest = replace(mesh, triangles=mesh.triangles[kept], uv_triangles=mesh.uv_triangles[kept])
        if lips is not None and max(same) <= _COARSE:
            rest = replace(rest, importance=np.where(lips, _COARSE_LIPS, 1.0) * mesh.importance)
        done, share = len(found) / len(counts), len(same) / len(counts)
        made = decimate(rest, same, lambda part, done=done, share=share: told(done + share * part))
        found += [replace(level, sources=kept[level.sources]) for level in made]
    return found


def _dropped(count: int) -> tuple[str, ...]:
    return next((_DROPPED[limit] for limit in sorted(_DROPPED) if count <= limit), ())
