"""Measure the expression that people wear for portraits: the factor of `seif_core.fitting.key_prior`.

Run: ``python benchmarks/portrait_smile.py PORTRAITS [--people N] [--smile S]``; PORTRAITS holds one photo a person.
Every N-th is fitted to with S times the factor that is there now (0 for the first time); what is printed takes its
place, and the next run measures with it, until it hardly changes.

The factor is the first principal component of the second moments of the fitted weights, both sides made alike,
shortened by what the other components have in the mean (axes of factor analysis with equal noise: Tipping and Bishop,
Probabilistic principal component analysis, J. R. Stat. Soc. B 1999, eq. 7).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seif_core.errors import PhotoError
from seif_core.fitting import fit_portrait
from seif_core.fitting.settings import FitSettings
from seif_core.headmodel import load_head_model
from seif_core.portrait import PortraitSettings, read_portrait

_LEAST: Final = 0.02
"""Entries below it are not printed."""


def factor(weights: np.ndarray) -> np.ndarray:
    """(X,) factor of weights (N, X)."""
    values, vectors = np.linalg.eigh(weights.T @ weights / len(weights))
    found = vectors[:, -1] * np.sqrt(values[-1] - values[:-1].mean())
    return found * np.sign(found.sum())


def both_sides(names: list[str], values: np.ndarray) -> dict[str, float]:
    """The mean of left and right by the name without the side."""
    out: dict[str, list[float]] = {}
    for name, value in zip(names, values, strict=True):
        out.setdefault(name.removesuffix("Left").removesuffix("Right"), []).append(float(value))
    return {name: float(np.mean(both)) for name, both in out.items()}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("portraits", type=Path)
    parser.add_argument("--people", type=int, default=140)
    parser.add_argument("--smile", type=float, default=1.0)
    arguments = parser.parse_args()
    model = load_head_model()
    photos = sorted(path for path in arguments.portraits.iterdir() if path.suffix in {".jpg", ".png"})
    rows = []
    for number in np.linspace(0, len(photos) - 1, min(arguments.people, len(photos))).astype(int):
        try:
            portrait = read_portrait(photos[number], settings=PortraitSettings(parse_later=True))
        except PhotoError as error:
            print(error)
            continue
        rows.append(fit_portrait(portrait, model, settings=FitSettings(portrait_smile=arguments.smile)).key_weights)
    found = both_sides(list(model.key_names), factor(np.stack(rows)))
    for name, value in sorted(found.items(), key=lambda pair: -abs(pair[1])):
        if abs(value) >= _LEAST:
            print(f'"{name}": {value:.2f},')


if __name__ == "__main__":
    main()
