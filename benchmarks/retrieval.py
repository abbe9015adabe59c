"""Does a head show whose face it is? How often a grey front render is nearest to its own photo, by face recognition.

Run: ``python benchmarks/retrieval.py PORTRAITS SCRATCH [--people N] [--head fit|dense|both|whole|textured]``; PORTRAITS
holds one photo a person. Needs dlib and the weights of the package face-recognition-models (CC0), which the project
does not depend on: ``pip install --target FOLDER dlib-bin face-recognition-models``, then FOLDER on PYTHONPATH. SCRATCH
keeps embeddings, so that a run that was stopped goes on.

Every N-th portrait is taken. Photo and render become 128 numbers each by dlib's recognition network; a render is right
where its own photo is the nearest of all photos by Euclidean distance. Rank is the place of its own photo, 1 the best.
*neutral* is the head at rest, *as in the photo* wears the photo's expression. Chance is 1 / N.

Last figures, 60 of 749 official portraits, chance 1.7 %:

    fit               faces    first  in five  rank, median  distance  others
    neutral              60      5 %     17 %            18     0.728   0.758
    as in the photo      60     12 %     22 %            14     0.716   0.759
    dense             faces    first  in five  rank, median  distance  others
    neutral              60      2 %     22 %            14     0.745   0.782
    as in the photo      60      5 %     22 %            17     0.748   0.785
    both              faces    first  in five  rank, median  distance  others
    neutral              60      3 %     20 %            16     0.739   0.776
    as in the photo      60      8 %     23 %            16     0.740   0.779

What the ruler can see at best, and what it does not care for (other portraits than above, 60 fits of landmarks, as in
the photo, smaller pictures): clay 3 % first; light from the front 3 %; painted irises 3 %, with brows and lips that are
the same on all 5 %: neither light nor paint is to blame. Taking the mean difference of photo and render away, learned
on the other half, gives 3 to 8 %. The true heads of 17 people of `known_people` in clay against their drawn photos:
59 % first and all in five (chance 6 %); their fits from landmarks 18 % and 59 %.

Whole heads as in the photo among 77 photos (chance 1.3 %); the relief of brows, folds and beards was chosen on these
12, where it was worked out from their finished textures (mesh without any relief: 8 of them; before it: 10):

    mesh, irises painted white       0 of 8 first, rank 18 in the median, distance 0.694
    relief before                    1 of 10,           9.5               0.663
    relief with brows and folds      5 of 12,           3                 0.623
    the same, textured               8 of 8,            1                 0.413

Kept back, 4 more heads by what ships, too few for a share; ranks: mesh with its irises 1, 11, 15, 30 (distance 0.671),
relief before 1, 3, 5, 9 (0.634), relief with brows and folds 1, 1, 1, 3 (0.582; at rest 1, 1, 2, 2), textured all 1.
These are of lines twice as deep as what ships since, which cuts dark lines alone: at the old depth textured heads
looked older than their photos and cheeks were rough.

Kept back, 135 other portraits (chance 0.7 %), fits; *rank* is the mean place of the own photo in percent of all,
*nearer* by how much it is nearer than the others, both with the mean difference of render and photo taken away:

    fit                            first  in five   rank  nearer
    landmarks, neutral               3 %     10 %   28.6   0.040
    landmarks, as in the photo       6 %     15 %   27.6   0.043
    dense, neutral                   5 %     19 %   26.0   0.049
    dense, as in the photo           3 %     15 %   27.9   0.044
    both, neutral                    7 %     20 %   24.6   0.051
    both, as in the photo            5 %     19 %   24.5   0.051

    both, of first weights         7 / 6   17 / 18  25.2 / 24.9 (neutral / as in the photo; drawn anew)
    both, of longer training      10 / 12  25 / 23  19.7 / 20.5
    dense, of longer training     12 / 16  29 / 28  17.0 / 17.8, what ships

The logarithm of the rank falls from the first of these to the second by 0.33 +- 0.08 and 0.26 +- 0.07, to the third by
0.49 +- 0.09 and 0.46 +- 0.09. From landmarks to both of first weights it falls by 0.32 +- 0.07 and 0.17 +- 0.07.

Kept back, 31 whole heads among 100 photos (chance 1 %), of landmarks' fits, with lines of the depth that ships:

    clay, neutral                   13 %     55 %   rank 5 in the median, distance 0.632
    clay, as in the photo           19 %     65 %        4                         0.624
    textured, neutral               97 %    100 %        1                         0.448
    textured, as in the photo       97 %    100 %        1                         0.441

The same 31 of the fits that ship (and smile folds left out, hair of today, a brighter light), before the texture came
to be bent at lids and lips alone:

    clay, neutral                   29 %     52 %        5                         0.643
    clay, as in the photo            6 %     52 %        4                         0.643
    textured, neutral               90 %     97 %        1                         0.496
    textured, as in the photo       90 %    100 %        1                         0.484

So whole heads gain less than fits do, and textured ones lose; not understood. The light is not to blame (nine heads).

Another 16 heads among 100 photos, none of them chosen on, first, in five, median rank, distance: with the texture bent
at lids and lips alone; and then with shaded eyes, later hair and keys made for each head. Too few for a difference:

    clay, neutral                12, 19 %   44, 50 %   6.5, 5.5   0.648, 0.655
    clay, as in the photo        12,  6 %   44, 38 %   8.0, 8.5   0.649, 0.659
    textured, neutral           100, 94 %    all         1         0.459, 0.464
    textured, as in the photo    all         all         1         0.458, 0.460

100 whole heads of what ships (Open head 1.5, lips without gloss), first, in five, median rank, distance:

    clay, neutral                    15 %     40 %        7                         0.649
    clay, as in the photo             9 %     38 %        9                         0.657

The same with the mean difference of render and photo taken away, learned on the other half of them (what is clay is
alike on all): 40 %, 68 %, 3 neutral; 33 %, 72 %, 2.5 as in the photo.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, Final, Literal

import cv2
import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seif_core.errors import SeifError
from seif_core.fitting import fit_portrait
from seif_core.fitting.settings import FitSettings
from seif_core.headmodel import load_head_model
from seif_core.pipeline import ReconstructionSettings, reconstruct
from seif_core.portrait import PortraitSettings, read_portrait
from seif_core.portrait.decode import decode_photo
from seif_core.preview.surface import Surface
from seif_core.preview.views import View, render

SIDE: Final = 480
"""Pixels of a render's longer side; photos are made as large."""
TEXTURE: Final = 1024
"""Texels a side of whole heads: their relief, irises, and colours where they are asked for."""
KINDS: Final = ("neutral", "as in the photo")


