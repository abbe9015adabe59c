"""The hair layer's plan: shell, guides, cards, and how cards made of other guides should look."""

from __future__ import annotations

from typing import Final

import numpy as np

from ...core import HairGuides, HairLayer, HairMesh, Head, from_srgb
from ..blueprint import HairPlan, SkinnedPlan, StrandsPlan
from .arrays import floats, integers
from .axes import to_blender
from .cards import atlas_strips, card_width
from .growth import hair_area, hair_mask
from .mesh import plan_bone_groups, plan_faces
from .png import encode_png

_CURLY: Final = 260.0
"""Degrees that half of a head's strands turn at least from root to tip where hair counts as curly. Of 21
portraits of public domain strands of straight hair turn by 87 to 183 in the median, of the three with curls by 355 to
519."""
_SHORTEST: Final = 1e-9
"""Metres: guard against division by zero."""


def plan_hair(head: Head, layer: HairLayer) -> HairPlan:
    """Plan everything that the layer has."""
    linear = from_srgb(layer.colour.astype(float))
    return HairPlan(
        colour=tuple(linear.tolist()),
        shell=_plan_skinned(layer.shell),
        strands=None if layer.guides is None else _plan_strands(head, layer.guides, layer.cards),
        cards=None if layer.cards is None else _plan_skinned(layer.cards),
    )


def _plan_skinned(mesh: HairMesh) -> SkinnedPlan:
    groups = tuple(group for group in plan_bone_groups(mesh.skin_weights) if len(group.members))
    texture = encode_png(np.ascontiguousarray(mesh.texture))
    return SkinnedPlan(plan_faces(mesh, np.zeros(len(mesh.faces), np.int32)), groups, texture)


def _plan_strands(head: Head, guides: HairGuides, cards: HairMesh | None) -> StrandsPlan:
    count, points = guides.points.shape[:2]
    return StrandsPlan(
        points=floats(to_blender(guides.points)),
        sizes=integers(np.full(count, points)),
        root_uvs=floats(root_uvs(head, guides)),
        seen=integers(guides.seen),
        area=hair_area(head, hair_mask(head, guides)),
        curly=bool(np.median(turned(guides.points.astype(float))) > _CURLY),
        strips=floats(np.zeros(0) if cards is None else atlas_strips(cards, guides.points[:, 0])),
        card_width=0.0 if cards is None else card_width(cards),
    )


def turned(strands: np.ndarray) -> np.ndarray:
    """(G,): how far each of the strands (G, P, 3) turns from root to tip, degrees."""
    steps = np.diff(strands, axis=1)
    steps /= np.maximum(np.linalg.norm(steps, axis=2, keepdims=True), _SHORTEST)
    return np.degrees(np.arccos(np.clip((steps[:, 1:] * steps[:, :-1]).sum(2), -1, 1))).sum(1)


def root_uvs(head: Head, guides: HairGuides) -> np.ndarray:
    """(G, 2): the roots in the head's UV map."""
    corners = head.uv_faces[guides.root_faces]
    own = np.where(guides.root_second[:, None], corners[:, [0, 2, 3]], corners[:, :3])
    return np.einsum("gk,gkc->gc", guides.root_weights.astype(float), head.uvs[own].astype(float))
