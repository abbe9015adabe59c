"""Do photos of one person pass for one person's, and are strangers told? Likeness of faces by `portrait.likeness`.

Run: ``python benchmarks/same_face.py PORTRAITS [PEOPLE]``; PORTRAITS is the folder that `workshop.face_statistics`
learned from, of which the files that it keeps back are the strangers here. PEOPLE holds photos of people of whom there
are several, named PERSON_anything.jpg or .png.

Last figures, 180 strangers, and seven photos of two people (the benchmark of another package, public domain; and their
official portraits, which are among the 749):

    49.6 % of 16,110 pairs of strangers told; likeness 0.00 in the median, 1 % above 0.28
    1 of 17 pairs of photos of one person told: a portrait and a photo of many years later, -0.11; the others 0.06 to
    0.43; 6 of these have half of the face cut away at the photo's edge
    0 of 20 drawn people (`known_people`), front against turned by 35 degrees, told (0.32 to 0.74); drawn strangers
    look alike to it, 3 % of them are told

The threshold, 0, was not chosen on these: it is the strangers' median.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seif_core.errors import PhotoError
from seif_core.portrait import PortraitSettings, read_portrait
from seif_core.portrait.likeness import UNLIKE, edge_features, face_statistics
from seif_core.workshop.face_statistics import KEPT_BACK


def faces_of(paths: list[Path]) -> dict[str, np.ndarray]:
    """Coordinates of the faces that are found, by the file's stem."""
    known, found = face_statistics(), {}
    for path in paths:
        try:
            portrait = read_portrait(path, settings=PortraitSettings(dense_points=False))
        except PhotoError as error:
            print(error)
            continue
        found[path.stem] = known.coordinates(edge_features(portrait.pixels, portrait.landmarks, known.places))
    return found


def main() -> None:
    """Print the shares that are told."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("portraits", type=Path)
    parser.add_argument("people", type=Path, nargs="?")
    options = parser.parse_args()
    strangers = faces_of(sorted(options.portraits.glob("*.jpg"))[::KEPT_BACK])
    alike = np.array([a @ b for a, b in itertools.combinations(strangers.values(), 2)])
    print(f"{len(strangers)} strangers: {(alike < UNLIKE).mean():.1%} of pairs told, median {np.median(alike):.2f}")
    people = (
        faces_of(sorted(p for p in options.people.iterdir() if p.suffix in {".jpg", ".png"})) if options.people else {}
    )
    for (one, a), (other, b) in itertools.combinations(people.items(), 2):
        if one.split("_")[0] == other.split("_")[0]:
            print(f"{one} {other}: {a @ b:.2f}{' told' if a @ b < UNLIKE else ''}")


if __name__ == "__main__":
    main()
