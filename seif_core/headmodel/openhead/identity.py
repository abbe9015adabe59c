"""The identity space as statistics of slider coefficients: mean head and components, from a file or from random draws.

The file `identity.npz` beside this module holds what the calibration on real heads found, as coefficients over
`sliders.slider_directions()` and a similarity of the whole head; it holds no head. Without it the space is the
principal components of sliders drawn at random.

Convention: metres, the head's own frame (see `sliders`); components in metres per standard deviation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from ...errors import ModelError
from ...shapes import Float64
from . import sliders

STATISTICS_FILE: Final = Path(__file__).with_name("identity.npz")
"""Coefficients found by the calibration."""

RANDOM_DRAWS: Final = 1200
RANDOM_COMPONENTS: Final = 80


@dataclass(frozen=True, eq=False)
class IdentityStatistics:
    """Mean and components of identity over slider directions; D directions, S components.

    Attributes:
        direction_names: D names, the ones of `sliders.slider_directions()`, in any order.
        mean: (D,) coefficients of the mean head.
        basis: (S, D) coefficients of one standard deviation of each component.
        scale: (S + 1,) relative size: of the mean, then its change per standard deviation of each component.
        rotation: (3, 3) rotation about the eyes' middle that carries the mean head into the model's frame.
        translation: (3,) metres, added afterwards.
    """

    direction_names: tuple[str, ...]
    mean: Float64[np.ndarray, " D"]
    basis: Float64[np.ndarray, "S D"]
    scale: Float64[np.ndarray, " S1"]
    rotation: Float64[np.ndarray, "3 3"]
    translation: Float64[np.ndarray, "3"]

    def write(self, path: Path) -> None:
        """Write the statistics to `path`."""
        np.savez_compressed(
            path,
            direction_names=np.array(self.direction_names),
            mean=self.mean,
            basis=self.basis,
            scale=self.scale,
            rotation=self.rotation,
            translation=self.translation,
        )


def read_statistics(path: Path = STATISTICS_FILE) -> IdentityStatistics:
    """Read what the calibration wrote.

    Raises:
        ModelError: the file is missing, damaged or names unknown sliders.
    """
    try:
        with np.load(path, allow_pickle=False) as data:
            statistics = IdentityStatistics(
                direction_names=tuple(str(n) for n in data["direction_names"]),
                **{k: data[k].astype(np.float64) for k in ("mean", "basis", "scale", "rotation", "translation")},
            )
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"The identity statistics {path.name} cannot be read ({error}); calibrate again.") from error
    unknown = set(statistics.direction_names) - set(sliders.slider_directions()[0])
    if unknown:
        raise ModelError(f"The identity statistics name unknown sliders ({sorted(unknown)[:3]}); calibrate again.")
    return statistics


def identity_space(
    statistics: IdentityStatistics | None = None,
) -> tuple[Float64[np.ndarray, "V 3"], Float64[np.ndarray, "S V 3"]]:
    """Mean head (V, 3) and components (S, V, 3), metres and metres per standard deviation."""
    if statistics is None:
        statistics = read_statistics() if STATISTICS_FILE.exists() else random_statistics()
    names, directions = sliders.slider_directions()
    order = [names.index(name) for name in statistics.direction_names]
    directions = directions[order]
    anchor = np.array(sliders.EYES_ANCHOR)
    mean = sliders.macro_mean() + np.tensordot(statistics.mean, directions, axes=1) - anchor
    basis = np.tensordot(statistics.basis, directions, axes=1)
    scale, growth = statistics.scale[0], statistics.scale[1:]
    basis = scale * basis + growth[:, None, None] * mean
    template = scale * mean @ statistics.rotation.T + anchor + statistics.translation
    return template, basis @ statistics.rotation.T


def similarity(statistics: IdentityStatistics | None = None) -> Float64[np.ndarray, "3 3"]:
    """(3, 3) linear map that carries offsets on MakeHuman's head (key shapes, say) onto the mean head."""
    if statistics is None:
        statistics = read_statistics() if STATISTICS_FILE.exists() else random_statistics()
    return statistics.scale[0] * statistics.rotation


@lru_cache(maxsize=2)
def random_statistics(seed: int = 0) -> IdentityStatistics:
    """Principal components of slider heads drawn at random, left and right alike; crude, not those of real heads."""
    names, directions = sliders.slider_directions()
    rng = np.random.default_rng(seed)
    draws = np.stack([_draw(names, rng) for _ in range(RANDOM_DRAWS)])
    centred = draws - draws.mean(axis=0)
    flat = directions.reshape(len(names), -1)
    gram = flat @ flat.T
    # principal components in the metric of the vertices: eigenvectors of the draws' Gram matrix
    values, vectors = np.linalg.eigh(centred @ gram @ centred.T)
    top = np.argsort(values)[::-1][:RANDOM_COMPONENTS]
    basis = vectors[:, top].T @ centred / np.sqrt(RANDOM_DRAWS - 1)
    return IdentityStatistics(
        direction_names=names,
        mean=np.zeros(len(names)),
        basis=basis,
        scale=np.concatenate([[1.0], np.zeros(len(basis))]),
        rotation=np.eye(3),
        translation=np.zeros(3),
    )


def _draw(names: tuple[str, ...], rng: np.random.Generator) -> np.ndarray:
    """Coefficients (D,) of one random head: every symmetric pair of sliders shares its coefficient."""
    shared: dict[str, float] = {}
    row = np.zeros(len(names))
    for i, name in enumerate(names):
        folder, _, rest = name.partition("/")
        spread = 0.2 if folder == "macro" else 0.14
        if "baby" in name or "child" in name:
            spread = 0.02
        if folder == "asym":
            row[i] = 0.03 * rng.standard_normal()
            continue
        key = folder + "/" + rest.removeprefix("l-").removeprefix("r-")
        if key not in shared:
            shared[key] = spread * rng.standard_normal()
        row[i] = shared[key]
    return row
