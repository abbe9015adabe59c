"""A folder for `seif compare` of drawn people of known shape: photos, and their true heads as scans.

Run: ``python benchmarks/compare_known.py DATA PACK SCRATCH FOLDER [--people N]``, then
``seif compare FOLDER --out OUT --ours``; DATA, PACK and SCRATCH as in `known_points`. The table in `docs/compare.md` is
of 8 people: 5 of ICT's, 2 of FLAME's, 1 of GNM's.

The scan is the true head at rest, skin and eyeballs, with the 68 landmarks of its vertices; the photo shows it from the
front. Convention: metres.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Final

import numpy as np
import trimesh
from known_points import people

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seif_core.headmodel import load_head_model
from seif_core.headmodel.anatomy import anatomy_of, part_triangles

VIEW: Final = "front"


def main() -> None:
    """Write the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("data", "pack", "scratch", "folder"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--people", type=int, default=8)
    arguments = parser.parse_args()
    model = load_head_model("open")
    truth = {
        title: head
        for title, head in people(model, arguments.data, arguments.pack, arguments.scratch).items()
        if title.endswith(VIEW)
    }
    triangles = np.concatenate([anatomy_of(model).outer_skin_triangles, part_triangles(model, "eye_left", "eye_right")])
    photos, scans = arguments.folder / "photos", arguments.folder / "scans"
    for place in (photos, scans):
        place.mkdir(parents=True, exist_ok=True)
    titles = list(truth)
    for title in (titles[i] for i in np.linspace(0, len(titles) - 1, arguments.people).astype(int)):
        head = truth[title].astype(np.float64)
        shutil.copy(arguments.scratch / f"{title}.png", photos)
        trimesh.Trimesh(head, triangles, process=False).export(scans / f"{title}.ply")
        np.save(scans / f"{title}.landmarks.npy", model.embeddings["ibug68"].points(head))


if __name__ == "__main__":
    main()
