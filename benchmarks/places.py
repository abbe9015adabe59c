"""Is the whole head nearer to the truth than the fit? `python benchmarks/places.py DATA PACK SCRATCH [--heads N]`.

Two kinds of drawn heads whose shape is known: *drawn* (`known_heads`, 20) and *people* (`known_people`, from the front;
12 identities of ICT-FaceKit, 5 of FLAME, 3 of GNM). DATA and PACK as in `known_points`; SCRATCH keeps pictures.

Measured are corresponding vertices of the face, aligned with scale by the inner face (within 3 cm of brows, eyes, nose
and mouth), *at* without scale; millimetres, means by area. *Worst*: the largest ratio of whole to fit on a head. Of
drawn heads the posed mesh is measured, of people the neutral one. Fast quality is the fit.

Last figures (128 cells, bald head, surfaces not untangled; 20 drawn heads, 20 people: 12 ICT, 5 FLAME, 3 GNM; 2 cores
that much else used), coarse waves 0.67 the fit's, as shipped:

    drawn               inner    eyes   brows    nose   mouth  cheeks forehead    jaw      at   at: eyes
    fit                 1.940   1.759   1.681   2.068   2.420   2.042   1.859   2.155   3.018      2.517
    whole               1.944   1.770   1.669   2.078   2.420   2.049   1.867   2.180   3.016      2.524
    worst               1.043   1.034   1.097   1.068   1.022   1.039   1.071   1.601   1.033      1.043

    people
    fit                 1.984   2.090   1.842   2.125   1.723   2.441   2.254   3.013   2.813      2.532
    whole               1.989   2.122   1.843   2.143   1.712   2.439   2.265   3.035   2.820      2.564
    worst               1.021   1.055   1.035   1.138   1.028   1.045   1.035   1.138   1.017      1.051

So the whole head is as near as the fit: 0.2 % further in the mean, 4 % on the worst head; the jaw of one drawn head
60 % (1.2 and 2.0 mm).

Before dense points took the landmarks' place, when the fit was 2.2 and 2.7 mm off (20 drawn heads, 16 people):

    drawn               inner    eyes   brows    nose   mouth  cheeks forehead    jaw      at   worst: inner  eyes   at
    fit                 2.237   2.044   2.318   2.204   2.692   2.270   2.101   2.540   3.297
    surface's (before)  2.256   2.055   2.314   2.236   2.658   2.297   2.128   2.615   3.290         1.097 1.077 1.107
    half the fit's      2.239   2.046   2.310   2.212   2.670   2.278   2.103   2.558   3.288         1.037 1.040 1.046
    0.67, as shipped    2.236   2.045   2.311   2.208   2.676   2.275   2.099   2.543   3.290         1.022 1.028 1.029
    wholly the fit's    2.237   2.045   2.318   2.206   2.692   2.274   2.099   2.530   3.298         1.004 1.005 1.003

    people
    fit                 2.721   2.909   2.987   3.781   2.647   2.900   2.887   3.281   3.699
    surface's (before)  2.707   2.877   2.864   3.755   2.707   2.849   2.781   3.366   3.671         1.043 1.072 1.016
    half the fit's      2.704   2.878   2.913   3.750   2.648   2.828   2.809   3.187   3.677         1.019 1.037 1.008
    0.67, as shipped    2.708   2.885   2.936   3.758   2.641   2.840   2.830   3.183   3.683         1.012 1.025 1.005
    wholly the fit's    2.725   2.910   2.988   3.787   2.651   2.892   2.887   3.284   3.701         1.007 1.014 1.005

With the dense points, 20 drawn heads and 20 people (12 ICT, 5 FLAME, 3 GNM):

    drawn               inner    eyes   brows    nose   mouth  cheeks forehead    jaw      at   worst: inner  eyes   at
    fit                 1.940   1.759   1.681   2.068   2.420   2.042   1.859   2.155   3.018
    0.67, as shipped    1.944   1.770   1.669   2.078   2.420   2.049   1.867   2.180   3.016         1.043 1.034 1.033
    people
    fit                 1.984   2.090   1.842   2.125   1.723   2.441   2.254   3.013   2.813
    0.67, as shipped    1.989   2.122   1.843   2.143   1.712   2.439   2.265   3.035   2.820         1.021 1.055 1.017

So the mesh is as near as the fit, and no nearer.

Where it lost: on people the jaw and mouth (beards, necks; the face's lower border, where `fitted_skin` ends), on drawn
heads brows, cheeks and forehead. By waves, 8 + 8 heads, inner face: of what the mesh adds to the fit only waves finer
than 20 mm 2.037 / 2.479, than 40 mm 2.045 / 2.492, coarser than 40 mm 2.050 / 2.434, all 2.067 / 2.455; the fit alone
2.036 / 2.476. So what is finer than 20 mm is harmless, and what is coarser tells something that the fit does not know,
with an error of its own: a weighted mean is nearer than both.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import torch
from known_heads import INNER, drawn_head
from known_points import people
from scipy.spatial import KDTree

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seif_core.errors import PhotoError
from seif_core.geometry.alignment import align_points
from seif_core.geometry.normals import vertex_areas
from seif_core.headmodel import HeadModel, load_head_model
from seif_core.headmodel.anatomy import anatomy_of
from seif_core.pipeline import reconstruct
from seif_core.settings import ReconstructionSettings

PARTS: Final = {"brows": (17, 27), "nose": (27, 36), "mouth": (48, 68), "eyes": (36, 48)}
"""iBUG-68 landmarks near which skin belongs to a part; later ones win."""
NEAR: Final = 0.012
"""Metres from those landmarks."""
COLUMNS: Final = ("inner", "eyes", "brows", "nose", "mouth", "cheeks", "forehead", "jaw", "at", "at eyes")


class Known(NamedTuple):
    """A photo, and where vertices (N,) truly are (N, 3), posed or neutral."""

    kind: str
    photo: Path
    ids: np.ndarray
    points: np.ndarray
    posed: bool


def known(model: HeadModel, options: argparse.Namespace) -> Iterator[Known]:
    """All heads."""
    for number in range(options.heads):
        photo, truth = drawn_head(model, number, options.scratch)
        kept = model.regions["face"][truth.ids]
        yield Known("drawn", photo, truth.ids[kept], truth.points[kept], posed=True)
    face = np.flatnonzero(model.regions["face"] & (areas(model) > 0))
    found = people(model, options.data, options.pack, options.scratch)
    for title in [t for t in found if t.endswith("_front")][: options.heads]:
        yield Known(
            "people", options.scratch / f"{title}.png", face, found[title][face].astype(np.float64), posed=False
        )


def areas(model: HeadModel) -> np.ndarray:
    """(V,) square metres of the outer skin about each vertex of the template."""
    return vertex_areas(model.template.astype(np.float64), anatomy_of(model).outer_skin_triangles)


def parts(model: HeadModel) -> np.ndarray:
    """(V,) names of the face's parts."""
    points = model.template.astype(np.float64)
    marks = model.embeddings["ibug68"].points(points)
    named = np.where(points[:, 1] > marks[27, 1], "forehead", "cheeks").astype(object)
    named[points[:, 1] < marks[[48, 54], 1].mean() - 0.008] = "jaw"
    for name, (first, end) in PARTS.items():
        named[KDTree(marks[first:end]).query(points)[0] < NEAR] = name
    return named


