"""How well the fitted head model alone agrees with photos: normals, landmarks, time.

Run: ``python benchmarks/fit_normals.py FOLDER`` where FOLDER holds photos and, for some, ``NAME_normal.png`` and
``NAME_mask.png`` (see `seif_core.evaluation.normals`). Face: pixels of the model's face region. Time: the fit alone,
best of two, one thread.

Last figures (16 development photos with a face, open head; a fit takes 0.45 s of one processor):

    photo            face mean / median   head mean   landmarks
    seif_demo_1         11.39 /   9.10       14.11      0.70 %
    seif_demo_12         8.66 /   6.86       15.21      0.89 %
    seif_demo_5         11.44 /   8.60       17.30      0.96 %
    mean                10.50                           1.56 % (all 16; 5.9 in a profile of 74 pixels, else < 2)
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seif_core.errors import PhotoError
from seif_core.evaluation.normals import angular_error
from seif_core.evaluation.normals_of_photos import face_mask
from seif_core.fitting import Fit, fit_portrait
from seif_core.headmodel import load_head_model
from seif_core.portrait import Portrait, read_portrait
from seif_core.preview import Surface, render_normals

PHOTOS = (".png", ".jpg", ".jpeg", ".webp")


def timed_fit(portrait: Portrait) -> tuple[Fit, float]:
    """The fit and the shorter of two runs, in seconds."""
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        fit = fit_portrait(portrait, load_head_model("open"))
        seconds.append(time.perf_counter() - start)
    return fit, min(seconds)


def normals_of(fit: Fit, photo: Path) -> tuple[float, float, float] | None:
    """Face mean, face median and head mean in degrees, or None where the photo has no reference."""
    paths = [photo.with_name(f"{photo.stem}_{kind}.png") for kind in ("normal", "mask")]
    if not all(p.is_file() for p in paths):
        return None
    reference, mask = cv2.imread(str(paths[0])), cv2.imread(str(paths[1]), cv2.IMREAD_GRAYSCALE)
    ours, theirs, head = render_normals(Surface.of_fit(fit), fit.camera), reference[..., ::-1], mask > 127
    face = angular_error(ours, theirs, face_mask(fit) & head)
    return face.mean_deg, face.median_deg, angular_error(ours, theirs, head).mean_deg


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    torch.set_num_threads(1)
    photos = [p for p in sorted(folder.iterdir()) if p.suffix.lower() in PHOTOS]
    photos = [p for p in photos if not p.stem.endswith(("_normal", "_mask"))]
    faces, landmarks = [], []
    print(f"{'photo':<42}{'face mean / median':>20}{'head mean':>12}{'landmarks':>12}{'seconds':>10}")
    for photo in photos:
        try:
            fit, seconds = timed_fit(read_portrait(photo))
        except PhotoError as error:
            print(f"{photo.name:<42}  {error}")
            continue
        found = normals_of(fit, photo)
        landmarks.append(fit.landmark_error)
        normals = f"{found[0]:11.2f} / {found[1]:6.2f}{found[2]:12.2f}" if found else " " * 32
        faces += [found[0]] if found else []
        print(f"{photo.name:<42}{normals}{fit.landmark_error:10.2f} %{seconds:10.2f}")
    mean = f"{np.mean(faces):11.2f}" + " " * 21 if faces else " " * 32
    print(f"{'mean':<42}{mean}{np.mean(landmarks):10.2f} %")


if __name__ == "__main__":
    main()
