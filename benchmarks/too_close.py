"""How well a fit knows how near a photo was taken: `python benchmarks/too_close.py`.

Heads of random people of the Open head, turned a little, seen by a lens that keeps their size, their landmarks off by a
noise that neighbours share (the fit's own settings say how much), without a focal length. A row for each true distance:
quantiles of the distance that the fit finds, and the share that is warned of as too close. Last figures, 16
people a row:

     true m   10 %  median   90 %  warned
       0.25   0.23    0.24   0.26    100%
       0.30   0.28    0.31   0.34    100%
       0.35   0.34    0.36   0.40    100%
       0.40   0.38    0.43   0.51     88%
       0.50   0.43    0.58   0.72     25%
       0.60   0.52    0.67   0.81     12%
       0.80   0.71    0.85   0.99      0%
       1.20   0.91    1.08   1.17      0%

Of 21 portraits that were taken at usual distances, 20 are found at 0.61 to 1.26 m; one in profile at 0.55 m.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from synthetic_head import photo_of  # noqa: E402 - after the path is set

from seif_core.fitting import FitSettings  # noqa: E402
from seif_core.fitting.portrait_fit import fit_portraits  # noqa: E402
from seif_core.fitting.viewing_distance import TOO_CLOSE  # noqa: E402
from seif_core.geometry.camera import Camera  # noqa: E402
from seif_core.headmodel import load_head_model  # noqa: E402
from seif_core.portrait.portrait import Portrait  # noqa: E402

DISTANCES = (0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.8, 1.2)
PEOPLE = 16
PIXELS = 1200.0
"""Focal length in pixels over the distance in metres: heads of some 270 pixels."""


def noisy(portrait: Portrait, rng: np.random.Generator) -> Portrait:
    """Landmarks off by what the fit expects: a part that all share with their neighbours, a part of each alone."""
    from dataclasses import replace

    told = FitSettings()
    points = portrait.landmarks[:, :2].astype(np.float64) / PIXELS
    near = ((points[:, None] - points[None]) ** 2).sum(-1)
    spread = told.noise_correlation * np.exp(-near / (2 * told.noise_reach**2))
    root = np.linalg.cholesky(spread + (1.0 - told.noise_correlation + 1e-6) * np.eye(len(points)))
    off = PIXELS * told.detector_noise * (root @ rng.normal(size=(len(points), 2)))
    made = portrait.landmarks.copy()
    made[:, :2] += off.astype(np.float32)
    return replace(portrait, landmarks=made)


def main() -> None:
    """Measure and print a row for each distance."""
    model, rng = load_head_model("open"), np.random.default_rng(0)
    print(f"{'true m':>7} {'10 %':>6} {'median':>7} {'90 %':>6} {'warned':>7}")
    for distance in DISTANCES:
        portraits = []
        for _ in range(PEOPLE):
            pose = np.zeros((5, 3))
            pose[0] = np.radians((*rng.normal(0, 8, 2), 0.0))
            shape = rng.normal(size=len(model.shape_basis))
            made, _ = photo_of(
                model,
                shape=shape,
                pose=pose,
                translation=(0.0, 0.0, -distance),
                camera=Camera(PIXELS * distance, 256, 256, 512, 512),
                exif=False,
            )
            portraits.append(noisy(made, rng))
        found = np.array([-fit.translation[2] for fit in fit_portraits(portraits, model)])
        low, middle, high = np.quantile(found, (0.1, 0.5, 0.9))
        print(f"{distance:7.2f} {low:6.2f} {middle:7.2f} {high:6.2f} {(found < TOO_CLOSE).mean():7.0%}", flush=True)


if __name__ == "__main__":
    main()
