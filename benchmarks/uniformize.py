"""How well the uniform mesh takes a surface's shape: distances, folds, time: `python benchmarks/uniformize.py`.

Surfaces with a known answer: the Open head's outer skin with smooth bumps, a shell of hair, or another identity's skin
(the first 20 components drawn at 0.7 standard deviations, while the mean head is what was fitted), meshed anew by
`extract_surface` in 128 cells of 3.6 mm. Distance: mean of the face's vertices to the surface, in percent of chin to
crown; `open` leaves out lids, lips and hollows, which keep the fit's shape (and which the surface here does not show).
Time: one thread, niced, on two cores shared with eight other processes (so a bound, not a measure). Last figures:

    surface                    mesh    face% open%  flips crossings  seconds
    bumps of 3 mm              hair 0   0.14  0.07      0         0     10.6
    bumps of 3 mm              bald 0   0.15  0.08      0         0     10.8
    bumps of 3 mm              hair 1   0.10  0.02      0         0     87.8
    bumps and 15 mm of hair    hair 0   0.15  0.08      0         0     10.3
    bumps and 15 mm of hair    bald 0   0.18  0.08      0         0     27.4
    bumps and 15 mm of hair    hair 1   0.10  0.02      0         0     67.5
    bumps and 40 mm of hair    hair 0   0.32  0.13      0         0     37.9
    bumps and 40 mm of hair    bald 0   0.22  0.09      0         0     26.6
    bumps and 40 mm of hair    hair 1   0.14  0.03      0         0     51.7
    another identity           hair 0   0.12  0.06      0         0     31.8
    another identity           bald 0   0.13  0.08      0         0     23.3
    another identity           hair 1   0.09  0.02      0         0     62.1
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from bumpy_head import bumpy_surface  # noqa: E402  (after the path is set)

from seif_core.headmodel import HeadModel, load_head_model  # noqa: E402
from seif_core.uniformize import TargetSurface, UniformizeSettings, register  # noqa: E402
from seif_core.uniformize.skin import Skin  # noqa: E402
from seif_core.uniformize.zones import head_height  # noqa: E402

CASES = (
    ("bumps of 3 mm", {"bumps": 0.003}, False),
    ("bumps and 15 mm of hair", {"bumps": 0.003, "hair": 0.015}, False),
    ("bumps and 40 mm of hair", {"bumps": 0.003, "hair": 0.04}, False),
    ("another identity", {"bumps": 0.0}, True),
)
WAYS = (("hair", 0), ("bald", 0), ("hair", 1))


def measure(model: HeadModel, surface: TargetSurface, fitted: np.ndarray, way: tuple[str, int]) -> str:
    """One line of the table."""
    start = time.perf_counter()
    mesh = register(model, fitted, surface, UniformizeSettings(hair=way[0] == "hair", subdivisions=way[1]))
    seconds = time.perf_counter() - start
    skin, percent = Skin.of(mesh.model), 100 / head_height(model)
    face = mesh.model.regions["face"][skin.ids]
    shown = face & (mesh.data > 0.5)
    means = [percent * mesh.distance[rows].mean() for rows in (face, shown)]
    return f"{way[0]:5}{way[1]}  {means[0]:5.2f} {means[1]:5.2f} {mesh.flips:6d} {mesh.crossings:9d} {seconds:8.1f}"


def main() -> None:
    """Measure and print; names of cases (their number from 0) may be given."""
    model = load_head_model("open")
    fitted = model.template.astype(np.float64)
    coefficients = 0.7 * np.random.default_rng(5).normal(size=20)
    other = fitted + np.tensordot(coefficients, model.shape_basis[:20], 1)
    print(f"{'surface':26} mesh    face% open%  flips crossings  seconds")
    for number in [int(a) for a in sys.argv[1:]] or range(len(CASES)):
        name, options, identity = CASES[number]
        surface = bumpy_surface(model, other if identity else fitted, **options)
        for way in WAYS:
            print(f"{name:26} {measure(model, surface, fitted, way)}", flush=True)


if __name__ == "__main__":
    main()