def figures(model: HeadModel, head: np.ndarray, truth: Known) -> list[float]:
    """`COLUMNS` of a head (V, 3)."""
    template = model.template.astype(np.float64)
    marks = model.embeddings["ibug68"].points(template)[17:]
    inner = KDTree(marks).query(template[truth.ids])[0] < INNER
    named, weights, ours = parts(model)[truth.ids], areas(model)[truth.ids], head[truth.ids].astype(np.float64)
    found = {}
    for with_scale in (True, False):
        frame = align_points(ours[inner], truth.points[inner], with_scale=with_scale, weights=weights[inner])
        away = 1000 * np.linalg.norm(frame.apply(ours) - truth.points, axis=1)
        masks = {"inner": inner, **{name: named == name for name in COLUMNS[1:8]}}
        means = {name: np.average(away[m], weights=weights[m]) if m.any() else np.nan for name, m in masks.items()}
        found |= means if with_scale else {"at": means["inner"], "at eyes": means["eyes"]}
    return [found[name] for name in COLUMNS]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("data", "pack", "scratch"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--heads", type=int, default=20, help="of each kind")
    options = parser.parse_args()
    options.scratch.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    model = load_head_model("open")
    told: dict[str, list[list[list[float]]]] = {}
    for truth in known(model, options):
        try:
            done = reconstruct(truth.photo, ReconstructionSettings(texture_size=0, hair="none"))
        except PhotoError as error:
            print(f"{truth.photo}: {error}", file=sys.stderr)
            continue
        if done.uniform is None:
            continue
        fits = (done.fit, done.uniform.fit)
        rows = [figures(model, f.posed if truth.posed else f.neutral, truth) for f in fits]
        print(truth.photo.stem, *(f"{a:.2f}/{b:.2f}" for a, b in zip(*rows, strict=True)), file=sys.stderr, flush=True)
        told.setdefault(truth.kind, []).append(rows)
    for kind, heads in told.items():
        values = np.array(heads)
        print(f"{kind}, {len(heads)} heads".ljust(20) + "".join(f"{name:>9}" for name in COLUMNS))
        for row, name in enumerate(("fit", "whole")):
            print(name.ljust(20) + "".join(f"{v:9.3f}" for v in np.nanmean(values[:, row], axis=0)))
        print("worst".ljust(20) + "".join(f"{v:9.3f}" for v in np.nanmax(values[:, 1] / values[:, 0], axis=0)))


if __name__ == "__main__":
    main()
