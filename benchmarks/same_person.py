"""One photo of a person against two: nearer to the truth? Less guessed? Drawn people of known shape.

Run: ``python benchmarks/same_person.py DATA PACK SCRATCH [--quality full]``; folders as in `known_points`. People are
FLAME's and GNM's of `known_identities`, drawn by `known_people` from the front and turned by 35 degrees.

Measured is the neutral head: median distance (by area) of corresponding points of the face after similarity alignment,
millimetres, whole face / inner face; and shares of the skin's area whose colour is guessed, and that is seen, percent.

Last figures, fast quality, 8 people (FLAME 5, GNM 3), whole / inner face:

    front     2.08 / 1.84    guessed 89.1    seen  9.9
    turned    2.39 / 2.02            83.7          9.3
    both      2.01 / 1.77            82.8         13.3

Fits alone, 20 people (ICT's 12 too), whole / inner face: front 2.12 / 1.94, turned 2.27 / 2.01, both 2.02 / 1.85:
nearer than from the frontal photo for 17 of the 20, by 0.10 +- 0.03 mm in the mean; both sides turned 2.13 / 1.89, all
three photos 2.01 / 1.83, two photos from the front (0 and 8 degrees) 2.03 / 1.87. While the detector's guess of depth
was taken too, both had 2.06 / 1.88, both sides turned 2.21 / 1.96. A prior that counts once gives 2.03 / 1.86; the
turned photo's points believed more (0.7 of their doubt) 2.02 / 1.85 instead of 2.03 / 1.86: neither is worth a rule.
With landmarks in the dense points' place, earlier, 8 people: front 3.06, turned 3.38, both 3.10.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

import numpy as np
from known_identities import identities
from known_people import TURN, PersonDrawer
from known_points import distance, face_of
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seif_core.confidence import region_confidence
from seif_core.errors import PhotoError
from seif_core.headmodel import HeadModel, load_head_model
from seif_core.pipeline import reconstruct
from seif_core.settings import QUALITIES, ReconstructionSettings

SETS: Final = ("flame", "gnm")
VIEWS: Final = {"front": 0.0, "turned": TURN}
USED: Final = {"front": ("front",), "turned": ("turned",), "both": ("front", "turned")}


def people(model: HeadModel, data: Path, pack: Path, scratch: Path) -> dict[str, np.ndarray]:
    """Names of the people, whose pictures are drawn into `scratch` if they are not there, and their heads at rest."""
    scratch.mkdir(parents=True, exist_ok=True)
    out, drawer = {}, None
    for place, name in enumerate(SETS):
        for k, head in enumerate(identities(name, model, data, scratch)):
            for view, turn in VIEWS.items():
                path = scratch / f"{name}{k:02d}_{view}.png"
                if not path.exists():
                    drawer = drawer or PersonDrawer(model, pack)
                    Image.fromarray(drawer.person(head, 100 * (place + 1) + k, turn=turn).picture).save(path)
            out[f"{name}{k:02d}"] = head
    return out


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    for name in ("data", "pack", "scratch"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--quality", choices=QUALITIES, default="fast")
    options = parser.parse_args()
    model = load_head_model("open")
    face = face_of(model)
    settings = ReconstructionSettings(device="cpu", quality=options.quality, texture_size=512)
    rows: dict[str, list[tuple[float, ...]]] = {used: [] for used in USED}
    for name, truth in people(model, options.data, options.pack, options.scratch).items():
        try:
            found = {used: figures(options.scratch, name, views, settings) for used, views in USED.items()}
        except PhotoError as error:
            print(f"{name}: {error}")
            continue
        for used, (neutral, shares) in found.items():
            places = (distance(face, neutral, truth, inner=inner)[0] for inner in (False, True))
            rows[used].append((*places, 100 * shares["guessed"], 100 * shares["seen"]))
            print(f"{name} {used:7s}" + "".join(f"{value:7.2f}" for value in rows[used][-1]), flush=True)
    print(f"\n{options.quality}, {len(rows['both'])} people   whole  inner  guessed  seen")
    for used, values in rows.items():
        print(f"{used:14s}" + "".join(f"{value:8.2f}" for value in np.mean(values, axis=0)))


def figures(
    scratch: Path, name: str, views: tuple[str, ...], settings: ReconstructionSettings
) -> tuple[np.ndarray, dict[str, float]]:
    """Neutral head (V, 3) and shares of the skin that are seen, mirrored, guessed."""
    first, *others = (scratch / f"{name}_{view}.png" for view in views)
    done = reconstruct(first, settings, same_person=others)
    return done.head.vertices, region_confidence(done.head)["all"]


if __name__ == "__main__":
    main()
