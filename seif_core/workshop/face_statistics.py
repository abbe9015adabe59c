"""How people's faces differ, learned from one photo of each of many people.

    python -m seif_core.workshop.face_statistics FOLDER vendor/weights/face_statistics.npz

FOLDER holds portraits, one person a file: 749 official portraits in the public domain, see vendor/README.md. Every
fourth is kept back, so that strangers can be told on people that nothing was learned from. What is learned is where
landmarks lie on a frontal grid, the mean of the features of `portrait.likeness`, and their principal directions
(Jolliffe, Principal Component Analysis, 2002), each divided by its standard deviation.
From one photo a person nothing is learned of how photos of one person differ.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from ..errors import PhotoError
from ..portrait import PortraitSettings, read_portrait
from ..portrait.likeness import MARGIN, WIDTH, FaceStatistics, edge_features
from ..portrait.mesh_topology import MESH_POINTS, MIRROR
from ..shapes import Float, Float32

_LOG: Final = logging.getLogger(__name__)
COMPONENTS: Final = 100
"""Directions that are kept."""
_FLOOR: Final = 0.3
"""Share of the mean standard deviation that is added to each, so that weak directions are not all noise."""
KEPT_BACK: Final = 4
"""Every so manieth file of the folder, in order, is not learned from."""
_ROUNDS: Final = 4
"""Of laying faces onto their mean."""


def face_statistics(faces: Sequence[tuple[np.ndarray, np.ndarray]], components: int = COMPONENTS) -> FaceStatistics:
    """What `portrait.likeness` compares with.

    Args:
        faces: of each person the photo (H, W, 3) uint8 sRGB and the landmarks (L, 3) in its pixels.
        components: directions that are kept.
    """
    places = mean_places([marks[:MESH_POINTS, :2].astype(np.float64) for _, marks in faces])
    features = np.stack([edge_features(pixels, marks, places) for pixels, marks in faces]).astype(np.float64)
    mean = features.mean(0)
    _, sizes, axes = np.linalg.svd(features - mean, full_matrices=False)
    kept = min(components, len(faces) - 1)
    spread = sizes[:kept] / np.sqrt(len(faces))
    scaled = axes[:kept] / (spread + _FLOOR * spread.mean())[:, None]
    return FaceStatistics(places, mean.astype(np.float32), scaled.astype(np.float32))


def mean_places(marks: Sequence[Float[np.ndarray, "468 2"]]) -> Float32[np.ndarray, "468 2"]:
    """The mean of faces that are laid onto each other by shift, turn and scale (Gower 1975), made symmetric."""
    mean: np.ndarray = marks[0]
    for _ in range(_ROUNDS):
        mean = mean - mean.mean(0)
        mean = np.mean([_laid(face, mean) for face in marks], axis=0)
        mean = (mean + mean[MIRROR] * [-1, 1]) / 2
    low, high = mean.min(0), mean.max(0)
    return ((mean - low) * ((WIDTH - 2 * MARGIN) / (high - low)[0]) + MARGIN).astype(np.float32)


def _laid(face: np.ndarray, mean: np.ndarray) -> np.ndarray:
    centred = face - face.mean(0)
    left, sizes, right = np.linalg.svd(centred.T @ mean)
    return centred @ (left @ right) * (sizes.sum() / (centred**2).sum())


def main() -> None:
    """Learn from a folder and write the file."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    folder, target = Path(sys.argv[1]), Path(sys.argv[2])
    faces = []
    for place, path in enumerate(sorted(folder.glob("*.jpg"))):
        if place % KEPT_BACK == 0:
            continue
        try:
            portrait = read_portrait(path, settings=PortraitSettings(dense_points=False))
            faces.append((portrait.pixels, portrait.landmarks))
        except PhotoError as error:
            _LOG.info("%s", error)
    found = face_statistics(faces)
    arrays = {"places": found.places, "mean": found.mean.astype(np.float16), "axes": found.axes.astype(np.float16)}
    np.savez_compressed(target, **arrays)
    _LOG.info("%d faces, %d bytes", len(faces), target.stat().st_size)


if __name__ == "__main__":
    main()
