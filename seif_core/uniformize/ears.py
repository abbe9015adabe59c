"""Ears that the surface shows, ears under hair, and ears that it shows badly.

An ear that is shown has a surface of its own shape near the fit's: outside of the rim, hollow and back of the ear lie
close to it and face the same way. Where the surface explains no ear the photo tells why (`evidence.ear_occlusion`): one
under hair is laid flat first, by a map that turns no triangle over, so that it can become a part of the sheet of hair;
any other stays the fit's.

Convention: heights are over the plane of the ear's root, metres, outwards. Worked number: with half of its relief left,
a rim 18 mm above the head lies 9 mm above it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.spatial import KDTree

from ..evidence.ear_occlusion import EarOcclusion
from ..geometry.laplacian import cotangent_laplacian
from ..geometry.normals import vertex_normals
from ..geometry.self_intersection import crossing_pairs
from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of
from ..registration.inverted_triangles import inverted_triangles
from ..shapes import Bool, Float
from .skin_mesh import SkinMesh
from .target import TargetPoints

_NEAR: Final = 0.02
"""Head heights within which the surface explains a place of the ear."""
_COSINE: Final = 0.6
"""Cosine between its normal and the ear's from which it does."""
_OPEN: Final = 0.22
"""Places seen from less of their half space are no evidence."""
_SHOWN: Final = (0.2, 0.5)
"""Share of an ear that the surface explains: it is taken for covered up to the first, for shown from the second."""

_RELIEF: Final = (0.4, 0.5, 0.65, 0.8)
"""Shares of its relief that a covered ear keeps: the first with which the skin stays sound."""

_HANGS: Final = (0.03, 0.06)
"""Head heights off the fit from which, beside a covered ear, the mesh begins to be hair, and is hair."""


class Ears(NamedTuple):
    """What is known of the ear on the same side, for each place of the skin.

    Attributes:
        shown: (S,) in 0..1, how far the surface shows it.
        covered: (S,) in 0..1, how far hair lies over it.
    """

    shown: Float[np.ndarray, " S"]
    covered: Float[np.ndarray, " S"]

    @staticmethod
    def shown_wholly(skin: SkinMesh) -> Ears:
        """Both ears shown, none covered."""
        return Ears(np.ones(len(skin.ids)), np.zeros(len(skin.ids)))


def ears_under(skin: SkinMesh, shown: Float[np.ndarray, " S"], occlusion: EarOcclusion) -> Ears:
    """The ears of a head.

    Args:
        skin: the skin.
        shown: of `ears_shown`.
        occlusion: how far hair covers each ear in the photo.
    """
    return Ears(shown, np.where(skin.left, *occlusion) * (1 - shown))


def ears_shown(
    skin: SkinMesh,
    fitted: Float[np.ndarray, "S 3"],
    surface: TargetPoints,
    *,
    exposed: Float[np.ndarray, " S"],
    height: float,
) -> Float[np.ndarray, " S"]:
    """How far the ear on the same side is shown, (S,) in 0..1.

    Args:
        skin: the skin.
        fitted: (S, 3) the fitted skin, metres.
        surface: what is matched.
        exposed: (S,) from how much of its half space each place of the template is seen.
        height: of the head, metres.
    """
    ears = skin.region("ears") & (exposed > _OPEN)
    shown = np.ones(len(fitted))
    if not ears.any():
        return shown
    normals, area = vertex_normals(fitted, skin.triangles), cotangent_laplacian(fitted, skin.triangles).areas
    distance, nearest = KDTree(surface.points, balanced_tree=False).query(fitted[ears])
    facing = (surface.normals[nearest] * normals[ears]).sum(1)
    explained = np.zeros(len(fitted))
    explained[ears] = (facing > _COSINE) & (distance < _NEAR * height)
    for side in (skin.left, ~skin.left):
        whole = (area * (ears & side)).sum()
        share = (area * explained * side).sum() / whole if whole > 0 else 1.0
        shown[side] = np.clip((share - _SHOWN[0]) / (_SHOWN[1] - _SHOWN[0]), 0, 1)
    return shown


def laid_flat(
    skin: SkinMesh, fitted: Float[np.ndarray, "S 3"], covered: Float[np.ndarray, " S"]
) -> Float[np.ndarray, "S 3"]:
    """The fitted skin (S, 3), metres, with its covered ears laid flat onto the head.

    Args:
        skin: the skin.
        fitted: (S, 3) the fitted skin, metres.
        covered: (S,) of `Ears`; an ear that is covered in part is laid flat in part.
    """
    result = fitted.copy()
    ears = skin.region("ears")
    before = len(crossing_pairs(fitted, skin.triangles))
    for side in (skin.left, ~skin.left):
        ear = ears & side
        if not ear.any() or covered[ear].max() <= 0:
            continue
        for relief in _RELIEF:
            flat = result.copy()
            flat[ear] = _flattened(skin, result, ear, 1 - (1 - relief) * float(covered[ear].mean()))
            sound = not inverted_triangles(skin, fitted, flat).any()
            if sound and len(crossing_pairs(flat, skin.triangles)) <= before:
                result = flat
                break
    return result


def _flattened(skin: SkinMesh, points: np.ndarray, ear: Bool[np.ndarray, " S"], share: float) -> np.ndarray:
    """An ear's vertices (E, 3) with a share of their height over a curved base that its root spans."""
    root = points[skin.grown(ear, 1) & ~ear]
    centre = root.mean(axis=0)
    _, _, axes = np.linalg.svd(root - centre)
    if (points[ear].mean(axis=0) - centre) @ axes[2] < 0:
        axes[2] *= -1
    x, y, height = axes @ (points[ear] - centre).T
    at, over, base = axes @ (root - centre).T
    curved = np.linalg.lstsq(_quadratic(at, over), base, rcond=None)[0]
    lower = (1 - share) * (height - _quadratic(x, y) @ curved)
    return points[ear] - lower[:, None] * axes[2]


def _quadratic(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)


def hair_beside_ears(
    model: HeadModel,
    fitted: Float[np.ndarray, "V 3"],
    drawn: Float[np.ndarray, "V 3"],
    occlusion: EarOcclusion,
) -> Float[np.ndarray, " V"]:
    """How far each vertex (V,) of a drawn head is part of the hair that covers an ear, 0..1.

    Args:
        model: the head model.
        fitted: (V, 3) the fitted head, metres.
        drawn: (V, 3) the head drawn onto the surface, in the same space.
        occlusion: how far hair covers each ear in the photo.
    """
    low, high = _HANGS
    anatomy = anatomy_of(model)
    off = np.linalg.norm(drawn - fitted, axis=1) / anatomy.head_height
    ears = model.regions.get("ears", np.zeros(len(off), bool))
    return np.where(anatomy.left, *occlusion) * np.maximum(ears, np.clip((off - low) / (high - low), 0, 1))
