"""Heads of real people that the Open head's identity space is calibrated on; read at calibration time, never shipped.

Two sets, each a mean head and offsets in one topology, so that one registration of the mean registers them all:
ICT-FaceKit's identity components (Li et al., Learning Formation of Physically-Based Face Attributes, CVPR 2020; MIT
licence) and identities of FLAME 2023 Open (Li et al., SIGGRAPH Asia 2017; CC BY 4.0).

Convention: metres, Y up, the face towards +Z. Worked number: ICT's neutral is 0.338 m from crown to chest.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ...errors import ModelError
from ...shapes import Bool, Float64, Int

ICT_OUTER: Final = 11248
"""ICT-FaceKit vertices below this index are face, head and neck; eyes, teeth and sockets follow (its README)."""

ICT_SKIN: Final = 14062
"""ICT-FaceKit vertices below this index form the connected skin, sockets and nostrils included."""

LANDMARKS: Final = (
    # name, MakeHuman vertex, FLAME vertex, ICT-FaceKit vertex, weight
    ("nose tip", 7071, 3534, 4777, 0.5),
    ("nasion", 6911, 3553, 978, 1.0),
    ("subnasale", 7078, 3556, 1147, 0.5),
    ("right ala", 318, 3092, 4868, 0.5),
    ("left ala", 7057, 1604, 2700, 0.5),
    ("chin", 5225, 3399, 965, 0.15),
    ("forehead", 237, 3524, 3611, 0.15),
    ("right cheek", 5065, 3127, 1200, 0.15),
    ("left cheek", 11681, 2100, 3422, 0.15),
    ("right brow", 204, 338, 1032, 0.15),
    ("left brow", 6981, 27, 2724, 0.15),
    ("left inner eye", 6837, 3835, 3798, 1.0),
    ("left outer eye", 6808, 1146, 3721, 4.0),
    ("left upper lid inner", 6838, 1292, 3787, 4.0),
    ("left lower lid inner", 6831, 826, 3732, 4.0),
    ("left upper lid", 6785, 1344, 4161, 4.0),
    ("left lower lid", 6828, 992, 3728, 4.0),
    ("left upper lid outer", 6790, 1224, 3791, 4.0),
    ("left lower lid outer", 6820, 999, 3765, 4.0),
    ("right inner eye", 53, 2283, 1584, 1.0),
    ("right outer eye", 24, 2425, 1507, 4.0),
    ("right upper lid outer", 6, 2454, 1577, 4.0),
    ("right lower lid outer", 36, 2360, 1511, 4.0),
    ("right upper lid", 1, 2495, 1961, 4.0),
    ("right lower lid", 44, 2356, 1514, 4.0),
    ("right upper lid inner", 54, 2471, 1573, 4.0),
    ("right lower lid inner", 47, 2275, 1518, 4.0),
    ("right ear top", 5413, 1488, 7591, 1.0),
    ("left ear top", 12012, 476, 6864, 1.0),
    ("right ear back", 5467, 656, 7965, 1.0),
    ("left ear back", 12066, 29, 7238, 1.0),
    ("right ear lobe", 5420, 556, 7846, 1.0),
    ("left ear lobe", 12019, 237, 7119, 1.0),
    ("right tragus", 5478, 21, 7818, 0.5),
    ("left tragus", 12077, 2, 7091, 0.5),
    ("right mouth corner", 402, 2827, 5708, 4.0),
    ("left mouth corner", 7162, 1710, 6213, 4.0),
    ("stomion", 474, 3531, 5517, 4.0),
    ("right nostril", 393, 1409, 4811, 2.0),
    ("left nostril", 7153, 475, 5275, 2.0),
)
"""Points that start the registration: chosen on renders of the three means (lid points where the lids meet the visible
eyeball at fixed shares of its width; nostrils deep inside; the others by eye and by a
landmark detector), kept as nearest vertices."""

_CENTIMETRE: Final = 0.01
"""Metres per ICT-FaceKit unit (centimetres)."""


_VIEWS: Final = tuple((yaw, pitch) for yaw in range(-120, 121, 40) for pitch in (-50, -20, 0, 30, 60))
"""Yaw and pitch in degrees of the views that decide what can be seen of a head."""


@dataclass(frozen=True, eq=False)
class ScanSet:
    """Heads in one topology.

    Attributes:
        name: short name.
        mean: (V, 3) float64, metres.
        triangles: (T, 3) int, all surfaces (eyeballs hide what lies behind them).
        skin: (V,) bool, vertices of the outer head's skin.
        offsets: (K, V, 3) float64, metres: components per standard deviation, or offsets of persons.
        column: column of `LANDMARKS` that names this topology's vertices.
    """

    name: str
    mean: Float64[np.ndarray, "V 3"]
    triangles: Int[np.ndarray, "T 3"]
    skin: Bool[np.ndarray, " V"]
    offsets: Float64[np.ndarray, "K V 3"]
    column: int

    @property
    def landmarks(self) -> Float64[np.ndarray, "L 3"]:
        """Positions of `LANDMARKS` on the mean, (L, 3)."""
        return self.mean[[int(row[self.column]) for row in LANDMARKS]]

    def outer_triangles(self) -> Int[np.ndarray, "T 3"]:
        """Triangles of the skin that can be seen from outside the head."""
        seen = visible_triangles(self.mean, self.triangles)
        shown = np.zeros(len(self.mean), dtype=bool)
        shown[self.triangles[seen]] = True
        inner = self.triangles
        return inner[self.skin[inner].all(1) & shown[inner].any(1)]


def visible_triangles(vertices: np.ndarray, triangles: np.ndarray, size: int = 700) -> np.ndarray:
    """Indices of the triangles that show in any of the `_VIEWS`, by rasterizing orthographically."""
    import torch

    from ...geometry.rasterizer import rasterize

    centre = (vertices[triangles].min((0, 1)) + vertices[triangles].max((0, 1))) / 2
    seen = np.zeros(len(triangles), dtype=bool)
    for yaw, pitch in np.radians(_VIEWS):
        turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
        nod = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
        view = torch.from_numpy((vertices - centre) @ (nod @ turn).T)
        xy = torch.stack([size / 2 + view[:, 0] * size / 0.42, size / 2 - view[:, 1] * size / 0.42], 1)
        raster = rasterize(xy, 1.0 - view[:, 2], torch.from_numpy(triangles), size, size, cull_back=True)
        seen[np.unique(raster.triangle.numpy()).clip(min=0)] = True
    return np.flatnonzero(seen)


def read_ict(folder: Path) -> ScanSet:
    """ICT-FaceKit's neutral and its 100 identity components from ``heads/ict_facekit_packed.npz``.

    Raises:
        ModelError: the file is missing.
    """
    with np.load(existing(folder / "heads" / "ict_facekit_packed.npz"), allow_pickle=False) as data:
        quads = data["faces"].astype(np.int64)
        mean = data["neutral"].astype(np.float64) * _CENTIMETRE
        offsets = data["identity"].astype(np.float64) * _CENTIMETRE
    triangles = np.concatenate([quads[:, :3], quads[quads[:, 3] >= 0][:, [0, 2, 3]]])
    eyeball = (triangles >= 21451) & (triangles < 24591)
    triangles = triangles[(triangles < ICT_SKIN).all(1) | eyeball.all(1)]
    return ScanSet("ICT-FaceKit", mean, triangles, np.arange(len(mean)) < ICT_SKIN, offsets, 3)


def read_flame(folder: Path) -> ScanSet:
    """FLAME 2023 Open's template and the offsets of five identities from ``flame/*.npz``, eyeballs left at rest.

    Raises:
        ModelError: a file is missing.
    """
    with np.load(existing(folder / "flame" / "flame2023_open_template.npz"), allow_pickle=False) as data:
        mean, triangles = data["v_template"].astype(np.float64), data["faces"].astype(np.int64)
    with np.load(existing(folder / "flame" / "flame2023_open_5identities.npz"), allow_pickle=False) as data:
        persons, skin = data["verts"].astype(np.float64), data["head_vertex_mask"].astype(bool)
    return ScanSet("FLAME 2023 Open", mean, triangles, skin, np.nan_to_num(persons - mean), 2)


def read_ict_marks(folder: Path) -> Float64[np.ndarray, "68 3"]:
    """iBUG-68 marks (68, 3) on ICT-FaceKit's neutral, metres, from the vertices that its README names.

    Raises:
        ModelError: the file is missing.
    """
    with np.load(existing(folder / "heads" / "ict_facekit_packed.npz"), allow_pickle=False) as data:
        return data["neutral"][data["lmk68"]].astype(np.float64) * _CENTIMETRE


def existing(path: Path) -> Path:
    """The path of a scan file that exists.

    Raises:
        ModelError: it does not.
    """
    if not path.exists():
        raise ModelError(f"The scan file {path.name} is missing; calibrating needs the folder that holds it.")
    return path
