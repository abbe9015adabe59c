"""How far levels of detail are from the full head: `python benchmarks/lods.py HEAD.npz`.

Millimetres from the middles of a level's triangles to the full head's outer skin, neutral and with one key at 1; each
is mean / 95th percentile. Last figures (astronaut, 15,640 triangles; processor time on a machine that was busy):

FIGURES
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


def places(head: Head, key: str, at: np.ndarray) -> np.ndarray:
    """Places (N, 3) on the outer skin's triangles, at barycentric weights, in a key's expression."""
    moved = head.vertices + (head.key_deltas[head.key_names.index(key)] if key else 0)
    triangles, origin = triangulate(head.faces)
    outer = (head.face_part[origin] == 0) & ~head.regions["mouth_interior"][triangles].any(axis=1)
    return np.einsum("gk,tkc->tgc", at, moved[triangles[outer]]).reshape(-1, 3)


def main() -> None:
    """Measure and print a row for each level."""
    head = Head.load(Path(sys.argv[1]))
    start = time.process_time()
    levels = head_lods(head)
    seconds = time.process_time() - start
    print(f"{'level':>6} {'triangles':>9} {'vertices':>8} " + " ".join(f"{key or 'neutral':>15}" for key in KEYS))
    trees = {key: KDTree(places(head, key, GRID)) for key in KEYS}
    for number, level in enumerate(levels, start=1):
        found = [1000 * trees[key].query(places(level, key, np.full((1, 3), 1 / 3)))[0] for key in KEYS]
        figures = " ".join(f"{d.mean():>7.2f} / {np.percentile(d, 95):>5.2f}" for d in found)
        print(f"{number:>6} {len(level.faces):>9} {len(level.vertices):>8} {figures}")
    print(f"{seconds:.1f} s of processor time")


if __name__ == "__main__":
    main()
