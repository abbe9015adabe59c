"""Whether two photos may show one person: how their faces' edges lie, compared with how much people differ in it.

Each face is drawn onto one frontal grid by its landmarks, so that pose and expression mostly go; what is left are the
directions of edges, pooled in cells and freed of contrast (Dalal, Triggs, Histograms of Oriented Gradients, CVPR 2005).
Of these the directions in which people differ are whitened (Deng, Hu, Guo, Extended SRC, PAMI 2012, has it for one
photo a person), and the cosine of two faces' numbers is their likeness. Colour is not asked: light changes it more than
people do. Light and pose of one side go by taking the face and its mirror image together. It tells many strangers,
not all, so it may warn, never refuse.

The statistics are learned by `workshop.face_statistics`; no picture, and no part of one, is in them.

Convention: grid pixels, origin top left, x right, y down, centres at +0.5; cosines from -1 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from scipy.spatial import Delaunay

from ..array_files import read_arrays
from ..resources import vendor_path
from ..shapes import Bool, Float, Float32, UInt8
from .mesh_topology import LEFT_OUTER, MESH_POINTS, RIGHT_OUTER
from .portrait import Portrait

WIDTH: Final = 96
"""Columns of the grid."""
MARGIN: Final = 4.0
"""Pixels of the grid around the landmarks."""
_CELL: Final = 6
"""Pixels of the grid between the middles of two cells."""
_DIRECTIONS: Final = 8
"""Of an edge, light side and dark side told apart."""
_FINE: Final = 0.7
"""Standard deviation of the blur before edges are looked for, pixels of the grid."""
_AROUND: Final = 10.0
"""Standard deviation, pixels of the grid, of the window whose contrast counts as one."""
_DARK: Final = 8.0
"""Steps of 8 bits that are added before the logarithm, so that noise in the dark has no edges."""
_FAINT: Final = 1e-3
"""Contrast, natural logarithm a pixel, below which nothing is made stronger."""
_SHRUNK: Final = 2.5
"""Pixels of the photo to one of the grid, a standard deviation of blur: what the grid cannot show goes first."""
_EDGE: Final = 2.0
"""Standard deviation, pixels of the grid, of the blur by which a cell counts that lies inside by half."""
_A_PAIR: Final = 2
UNLIKE: Final = 0.0
"""Likeness of two people taken by chance, in the median; `benchmarks/same_face.py` tells how often photos of one person
lie below it."""
_ADVICE: Final = "check that the photos show the same person, or leave one out."
_GREY: Final = np.array([0.2126, 0.7152, 0.0722])


@dataclass(frozen=True, eq=False)
class FaceStatistics:
    """How faces differ.

    Attributes:
        places: (468, 2) where each landmark lies on the grid.
        mean: (D,) of the features of many people, see `edge_features`.
        axes: (K, D) directions in which they differ, each divided by how much they do.
    """

    places: Float32[np.ndarray, "468 2"]
    mean: Float32[np.ndarray, " D"]
    axes: Float32[np.ndarray, "K D"]

    def coordinates(self, features: Float[np.ndarray, " D"]) -> Float[np.ndarray, " K"]:
        """Where a face lies among people: (K,), of length 1, so that a product of two is their likeness."""
        found = self.axes.astype(np.float64) @ (features - self.mean)
        return found / max(float(np.linalg.norm(found)), 1e-9)


@dataclass(frozen=True, eq=False)
class FaceGrid:
    """Which landmarks each pixel of the grid lies between.

    Attributes:
        corners: (H, W, 3) landmarks around a pixel.
        weights: (H, W, 3) their shares, 1 in all.
        inside: (H, W) pixels that lie between landmarks at all.
    """

    corners: np.ndarray
    weights: np.ndarray
    inside: Bool[np.ndarray, "H W"]

    @classmethod
    def of(cls, places: Float[np.ndarray, "468 2"]) -> FaceGrid:
        """The grid whose landmarks lie at these places."""
        height = int(np.ceil(places[:, 1].max() + MARGIN))
        across = Delaunay(places.astype(np.float64))
        pixels = np.stack(np.meshgrid(np.arange(WIDTH) + 0.5, np.arange(height) + 0.5), axis=-1).reshape(-1, 2)
        found = across.find_simplex(pixels)
        chosen = np.maximum(found, 0)
        solved = across.transform[chosen]
        two = np.einsum("nij,nj->ni", solved[:, :2], pixels - solved[:, 2])
        weights = np.concatenate([two, 1 - two.sum(1, keepdims=True)], axis=1)
        shape = (height, WIDTH)
        return cls(across.simplices[chosen].reshape(*shape, 3), weights.reshape(*shape, 3), (found >= 0).reshape(shape))


def edge_features(
    pixels: UInt8[np.ndarray, "H W 3"],
    landmarks: Float32[np.ndarray, "L 3"],
    places: Float[np.ndarray, "468 2"],
) -> Float32[np.ndarray, " D"]:
    """What of a face is compared: square roots of how strong each direction of edges is in each cell.

    Args:
        pixels: (H, W, 3) uint8 sRGB.
        landmarks: (L, 3) of MediaPipe Face Mesh, pixels of the photo.
        places: (468, 2) where they lie on the grid.
    """
    grid = _grid(places.astype(np.float64).tobytes())
    grey = _straightened(pixels, landmarks[:MESH_POINTS, :2].astype(np.float64), places, grid)
    inside = grid.inside & grid.inside[:, ::-1]
    return (_cells(grey, inside) + _cells(grey[:, ::-1], inside)) / 2


def _cells(grey: Float[np.ndarray, "H W"], inside: Bool[np.ndarray, "H W"]) -> Float32[np.ndarray, " D"]:
    """Square roots of the strength of edges by cell and direction.

    Args:
        grey: (H, W) 0..255.
        inside: (H, W) pixels that count.
    """
    light = cv2.GaussianBlur(np.log(grey + _DARK), (0, 0), _FINE)
    down, right = np.gradient(light)
    strength = np.hypot(right, down)
    strength = strength / (np.sqrt(cv2.GaussianBlur(strength**2, (0, 0), _AROUND)) + _FAINT) * inside
    turn = np.arctan2(down, right) % (2 * np.pi) * (_DIRECTIONS / (2 * np.pi))
    cells = [
        cv2.GaussianBlur(strength * np.maximum(0, 1 - _apart(turn, k)), (0, 0), _CELL / 2) for k in range(_DIRECTIONS)
    ]
    counted = cv2.GaussianBlur(inside.astype(np.float64), (0, 0), _EDGE)[_CELL // 2 :: _CELL, _CELL // 2 :: _CELL]
    stacked = np.stack(cells, axis=-1)[_CELL // 2 :: _CELL, _CELL // 2 :: _CELL][counted > 1 / 2]
    return np.sqrt(np.maximum(stacked, 0)).ravel().astype(np.float32)


def likeness_warnings(portraits: Sequence[Portrait]) -> tuple[str, ...]:
    """Sentences about photos whose face looks less like the others' than strangers mostly do.

    Args:
        portraits: photos that are said to show one person; those without the face mesh's landmarks are not compared.
    """
    compared = [portrait for portrait in portraits if portrait.landmark_scheme == "mediapipe478"]
    if len(compared) < _A_PAIR:
        return ()
    known = face_statistics()
    faces = np.stack([known.coordinates(edge_features(p.pixels, p.landmarks, known.places)) for p in compared])
    if len(compared) == _A_PAIR:
        alike = float(faces[0] @ faces[1])
        names = f"{compared[0].name} and {compared[1].name}"
        return () if alike >= UNLIKE else (f"The faces in {names} look like two people's; {_ADVICE}",)
    others = faces.sum(0) - faces
    odd = (faces * others).sum(1) < UNLIKE
    names = [portrait.name for portrait, told in zip(compared, odd, strict=True) if told]
    return tuple(
        f"The face in {name} looks like another person's than in the other photos; {_ADVICE}" for name in names
    )


@lru_cache(maxsize=1)
def face_statistics() -> FaceStatistics:
    """The statistics that ship.

    Raises:
        ModelError: the file is missing.
    """
    arrays = read_arrays(vendor_path("weights", "face_statistics.npz"))
    return FaceStatistics(*(arrays[name].astype(np.float32) for name in ("places", "mean", "axes")))


@lru_cache(maxsize=2)
def _grid(places: bytes) -> FaceGrid:
    return FaceGrid.of(np.frombuffer(places).reshape(-1, 2))


def _apart(turn: np.ndarray, k: int) -> np.ndarray:
    """Steps between a direction and the k-th, the short way around."""
    away = np.abs(turn - k)
    return np.minimum(away, _DIRECTIONS - away)


def _straightened(pixels: np.ndarray, marks: np.ndarray, places: np.ndarray, grid: FaceGrid) -> np.ndarray:
    """(H, W) the face's grey values on the grid, 0..255."""
    eyes, on_grid = (float(np.linalg.norm(at[RIGHT_OUTER] - at[LEFT_OUTER])) for at in (marks, places))
    scale = eyes / on_grid
    room = int(np.ceil(4 * max(scale, 1)))
    height, width = pixels.shape[:2]
    left, top = (int(v) for v in np.clip(np.floor(marks.min(0)) - room, 0, [width - 1, height - 1]))
    right, bottom = (int(v) for v in np.clip(np.ceil(marks.max(0)) + room, [left + 1, top + 1], [width, height]))
    grey = pixels[top:bottom, left:right].astype(np.float32) @ _GREY.astype(np.float32)
    if scale > 1:
        grey = cv2.GaussianBlur(grey, (0, 0), scale / _SHRUNK)
    where = (marks[grid.corners] * grid.weights[..., None]).sum(2) - [left + 0.5, top + 0.5]
    mapped = where.astype(np.float32)
    return cv2.remap(grey, mapped[..., 0], mapped[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(
        np.float64
    )