class Recognition:
    """dlib's face recognition: a picture to 128 numbers."""

    def __init__(self) -> None:
        import dlib  # pyright: ignore[reportMissingImports] - a tool of this bench alone

        models = next(
            found for place in sys.path if (found := Path(place) / "face_recognition_models" / "models").is_dir()
        )
        library: Any = dlib
        self._find = library.get_frontal_face_detector()
        self._align = library.shape_predictor(str(models / "shape_predictor_5_face_landmarks.dat"))
        self._embed = library.face_recognition_model_v1(str(models / "dlib_face_recognition_resnet_model_v1.dat"))

    def __call__(self, picture: np.ndarray) -> np.ndarray | None:
        """(128,) of the largest face, None where it finds none."""
        picture = np.ascontiguousarray(picture)
        found = self._find(picture, 0) or self._find(picture, 1)
        if not found:
            return None
        largest = max(found, key=lambda box: box.area())
        return np.array(self._embed.compute_face_descriptor(picture, self._align(picture, largest)))


def sized(picture: np.ndarray) -> np.ndarray:
    """A photo at the renders' size."""
    factor = SIDE / max(picture.shape[:2])
    size = (round(picture.shape[1] * factor), round(picture.shape[0] * factor))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)


def renders(photo: Path, kind: str) -> list[np.ndarray]:
    """Grey front views of a photo's head, one of each of `KINDS`.

    Raises:
        SeifError: the photo gives no head.
    """
    mode: Literal["shaded", "textured"] = "textured" if kind == "textured" else "shaded"
    if kind in {"whole", "textured"}:
        head = reconstruct(photo, ReconstructionSettings(texture_size=TEXTURE)).head
        plain, shapes = Surface.of_head(head), (head.vertices, head.vertices + head.photo_delta)
    else:
        portrait = read_portrait(photo, settings=PortraitSettings(dense_points=kind != "fit"))
        settings = FitSettings(measured="landmarks" if kind == "fit" else kind)
        fit = fit_portrait(portrait, load_head_model("open"), settings=settings)
        plain, shapes = Surface.of_fit(fit), (fit.neutral, fit.expressed)
    return [render(plain.with_vertices(shape), View(width=400, height=SIDE), mode) for shape in shapes]


def embedded(photo: Path, scratch: Path, kind: str, tool: Recognition) -> np.ndarray:
    """(1 + kinds, 128): photo and renders; nan where no face was found. Kept in `scratch`."""
    kept = scratch / f"{photo.stem}_{kind}.npy"
    if kept.exists():
        return np.load(kept)
    rows = np.full((1 + len(KINDS), 128), np.nan)
    try:
        pictures = [sized(decode_photo(photo).pixels), *renders(photo, kind)]
    except SeifError as error:
        print(f"{photo.name}: {error}")
    else:
        for row, picture in zip(rows, pictures, strict=True):
            found = tool(picture)
            if found is not None:
                row[:] = found
    np.save(kept, rows)
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("portraits", "scratch"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--head", choices=("fit", "dense", "both", "whole", "textured"), default="fit")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.scratch.mkdir(parents=True, exist_ok=True)
    photos = sorted(p for p in arguments.portraits.iterdir() if p.suffix in {".jpg", ".png"})
    photos = [photos[i] for i in np.linspace(0, len(photos) - 1, arguments.people).astype(int)]
    tool = Recognition()
    found = np.stack([embedded(photo, arguments.scratch, arguments.head, tool) for photo in photos])
    report(found[:, 0], found[:, 1:], arguments.head)


def report(photos: np.ndarray, views: np.ndarray, title: str) -> None:
    """Print how often the own photo (N, 128) is nearest to a view (N, kinds, 128)."""
    known = np.isfinite(photos).all(axis=1)
    print(f"{known.sum()} photos in which a face was recognised; chance {100 / known.sum():.1f} %")
    print(f"{title:<18}{'faces':>7}{'first':>9}{'in five':>9}{'rank, median':>14}{'distance':>10}{'others':>8}")
    for k, kind in enumerate(KINDS):
        rows = np.flatnonzero(known & np.isfinite(views[:, k]).all(axis=1))
        away = np.linalg.norm(views[rows, k][:, None] - photos[known][None], axis=2)
        own = np.searchsorted(np.flatnonzero(known), rows)
        mine = away[np.arange(len(rows)), own]
        rank = (away < mine[:, None]).sum(axis=1) + 1
        others = (away.sum() - mine.sum()) / (away.size - len(rows))
        print(
            f"{kind:<18}{len(rows):>7}{100 * (rank == 1).mean():>7.0f} %{100 * (rank <= 5).mean():>7.0f} %"
            f"{np.median(rank):>14.0f}{mine.mean():>10.3f}{others:>8.3f}"
        )


if __name__ == "__main__":
    main()
