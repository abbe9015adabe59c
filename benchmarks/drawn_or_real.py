"""Drawn or real? How well a classifier on a frozen network tells drawn heads from photos; which colours they have.

    python benchmarks/drawn_or_real.py --real FOLDER --pool POOL [--old 120] [--count 120] [--sheet PICTURE]

Every picture, real or drawn, goes the same way: our own detector finds the face, the parsing's square (2.8 faces) and
the face's own (1.5) are cut out, each is shown to the trunk of MediaPipe's attention mesh (`face_attention_trunk`,
frozen), and the mean and standard deviation of its 32 channels in 3 by 3 cells are the features. A logistic regression
with a ridge (chosen beforehand: 1.0 on standardised features) is trained on four fifths and asked for the last fifth,
five times. ``new, like``: only drawn adults who look about ahead, with nothing on the head or before it, in colour, as
the portraits are. 0.5: nobody can tell; 1.0: always told. ``small``: the same after all pictures were reduced to 64 px,
so that grain, sharpness and JPEG do not tell.

Colours: median Lab of the cheeks (skin), of a band over the forehead (hair, or what is there instead) and of the
irises' rings. ``covered``: share of the real ones that have a drawn one within 6 (CIE 1976 colour difference) of them,
of as many drawn as real ones.

Last figures (120 pictures of each):

                           new    new, like    old
    head                 0.992        0.998  1.000
    head, small          0.996        0.999  1.000
    face                 0.996        0.996  1.000
    face, small          0.997        0.996  1.000
    covered, skin         0.57         0.54   0.05
    covered, forehead     0.73         0.68   0.64
    covered, iris         0.94         0.96   0.56

So drawn heads are still told from photos by any classifier, at 64 pixels too: the shapes of faces and hair and the
light give them away, not grain. Their colours are near now: median skin L*, a*, b* 57 to 59, 10 to 11, 15 against 67,
20, 20 of the real ones (which are lit by flash in studios), irises 25, 4, 6 against 28, 5, 7.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np
from scipy.optimize import minimize
from scipy.spatial import KDTree

from seif_core.headmodel import load_head_model
from seif_core.portrait.crop import Crop, Pyramid
from seif_core.portrait.detection import search_passes
from seif_core.portrait.face_mesh import FaceMeshBackend
from seif_core.portrait.interpreter import network
from seif_core.workshop.drawing.pool import drawn_files

HEAD, FACE = 2.8, 1.5
"""Sides of the squares in sizes of the face (longer side of the landmarks' box)."""
RISE: Final = 0.1
CELLS: Final = 3
SMALL: Final = 64
RIDGE: Final = 1.0
NEAR: Final = 6.0
"""Colour difference up to which a colour counts as covered: what one sees as another shade of the same."""
ADULT, AHEAD, GREY = 1.8, 0.3, 4.0
"""Of the drawn heads that are like the portraits: least age (`body.Traits`), radians turned aside or up at most, and
mean difference between a picture's channels below which it is grey."""
CHEEKS: Final = (50, 101, 118, 280, 330, 347)
"""MediaPipe's points on the cheeks."""


class Head(NamedTuple):
    """One head as all sets are compared.

    Attributes:
        head: (256, 256, 3) uint8, the parsing's square.
        face: (192, 192, 3) uint8, the face's own.
        colours: (3, 3) Lab of skin, of what is over the forehead, of the irises; nan where not seen.
    """

    head: np.ndarray
    face: np.ndarray
    colours: np.ndarray


def find_head(pixels: np.ndarray) -> Head | None:
    """The head in a picture (H, W, 3) uint8; None where our detector finds none."""
    pyramid, backend = Pyramid(pixels), FaceMeshBackend(1)
    for found in search_passes(pyramid):
        for one in found:
            first = backend.check(pyramid, one.crop())
            if first.presence < 0.3:
                continue
            marks = backend.locate(pyramid, first)
            points = marks.points[:, :2].astype(np.float64)
            turn = np.array([[np.cos(marks.roll), -np.sin(marks.roll)], [np.sin(marks.roll), np.cos(marks.roll)]])
            upright = points @ turn
            low, high = upright.min(0), upright.max(0)
            size = float((high - low).max())
            x, y = turn @ ((low + high) / 2 - [0, RISE * size])
            fx, fy = turn @ ((low + high) / 2)
            head = pyramid.sample(Crop(float(x), float(y), HEAD * size, marks.roll), 256, replicate=True)
            face = pyramid.sample(Crop(float(fx), float(fy), FACE * size, marks.roll), 192, replicate=True)
            return Head(head, face, _colours(pixels, points, size, turn))
    return None


def _colours(pixels: np.ndarray, points: np.ndarray, size: float, turn: np.ndarray) -> np.ndarray:
    lab = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    out = np.full((3, 3), np.nan)

    def around(places: np.ndarray, radius: float) -> np.ndarray:
        y, x = np.mgrid[: lab.shape[0], : lab.shape[1]] + 0.5
        near = np.zeros(lab.shape[:2], bool)
        for place in places:
            near |= (x - place[0]) ** 2 + (y - place[1]) ** 2 < radius**2
        return lab[near]

    skin = around(points[list(CHEEKS)], 0.035 * size)
    up = turn @ np.array([0, -1.0])
    hair = around(points[[10, 109, 338]] + up * 0.2 * size, 0.05 * size)
    out[0] = np.median(skin, 0) if len(skin) else np.nan
    out[1] = np.median(hair, 0) if len(hair) else np.nan
    rings = []
    for first in (468, 473):
        centre, radius = points[first], np.linalg.norm(points[first + 1 : first + 5] - points[first], axis=1).mean()
        y, x = np.mgrid[: lab.shape[0], : lab.shape[1]] + 0.5
        away = np.hypot(x - centre[0], y - centre[1]) / max(radius, 1e-6)
        rings.append(lab[(away > 0.4) & (away < 0.85) & (y > centre[1] - 0.3 * radius)])
    ring = np.concatenate(rings)
    out[2] = np.median(ring, 0) if len(ring) >= 6 else np.nan
    return out


def features(picture: np.ndarray, *, small: bool) -> np.ndarray:
    """(576,) mean and deviation of the trunk's channels in 3 by 3 cells."""
    if small:
        picture = cv2.resize(picture, (SMALL, SMALL), interpolation=cv2.INTER_AREA)
    picture = cv2.resize(picture, (192, 192), interpolation=cv2.INTER_LINEAR)
    maps = network("face_attention_trunk.tflite")(picture.astype(np.float32) / 255)["p_re_lu_3"]
    cells = maps.reshape(CELLS, 48 // CELLS, CELLS, 48 // CELLS, -1)
    return np.concatenate([cells.mean((1, 3)).ravel(), cells.std((1, 3)).ravel()])


def area_under_curve(first: np.ndarray, second: np.ndarray) -> float:
    """Chance that a classifier, trained on the others, ranks a random second above a random first."""
    x = np.concatenate([first, second])
    y = np.r_[np.zeros(len(first)), np.ones(len(second))]
    fold = np.random.default_rng(0).permutation(len(x)) % 5
    score = np.zeros(len(x))
    for k in range(5):
        own = fold != k
        mean, deviation = x[own].mean(0), x[own].std(0) + 1e-6
        z = (x - mean) / deviation
        weights = _logistic(z[own], y[own])
        score[~own] = z[~own] @ weights[:-1] + weights[-1]
    ranks = np.argsort(np.argsort(score)) + 1
    return float((ranks[y == 1].sum() - len(second) * (len(second) + 1) / 2) / (len(first) * len(second)))


def _logistic(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    sign = 2 * y - 1

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        margin = sign * (x @ w[:-1] + w[-1])
        pull = -sign / (1 + np.exp(np.clip(margin, -50, 50)))
        gradient = np.r_[x.T @ pull + RIDGE * w[:-1], pull.sum()]
        return float(np.logaddexp(0, -margin).sum() + RIDGE / 2 * (w[:-1] ** 2).sum()), gradient

    return minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 300}).x


def real_heads(folder: Path, count: int) -> list[Head]:
    """Heads of a folder of photos, in an order mixed once for all."""
    paths = sorted(folder.glob("*.jpg"))
    order = np.random.default_rng(1).permutation(len(paths))
    return _found((cv2.imread(str(paths[i]))[..., ::-1] for i in order), count)


def pool_heads(pool: Path, count: int, *, like: bool = False) -> list[Head]:
    """Heads of a pool of `workshop.drawing`; with `like` those alone that could be portraits of the real set's kind."""

    def pictures():  # noqa: ANN202 - a generator of (S, S, 3) uint8
        for path in drawn_files(pool):
            with np.load(path) as data:
                rows = zip(data["photo"], data["words"], data["traits"][:, 0], data["pose"][:, :2].sum(1), strict=True)
                for photo, words, age, turn in rows:
                    odd = {"front", "headwear"} & set(str(words).split())
                    grey = np.ptp(photo.astype(int), axis=2).mean() < GREY
                    if not like or not (odd or grey or age < ADULT or np.abs(turn[:2]).max() > AHEAD):
                        yield photo

    return _found(pictures(), count)


def old_heads(count: int) -> list[Head]:
    """Heads as the normal networks were trained on (`workshop.training.synthetic`)."""
    import torch

    from seif_core.workshop.training.synthetic import SyntheticHeads, SyntheticSettings, photographed, stack

    heads = SyntheticHeads(load_head_model(), SyntheticSettings(size=256), "cpu", 5)

    def drawn():  # noqa: ANN202 - a generator of (256, 256, 3) uint8
        while True:
            sample = stack([heads.draw()])
            photo = photographed(sample, torch.Generator().manual_seed(0))[0]
            yield np.ascontiguousarray((photo.permute(1, 2, 0).numpy() * 255).astype(np.uint8))

    return _found(drawn(), count)


def _found(pictures, count: int) -> list[Head]:  # noqa: ANN001 - any iterable of pictures
    out: list[Head] = []
    for tried, pixels in enumerate(pictures):
        if len(out) == count or tried == 3 * count:
            break
        head = find_head(np.ascontiguousarray(pixels))
        out += [] if head is None else [head]
    return out


def coverage(real: np.ndarray, drawn: np.ndarray) -> float:
    """Share of real colours (N, 3) with a drawn one within `NEAR`."""
    real, drawn = (c[np.isfinite(c).all(1)] for c in (real, drawn))
    near, _ = KDTree(drawn[: len(real)]).query(real)
    return float((near < NEAR).mean())


def sheet(real: list[Head], drawn: list[Head], path: Path) -> None:
    """64 drawn heads beside 64 real ones."""
    halves = []
    for heads in (drawn, real):
        tiles = [cv2.resize(h.head, (128, 128), interpolation=cv2.INTER_AREA) for h in heads[:64]]
        tiles += [np.zeros((128, 128, 3), np.uint8)] * (64 - len(tiles))
        halves.append(np.vstack([np.hstack(tiles[i : i + 8]) for i in range(0, 64, 8)]))
    cv2.imwrite(str(path), np.hstack([halves[0], np.full((1024, 12, 3), 255, np.uint8), halves[1]])[..., ::-1])


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--real", type=Path, required=True)
    parser.add_argument("--pool", type=Path, required=True)
    parser.add_argument("--count", type=int, default=120)
    parser.add_argument("--old", type=int, default=120)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    real, drawn = real_heads(options.real, options.count), pool_heads(options.pool, options.count)
    if options.sheet is not None:
        sheet(real, drawn, options.sheet)
    like = pool_heads(options.pool, options.count, like=True)
    sets = {"new": drawn, "new, like": like, **({"old": old_heads(options.old)} if options.old else {})}
    out = sys.stdout
    out.write(f"{'':24}" + "".join(f"{name + f' ({len(heads)})':>18}" for name, heads in sets.items()) + "\n")
    for square in ("head", "face"):
        for small in (False, True):
            first = np.stack([features(getattr(h, square), small=small) for h in real])
            told = [
                area_under_curve(first, np.stack([features(getattr(h, square), small=small) for h in heads]))
                for heads in sets.values()
            ]
            out.write(f"{square + (', small' if small else ''):24}" + "".join(f"{t:18.3f}" for t in told) + "\n")
    own = np.stack([h.colours for h in real])
    for index, name in enumerate(("skin", "over the forehead", "iris")):
        told = [coverage(own[:, index], np.stack([h.colours for h in heads])[:, index]) for heads in sets.values()]
        out.write(f"{'covered, ' + name:24}" + "".join(f"{t:18.2f}" for t in told) + "\n")
    for index, name in enumerate(("skin", "over the forehead", "iris")):
        for kind, heads in {"real": real, **sets}.items():
            low, middle, high = np.nanpercentile(np.stack([h.colours for h in heads])[:, index], [5, 50, 95], axis=0)
            spans = " ".join(f"{a:6.0f}{b:5.0f}{c:5.0f}" for a, b, c in zip(low, middle, high, strict=True))
            out.write(f"{name + ', ' + kind:28} L*, a*, b* at 5, 50, 95 %: {spans}\n")


if __name__ == "__main__":
    main()
