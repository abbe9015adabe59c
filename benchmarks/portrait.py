"""How steady landmarks are, how well masks agree, how long a portrait takes: `python benchmarks/portrait.py FOLDER`.

FOLDER holds photos, and head masks named like `a_mask.png` beside `a.png` where there are any. Last figures on the 18
development portraits (2 cores shared by eight other processes):

                     45 deg   90 deg  180 deg   mirror      0.7    noise
    median             0.10     0.09     0.08     0.11     0.26     0.23
    worst              3.03     1.98     2.01     4.46     3.83     2.65     (a face in profile, 90 px high)
    faces found 16, lost by a change 0 of 96
    processor time 0.26 s median, 0.62 s worst
    mask agreement 0.972, 0.957, 0.922

Steadiness: mean distance in percent of the distance between the eyes' outer corners, between the landmarks of the
photo and those of the photo turned by 45, 90 and 180 degrees, mirrored, made smaller by 0.7, and with noise of 12 grey
levels. Mask agreement: intersection over union above the chin.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from seif_core.errors import PhotoError  # noqa: E402  (after the path is set)
from seif_core.portrait import Portrait, read_portrait  # noqa: E402
from seif_core.portrait.mesh_topology import MIRROR  # noqa: E402

Change = Callable[[np.ndarray], tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]]


def turned(degrees: float) -> Change:
    """Turn the picture in a larger frame."""

    def change(pixels: np.ndarray) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
        height, width = pixels.shape[:2]
        side = math.ceil(math.hypot(height, width)) + 2
        matrix = cv2.getRotationMatrix2D((width / 2 - 0.5, height / 2 - 0.5), -degrees, 1.0)
        matrix[:, 2] += [(side - width) / 2, (side - height) / 2]
        back = cv2.invertAffineTransform(matrix)
        image = cv2.warpAffine(pixels, matrix, (side, side), flags=cv2.INTER_CUBIC)
        return image, lambda points: (points - 0.5) @ back[:, :2].T + back[:, 2] + 0.5

    return change


def mirrored(pixels: np.ndarray) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """See the picture in a mirror."""
    width = pixels.shape[1]
    return pixels[:, ::-1], lambda points: np.array([width, 0.0]) + points[MIRROR] * np.array([-1.0, 1.0])


def smaller(pixels: np.ndarray) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """Scale the picture down to 0.7."""
    image = cv2.resize(pixels, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    factor = np.array([pixels.shape[1] / image.shape[1], pixels.shape[0] / image.shape[0]])
    return image, lambda points: points * factor


def noisy(pixels: np.ndarray) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """Add noise of 12 grey levels."""
    noise = np.random.default_rng(0).normal(0, 12, pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8), lambda points: points


CHANGES: dict[str, Change] = {
    "45 deg": turned(45), "90 deg": turned(90), "180 deg": turned(180),
    "mirror": mirrored, "0.7": smaller, "noise": noisy,
}  # fmt: skip


def steadiness(portrait: Portrait, change: Change, scratch: Path) -> float:
    """Mean distance between the landmarks before and after, percent; nan if the face is lost."""
    image, back = change(portrait.pixels)
    cv2.imwrite(str(scratch), np.ascontiguousarray(image[..., ::-1]))
    try:
        other = read_portrait(scratch)
    except PhotoError:
        return math.nan
    mesh = portrait.landmarks[:468, :2].astype(np.float64)
    distance = np.linalg.norm(back(other.landmarks[:468, :2].astype(np.float64)) - mesh, axis=1).mean()
    return float(distance / np.linalg.norm(mesh[33] - mesh[263]) * 100)


def mask_agreement(portrait: Portrait, path: Path) -> float:
    """Intersection over union above the chin, where the reference's shoulders do not count."""
    chin = int(portrait.landmarks[152, 1])
    theirs = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)[:chin] > 127
    ours = portrait.mask[:chin] > 127
    return float((ours & theirs).sum() / (ours | theirs).sum())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    paths = sorted(p for p in parser.parse_args().folder.iterdir() if p.suffix in {".png", ".jpg"})
    rows, agreements, seconds, found = [], [], [], 0
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            if path.stem.endswith(("_mask", "_normal")):
                continue
            try:
                portrait = read_portrait(path)
            except PhotoError as error:
                print(error)
                continue
            found += 1
            start = time.process_time()
            read_portrait(path)
            seconds.append(time.process_time() - start)
            rows.append([steadiness(portrait, change, Path(folder) / "a.png") for change in CHANGES.values()])
            mask = path.with_name(f"{path.stem}_mask.png")
            if mask.exists():
                agreements.append(mask_agreement(portrait, mask))
    table = np.array(rows)
    print(f"    {'':14}" + "".join(f"{name:>9}" for name in CHANGES))
    for name, values in (("median", np.nanmedian(table, axis=0)), ("worst", np.nanmax(table, axis=0))):
        print(f"    {name:14}" + "".join(f"{v:9.2f}" for v in values))
    print(f"    faces found {found}, lost by a change {int(np.isnan(table).sum())} of {table.size}")
    print(f"    processor time {np.median(seconds):.2f} s median, {np.max(seconds):.2f} s worst")
    if agreements:
        print("    mask agreement " + ", ".join(f"{a:.3f}" for a in agreements))


if __name__ == "__main__":
    main()
