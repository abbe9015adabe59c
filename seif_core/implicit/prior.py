"""What the fitted 3DMM says at points of the cube: semantic code and signed distance, for many points at once.

Asked on a lattice that is fine near the skin, trilinear between its nodes. The same questions label the training data.

Convention: the cube of `view`; signed distances in cube units to the closed skin with its eyeballs, negative inside.
Worked number: in a cube of 0.4 m, a point 4 mm before the nose has the distance 0.01.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import torch
from scipy.spatial import KDTree
from skimage import measure
from torch.nn import functional as F  # noqa: N812 - torch's own documentation writes F

from ..headmodel import HeadModel
from ..headmodel.anatomy import anatomy_of
from ..headmodel.landmark_schemes import IBUG_INNER_FACE
from ..headmodel.semantics import canonical_codes
from ..shapes import Float, Float32
from .closed_skin import closed_skin, eyeball_triangles
from .coded_surface import CodedSurface
from .view import HeadView

_COARSE: Final = 32
_FINE: Final = 128
_BAND: Final = 0.03
"""Cells per axis of the two lattices, and how near the skin, in cube units, the fine one is asked anew."""
_HELD_WITHIN: Final = (0.013, 0.028)
"""Metres from the landmarks of eyes, nose and mouth within which the 3DMM holds, fully and at all."""
_HELD_TO: Final = 0.04
"""Cube units from the surface at which it holds 1 / e as much."""
_EYES: Final = 0.02
"""Metres from the skin within which eyeballs are looked for."""
_WIDE: Final = 0.02
"""Cube units, more than two cells: no way from inside to outside keeps so far from the skin."""
_REACH: Final = 0.2
"""Cube units beyond which distances are not told apart."""


class Told(NamedTuple):
    """What a posed 3DMM says of N points.

    Attributes:
        codes: (N, 3) semantic codes after fading.
        signed: (N,) metres to the closed skin with its eyeballs, negative inside.
        held: (N,) how far the 3DMM holds at the nearest skin, 0..1.
    """

    codes: Float[np.ndarray, "N 3"]
    signed: Float[np.ndarray, " N"]
    held: Float[np.ndarray, " N"]


class PosedPrior:
    """A posed 3DMM, asked exactly.

    Args:
        model: the head model.
        posed: (V, 3) its vertices, metres, any space.
    """

    def __init__(self, model: HeadModel, posed: Float[np.ndarray, "V 3"]) -> None:
        skin, eyes = closed_skin(model), eyeball_triangles(model)
        codes, extent = canonical_codes(model), anatomy_of(model).code_extent
        self._skin = CodedSurface(skin.with_middles(posed), skin.triangles, skin.with_middles(codes), extent)
        self._eyes = CodedSurface(posed, eyes, codes, extent) if len(eyes) else None
        if self._eyes is not None:
            self._eyes_box = posed[eyes].min(axis=(0, 1)) - _EYES, posed[eyes].max(axis=(0, 1)) + _EYES
        self._held = skin.with_middles(held_places(model)[:, None])[skin.triangles, 0]

    def ask(self, points: Float[np.ndarray, "N 3"]) -> Told:
        """Ask about points (N, 3) in metres."""
        found = self._skin.ask(points)
        signed = found.signed.copy()
        if self._eyes is not None:
            low, high = self._eyes_box  # outside of it the skin is nearer
            rows = np.flatnonzero((np.abs(signed) < _EYES) & (points > low).all(axis=1) & (points < high).all(axis=1))
            signed[rows] = np.minimum(signed[rows], self._eyes.ask(points[rows]).signed)
        return Told(found.codes, signed, (self._held[found.triangles] * found.weights).sum(axis=1))


def held_places(model: HeadModel) -> Float[np.ndarray, " V"]:
    """(V,) in 0..1: eyes, nose and mouth, which no hair covers and where landmarks lie densely.

    There the fitted 3DMM is nearer to the truth than an implicit function of a small picture, so it holds.
    """
    template = model.template.astype(np.float64)
    marks = anatomy_of(model).landmarks
    if marks is None:
        return np.zeros(len(template))
    distance = KDTree(marks[IBUG_INNER_FACE]).query(template)[0]
    return np.clip((_HELD_WITHIN[1] - distance) / (_HELD_WITHIN[1] - _HELD_WITHIN[0]), 0, 1)


class CubePrior:
    """The fitted 3DMM in a view's cube.

    Args:
        model: the head model.
        posed: (V, 3) its fitted vertices, camera space, metres.
        view: the square and its cube.
    """

    def __init__(self, model: HeadModel, posed: Float[np.ndarray, "V 3"], view: HeadView) -> None:
        self._exact, self._view = PosedPrior(model, posed), view
        axis = np.linspace(-0.5, 0.5, _COARSE + 1)
        coarse = self._asked(np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3))
        layers = torch.from_numpy(coarse.T.reshape(1, -1, *(_COARSE + 1,) * 3))
        layers = F.interpolate(layers, size=(_FINE + 1,) * 3, mode="trilinear", align_corners=True)
        fine = np.ascontiguousarray(layers[0].permute(1, 2, 3, 0).numpy())
        near = np.argwhere(np.abs(fine[..., 3]) < _BAND)
        fine[tuple(near.T)] = self._asked(near / _FINE - 0.5)
        fine[..., 3] = in_one_piece(fine[..., 3])
        self._fine = torch.from_numpy(fine).permute(3, 0, 1, 2)[None]  # stays with its channels last in memory

    def _asked(self, points: np.ndarray) -> np.ndarray:
        told = self._exact.ask(self._view.to_camera(points))
        distance = np.clip(told.signed / self._view.scale, -_REACH, _REACH)
        held = told.held * np.exp(-((distance / _HELD_TO) ** 2))
        return np.column_stack([told.codes, distance, held]).astype(np.float32)

    def ask(self, points: Float[np.ndarray, "N 3"]) -> Float32[np.ndarray, "N 5"]:
        """What the 3DMM says at points (N, 3) of the cube.

        Faded semantic code (3), signed distance to the closed skin with its eyeballs, how far the 3DMM holds (0..1).
        """
        at = torch.from_numpy(np.ascontiguousarray(points[:, ::-1], np.float32)) * 2  # the last axis comes first
        told = F.grid_sample(
            self._fine, at[None, None, None], mode="bilinear", padding_mode="border", align_corners=True
        )
        return told[0, :, 0, 0].T.numpy()


def in_one_piece(signed: Float[np.ndarray, "n n n"]) -> Float[np.ndarray, "n n n"]:
    """Signed distances on a lattice with one inside and one outside, in cube units.

    A fitted skin that passes through itself, at lips or ears, has specks of the wrong side there, and wedges of it
    behind them. What hangs together without coming near the skin takes the side that most of it has; then all but the
    largest piece of the inside and of the outside take the other.
    """
    far = np.asarray(measure.label(np.abs(signed) > _WIDE, connectivity=1))
    inside = np.bincount(far.ravel(), signed.ravel() < 0) > 0.5 * np.bincount(far.ravel())
    signed = np.where(far > 0, np.where(inside[far], -np.abs(signed), np.abs(signed)), signed)
    for side in (-1, 1):
        pieces = np.asarray(measure.label(signed * side > 0, connectivity=1))
        sizes = np.bincount(pieces.ravel())[1:]
        if len(sizes) > 1:
            signed[(pieces > 0) & (pieces != sizes.argmax() + 1)] *= -1
    return signed
