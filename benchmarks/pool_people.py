"""Are children met as well as adults? Fits of a drawing pool's kept-back people, by age.

Run: ``python benchmarks/pool_people.py POOL PACK [--weights measured.pt] [--most N]``; POOL is of ``seif train heads``,
PACK the MakeHuman pack. Taken are people whose skin or hair no training sees (`points_truth.HELD_SKINS`, `HELD_HAIR`),
turned by less than 45 degrees, without glasses, hats or things in front.

Measured is the neutral head as `known_points` does: median distance (by area) of corresponding points of the face after
similarity alignment, millimetres; *of size* the same for a face of an adult's size, since children are smaller.

Last figures, the first 58 such people of a pool of seed 31 (two cores, CPU), millimetres:

    age           people     fit   mean head   fit of size  mean of size
    small child        2    1.63        6.70          2.44         10.02
    child              7    2.42        4.36          2.93          5.32
    adult             44    2.30        3.46          2.35          3.55
    old                5    2.75        4.17          2.79          4.18

Asked was that children are not worse than adults by more than 20 %: the nine are 2 % better, of one size 20 % worse.
Nine are few. Photos are 288 pixels a side.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import torch
from known_points import distance, face_of, trained_network
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seif_core.errors import PhotoError
from seif_core.fitting import fit_portrait
from seif_core.headmodel import load_head_model
from seif_core.portrait import PortraitSettings, read_portrait
from seif_core.portrait.crop import Pyramid
from seif_core.portrait.landmarks import Landmarks
from seif_core.portrait.points import points_by
from seif_core.workshop.drawing.body import Traits
from seif_core.workshop.drawing.drawer import Drawer
from seif_core.workshop.drawing.pool import RECIPE, SHARD, drawn_files
from seif_core.workshop.training.points_truth import HELD_HAIR, HELD_SKINS

AGES: Final = {"small child": (0, 0.6), "child": (0.6, 1.5), "adult": (1.5, 2.5), "old": (2.5, 3.1)}
"""`Traits.age`: 0 a baby, 1 a child of ten, 2 a young adult, 3 an old person."""
LARGEST_TURN: Final = 45.0
"""Degrees."""
COVERED: Final = frozenset({"front", "glasses", "sunglasses", "headwear"})
"""Words of a drawing that shows less than a face."""


class Drawn(NamedTuple):
    """A kept-back person of a pool: `Traits.age`, (S, S, 3) uint8 photo, (V, 3) the head at rest."""

    age: float
    photo: np.ndarray
    neutral: np.ndarray


def people(pool: Path, drawer: Drawer) -> Iterator[Drawn]:
    """The people of a pool that no training sees."""
    seed = int(json.loads((pool / RECIPE).read_text(encoding="utf-8"))["seed"])
    for shard in drawn_files(pool):
        with np.load(shard) as data:
            arrays = {name: data[name] for name in data.files if name not in ("normals", "labels")}
        for k, words in enumerate(str(w).split() for w in arrays["words"]):
            held = drawer.skin_of(seed, int(shard.stem) * SHARD + k) in HELD_SKINS or set(HELD_HAIR) & set(words)
            turn = np.degrees(np.abs(arrays["pose"][k][:2].sum(0)[1]))
            if not held or turn > LARGEST_TURN or COVERED & set(words):
                continue
            age, male, *origin, muscle, weight = (float(v) for v in arrays["traits"][k])
            traits = Traits(age, male, (origin[0], origin[1], origin[2]), muscle, weight)
            bodies = drawer.bodies
            neutral, _ = bodies.head(bodies.body(traits), traits, arrays["identity"][k].astype(np.float64))
            yield Drawn(age, arrays["photo"][k], neutral)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("pool", "pack"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--weights", type=Path, help="measured.pt of a training, in the place of what ships")
    parser.add_argument("--most", type=int, default=200, help="people")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model, network = load_head_model("open"), trained_network(arguments.weights)
    face = face_of(model)
    span = np.ptp(model.template[face.ids], axis=0).max()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photo.png"
        for person, _ in zip(
            people(arguments.pool, Drawer(model, arguments.pack)), range(arguments.most), strict=False
        ):
            Image.fromarray(person.photo).save(path)
            try:
                portrait = read_portrait(path, settings=PortraitSettings(dense_points=network is None))
                if network is not None:
                    landmarks = Landmarks(portrait.landmarks, portrait.confidence, portrait.roll)
                    portrait = replace(portrait, dense=points_by(network, Pyramid(portrait.pixels), landmarks))
                fitted = fit_portrait(portrait, model)
            except PhotoError as error:
                print(f"left out: {error}")
                continue
            size = span / np.ptp(person.neutral[face.ids], axis=0).max()
            own, mean = (distance(face, head, person.neutral)[0] for head in (fitted.neutral, model.template))
            rows.append((person.age, own, mean, own * size, mean * size))
    table = np.array(rows)
    print(f"{'age':<12}{'people':>8}{'fit':>8}{'mean head':>12}{'fit of size':>14}{'mean of size':>14}")
    for name, (low, high) in AGES.items():
        some = table[(table[:, 0] >= low) & (table[:, 0] < high)]
        if len(some):
            own, mean, sized, mean_sized = some[:, 1:].mean(0)
            print(f"{name:<12}{len(some):>8}{own:>8.2f}{mean:>12.2f}{sized:>14.2f}{mean_sized:>14.2f}")


if __name__ == "__main__":
    main()
