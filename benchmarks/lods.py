"""How far levels of detail are from the full head: `python benchmarks/lods.py HEAD.npz`.

Millimetres from the middles of a level's triangles to the planes of the full head's outer skin beside them, neutral and
with one key at 1; each is mean / 95th percentile. Last figures (astronaut, 15,640 triangles; processor time on a
machine that was busy):

    level triangles vertices         neutral         jawOpen    eyeBlinkLeft  mouthSmileLeft     browInnerUp
        1      4998     2995    0.12 /  0.45    0.12 /  0.47    0.12 /  0.46    0.12 /  0.46    0.12 /  0.46
        2      2500     1351    0.36 /  1.09    0.37 /  1.14    0.36 /  1.08    0.36 /  1.11    0.36 /  1.10
        3      1000      517    0.90 /  2.38    0.90 /  2.38    0.90 /  2.39    0.90 /  2.38    0.90 /  2.38
    18.6 s of processor time, shell and cards included
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from scipy.spatial import KDTree

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seif_core.head import Head
from seif_core.headmodel.model import triangulate
from seif_core.lods import head_lods

KEYS = ("", "jawOpen", "eyeBlinkLeft", "mouthSmileLeft", "browInnerUp")
GRID = np.array([(a, b, 4 - a - b) for a in range(5) for b in range(5 - a)]) / 4.0


def places(head: Head, key: str, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places (N, 3) on the outer skin's triangles, at barycentric weights, in a key's expression, and unit normals."""
    moved = head.vertices + (head.key_deltas[head.key_names.index(key)] if key else 0)
    triangles, origin = triangulate(head.faces)
    outer = (head.face_part[origin] == 0) & ~head.regions["mouth_interior"][triangles].any(axis=1)
    corners = moved[triangles[outer]].astype(float)
    area = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = area / np.maximum(np.linalg.norm(area, axis=1, keepdims=True), 1e-20)
    return np.einsum("gk,tkc->tgc", at, corners).reshape(-1, 3), np.repeat(normals, len(at), axis=0)


def distances(level: Head, key: str, surface: tuple[KDTree, np.ndarray, np.ndarray]) -> np.ndarray:
    """Millimetres from the middles of a level's triangles to the planes of the nearest places of the full head."""
    tree, points, normals = surface
    middles, _ = places(level, key, np.full((1, 3), 1 / 3))
    near = tree.query(middles)[1]
    return 1000 * np.abs(((middles - points[near]) * normals[near]).sum(axis=1))


def main() -> None:
    """Measure and print a row for each level."""
    head = Head.load(Path(sys.argv[1]))
    start = time.process_time()
    levels = head_lods(head)
    seconds = time.process_time() - start
    print(f"{'level':>6} {'triangles':>9} {'vertices':>8} " + " ".join(f"{key or 'neutral':>15}" for key in KEYS))
    surfaces = {key: (KDTree((found := places(head, key, GRID))[0]), *found) for key in KEYS}
    for number, level in enumerate(levels, start=1):
        found = [distances(level, key, surfaces[key]) for key in KEYS]
        figures = " ".join(f"{d.mean():>7.2f} / {np.percentile(d, 95):>5.2f}" for d in found)
        print(f"{number:>6} {len(level.faces):>9} {len(level.vertices):>8} {figures}")
    print(f"{seconds:.1f} s of processor time")


if __name__ == "__main__":
    main()
