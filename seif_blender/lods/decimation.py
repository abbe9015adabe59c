"""The levels of a head's arrays. No `bpy`: a thread does it, while Blender goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..build.names import HairForm
from ..build.surfaces import SURFACES
from ..core import HAIR_SHARE, Decimated, DecimationMesh, carrying_poses, decimate, importance, levels_of, mirror_image
from .scene_arrays import SceneArrays

_HEAD_SHARE = 0.8
"""Share of the time that the head takes, the rest is its hair's. Measured on one portrait."""


@dataclass(frozen=True, eq=False)
class Levels:
    """The levels of a head and of its hair, the finest first.

    Attributes:
        head: of the head's mesh.
        hair: of each form of hair that is a mesh.
    """

    head: list[Decimated]
    hair: dict[HairForm, list[Decimated]]


def make_levels(
    head: SceneArrays,
    hair: Mapping[HairForm, SceneArrays],
    counts: Sequence[int],
    told: Callable[[float], None] = lambda _fraction: None,
) -> Levels:
    """Decimate a head and its hair.

    Args:
        head: of the head's mesh.
        hair: of its shell and cards.
        counts: triangles of the levels, descending, fewer than the head has.
        told: called between steps with the fraction that is done, 0..1; what it raises ends the work.
    """
    names = [surface.parts[0] for surface in SURFACES]
    levels = levels_of(
        _to_decimate(head, names),
        head.slots,
        names,
        counts,
        lambda fraction: told(_HEAD_SHARE * fraction),
        lips=head.regions.get("lips"),
    )
    made: dict[HairForm, list[Decimated]] = {}
    for number, (form, arrays) in enumerate(hair.items()):
        first, share = _HEAD_SHARE + (1 - _HEAD_SHARE) * number / len(hair), (1 - _HEAD_SHARE) / len(hair)
        made[form] = decimate(
            _hair_to_decimate(arrays),
            [int(HAIR_SHARE * count) for count in counts],
            lambda fraction, first=first, share=share: told(first + share * fraction),
        )
    return Levels(levels, made)


def _to_decimate(arrays: SceneArrays, names: list[str]) -> DecimationMesh:
    owned = {
        name: np.unique(arrays.triangles[np.isin(arrays.slots, [k for k, other in enumerate(names) if other == name])])
        for name in dict.fromkeys(names)
    }
    return DecimationMesh(
        carrying_poses(arrays.points, arrays.keys - arrays.points),
        arrays.triangles,
        arrays.uvs,
        arrays.uv_triangles,
        importance(len(arrays.points), arrays.regions, owned),
        mirror_image(arrays.points, arrays.triangles),
    )


def _hair_to_decimate(arrays: SceneArrays) -> DecimationMesh:
    weights, alone = np.ones(len(arrays.points)), np.full(len(arrays.points), -1)
    return DecimationMesh(arrays.points[None], arrays.triangles, arrays.uvs, arrays.uv_triangles, weights, alone)
