"""How good surfaces and uniform meshes of photos are: `python benchmarks/shape.py FOLDER [PHOTO...]`.

FOLDER holds photos and, for some, ``NAME_normal.png`` and ``NAME_mask.png`` (see `seif_core.evaluation.normals`). Per
photo: pieces of the surface, whether it is watertight, pairs of its triangles that cross (self), folded triangles and
new crossings of the uniform mesh, mean distance of its face to the surface in percent of the head's height, processor
seconds without texture; and degrees against the reference, face / head, of the fit, the network's normal map and the
mesh.

Last figures (2 cores, x86_64, CPU without bf16, one thread, other work beside, which about doubles the times; base
topology, 256 cells, hair merged into the mesh):

    photo                            pieces closed  self flips crossings face %  s  fit, network, mesh: face / head
    Bryan                                  1    True     0    0    0     0.23   30.2
    Luciano                                1    True     0    0    0     0.22   50.5
    astronaut                              1    True     0    0    0     0.20   50.7
    avatar_fjgaylor_tsand                  1    True     0    0    0     0.19   33.1
    chelsea  (no face found, told in a sentence)
    duncan                                 1    True     0    0    0     0.52   36.7
    grace_hopper                           1    True     0    0    0     0.36   36.9
    kwong                                  1    True     0    0    0     0.19   61.0
    landscape_eyes_that_speak_familymwr    1    True     0    0    0     0.22   42.0
    landscape_obama_nasa_hq_photo          1    True     0    0    0     0.27   38.5
    landscape_untitled_amir_kuckovic  (no face found, told in a sentence)
    macbeth                                1    True     0    0    0     0.19   43.4
    noise  (no face found, told in a sentence)
    obama                                  1    True     0    0    0     0.27   31.9
    portrait_iris_stefan_kellner           1    True     0    0    0     0.21   53.0
    retina_flotus_the_white_house          1    True     0    0    0     0.24   34.6
    seif_demo_1                            1    True     0    0    0     0.17   36.7
        11.31 / 13.98  11.03 / 14.06  10.53 / 14.05
    seif_demo_12                           1    True     0    0    0     0.23   38.4
        8.62 / 15.12  8.57 / 13.29  9.40 / 13.46
    seif_demo_5                            1    True     0    0    0     0.18   45.3
        11.30 / 17.25  9.36 / 14.17  10.68 / 15.93

Mean of the three with a reference: fit 10.41 / 15.45, network 9.65 / 13.84, mesh 10.20 / 14.48 degrees.
The collar in duncan's mask is part of the surface, and the mesh does not follow it.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import trimesh

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seif_core.errors import PhotoError
from seif_core.evaluation.normals import ReferencePhoto, find_references
from seif_core.evaluation.normals_of_photos import compare_normals
from seif_core.geometry.self_intersection import crossing_pairs
from seif_core.pipeline import Reconstruction, reconstruct
from seif_core.settings import ReconstructionSettings

PHOTOS = (".png", ".jpg", ".jpeg", ".webp")


def degrees(done: Reconstruction, reference: ReferencePhoto | None) -> str:
    """Fit, network and mesh against the reference, face / head."""
    if reference is None:
        return ""
    row = compare_normals(done, reference)
    pairs = ((row.fit_face, row.fit_head), (row.network_face, row.network_head), (row.mesh_face, row.mesh_head))
    return "   ".join("-" if a is None or b is None else f"{a.mean_deg:5.2f} / {b.mean_deg:5.2f}" for a, b in pairs)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("photos", nargs="*")
    options = parser.parse_args()
    references = {r.photo.stem: r for r in find_references(options.folder)}
    photos = [p for p in sorted(options.folder.iterdir()) if p.suffix.lower() in PHOTOS]
    photos = [p for p in photos if not p.stem.endswith(("_normal", "_mask"))]
    print(f"{'photo':<36}pieces closed  self flips crossings  face %  seconds   fit, network, mesh: face / head")
    for photo in photos:
        if options.photos and photo.stem not in options.photos:
            continue
        start = time.process_time()
        try:
            done = reconstruct(photo, ReconstructionSettings(texture_size=0, hair="merged"))
        except PhotoError as error:
            print(f"{photo.stem:<36}{error}", flush=True)
            continue
        seconds = time.process_time() - start
        figures = done.shape.figures()
        surface = done.surface
        closed, crossed = "-", "-"
        if surface is not None:
            closed = trimesh.Trimesh(surface.vertices, surface.triangles, process=False).is_watertight
            crossed = len(crossing_pairs(surface.vertices, surface.triangles))
        told = [figures.get(k, "-") for k in ("components", "flips", "crossings", "face_distance_percent")]
        line = f"{photo.stem:<36}{told[0]:>6}{closed!s:>7}{crossed!s:>6}{told[1]:>6}{told[2]:>10}{told[3]:>8}"
        print(f"{line}{seconds:>9.1f}   {degrees(done, references.get(photo.stem))}", flush=True)


if __name__ == "__main__":
    main()
