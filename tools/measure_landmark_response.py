"""Measure how faces are seen: `vendor/capture/landmark_response.npz`, from heads made here.

    python tools/measure_landmark_response.py HEAD.npz... --out vendor/capture/landmark_response.npz

Each head is drawn 72 times with one to three movements at a time and turns of the head, every ninth time with none, and
taken for a video: tracked, its person estimated. With the true weights, the pose that explains the points best and what
the resting frames differ by, what is left of a point is explained by the weights (`change`, ridge regression), and what
is left of that is noise, of which the largest principal components are shared. Sides are mirrored. No photo is in it:
only numbers that the networks gave for drawn pictures.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

import numpy as np
import torch

sys.path[:0] = [str(Path(__file__).resolve().parent.parent / part) for part in ("", "benchmarks")]

from capture import draw  # noqa: E402 - after the path is set  # pyright: ignore[reportMissingImports]

from seif_core.capture.energy import FIRST_WEIGHT  # noqa: E402
from seif_core.capture.identity import identify  # noqa: E402
from seif_core.capture.person import UNSEEN_KEYS  # noqa: E402
from seif_core.capture.response import Response  # noqa: E402
from seif_core.capture.settings import CaptureSettings  # noqa: E402
from seif_core.capture.solve import Search  # noqa: E402
from seif_core.capture.tracking import Track, track_face  # noqa: E402
from seif_core.expressions.arkit import ARKIT_52, mirrored_name  # noqa: E402
from seif_core.head import Head  # noqa: E402
from seif_core.headmodel import HeadModel, load_head_model  # noqa: E402
from seif_core.headmodel.landmark_schemes import MEDIAPIPE  # noqa: E402
from seif_core.portrait.mesh_topology import LIPS, MIRROR  # noqa: E402
from seif_core.portrait.points import dense_mirror  # noqa: E402

FRAMES, REST = 72, 9
"""Pictures of a head, every so manieth without an expression."""
TURNS: Final = (0.1, 0.17, 0.06)
"""Standard deviations of the head's turns, radians."""
ONE_SIDED, UNEVEN = 0.7, 0.8
"""Up to the first share of two-sided movements are even; to the second the right side alone has less, then the left."""
FACTORS, FLOOR, RIDGE = 48, 3e-4, 1.0
"""How many components are shared; metres of error that every point has at least; weights' squares added."""
_ROUNDS, _STEPS = 2, 3
_THINNED = 4
"""Of the landmarks off the face's edges every so manieth is used."""
_ROOTED = 0.05
"""Skin weight of the root joint from which a vertex moves with the body."""
_RIGHT_BROW: Final = (46, 53, 52, 65, 55, 70, 63, 105, 66, 107)
_NOSE: Final = (1, 2, 4, 5, 19, 94, 97, 98, 326, 327, 48, 278, 64, 294, 6, 168, 195, 197)
_CHIN: Final = (152, 148, 176, 377, 400, 175, 199, 200, 18)
"""Points of the face mesh on the right brow, the nose and the chin (MediaPipe's canonical face model)."""


def movements(names: tuple[str, ...], rng: np.random.Generator) -> np.ndarray:
    """Weights (FRAMES, K): every movement comes before any comes again."""
    stems = sorted({_stem(name) for name in names if name not in UNSEEN_KEYS})
    weights, order = np.zeros((FRAMES, len(names))), []
    for frame in range(FRAMES):
        for _ in range(rng.integers(1, 4) if frame % REST else 0):
            order = order or list(rng.permutation(stems))
            stem, amount, kind = order.pop(), rng.uniform(0.2, 1), rng.random()
            if stem in names:
                weights[frame, names.index(stem)] = amount
                continue
            left, right = (f"{stem}Left", f"{stem}Right")
            if stem.startswith("eyeLook") and stem.endswith(("In", "Out")):
                out, inward = ("Left", "Right") if kind < 0.5 else ("Right", "Left")
                left, right, kind = f"eyeLookOut{out}", f"eyeLookIn{inward}", 0.0
            weights[frame, names.index(left)] = amount * (1 if kind < UNEVEN else rng.random())
            weights[frame, names.index(right)] = amount * (rng.random() if ONE_SIDED < kind < UNEVEN else 1)
        jaw, close = names.index("jawOpen"), names.index("mouthClose")
        weights[frame, jaw] = max(weights[frame, jaw], weights[frame, close])
    return weights


def _stem(name: str) -> str:
    return (
        name if name.startswith(("jaw", "mouthLeft", "mouthRight")) else name.removesuffix("Left").removesuffix("Right")
    )


class Filmed:
    """A head's pictures, tracked."""

    def __init__(self, file: Path, seed: int) -> None:
        head, rng = Head.load(file), np.random.default_rng(seed)
        self.weights = movements(head.key_names, rng)
        pictures = [
            draw(head, *frame) for frame in zip(self.weights, rng.normal(size=(FRAMES, 3)) * TURNS, strict=True)
        ]
        self.track: Track = track_face(pictures, FRAMES, file.parent.name, dense=True)
        if not self.track.seen.all():
            raise SystemExit(f"{file} is not seen in every picture; leave it out.")
        self.person, self.view = identify(self.track, load_head_model(head.model_name), CaptureSettings())

    def left(self, response: Response) -> np.ndarray:
        """(F, M, 2) what the points are seen to differ by from what the response tells, y up, less that at rest."""
        search = Search(
            self.track.landmarks, self.person, self.view, CaptureSettings(), dense=self.track.dense, response=response
        )
        params = torch.cat([search.params[:, :FIRST_WEIGHT], torch.as_tensor(self.weights[:, search.searched])], 1)
        for _ in range(_ROUNDS):
            for _ in range(_STEPS):
                search.params = params
                gradient, matrix = search.energy().linearise(params)
                step = torch.linalg.solve(matrix[:, :FIRST_WEIGHT, :FIRST_WEIGHT], gradient[:, :FIRST_WEIGHT, None])
                params = torch.cat([params[:, :FIRST_WEIGHT] - step.squeeze(-1), params[:, FIRST_WEIGHT:]], 1)
            search.params = params
            differing = -search.energy().residual(params)
            search.offset = search.offset + differing[torch.as_tensor(self.weights.sum(1) == 0)].median(0).values
        return -search.energy().residual(params).numpy() * [1, -1]


def learn(filmed: list[Filmed]) -> Response:
    """The response of all heads together."""
    model = load_head_model("open")
    track = filmed[0].track.dense
    if track is None:
        raise SystemExit("No dense points were found; use heads of the Open head.")
    points, mirror, kept = _points(model, track.vertices)
    count, keys = len(points), len(ARKIT_52)
    found = Response(ARKIT_52, points, np.zeros((keys, count, 2)), np.zeros((count, 2, 1)), np.full((count, 2), 1e-6))
    swapped = [ARKIT_52.index(mirrored_name(name)) for name in ARKIT_52]
    weights = np.concatenate([w for one in filmed for w in (one.weights, one.weights[:, swapped])])
    left = _left(filmed, found, mirror)
    for _ in range(_ROUNDS):
        more = np.linalg.solve(weights.T @ weights + RIDGE * np.eye(keys), weights.T @ left)
        found = Response(ARKIT_52, points, found.change + more.reshape(keys, count, 2), found.factors, found.own)
        left = _left(filmed, found, mirror)
    _, size, directions = np.linalg.svd(left, full_matrices=False)
    factors = (size[:FACTORS, None] * directions[:FACTORS] / np.sqrt(len(left))).T
    own = np.maximum((left**2).mean(0) - (factors**2).sum(1), 0) + FLOOR**2
    shared, own = factors.reshape(count, 2, -1), own.reshape(count, 2)
    return Response(ARKIT_52, points[kept], found.change[:, kept], shared[kept], own[kept])


def _left(filmed: list[Filmed], response: Response, mirror: np.ndarray) -> np.ndarray:
    """(N, 2M) what is left of all frames and their mirror images."""
    rows = [one.left(response) for one in filmed]
    both = np.concatenate([r for row in rows for r in (row, row[:, mirror] * [-1, 1])])
    return both.reshape(len(both), -1)


def _points(model: HeadModel, vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Numbers of the points that are looked at, of each the row of its mirror image, and which of them are used."""
    mesh = np.zeros(MEDIAPIPE.count, bool)
    mesh[::_THINNED] = True
    edges = [*LIPS, *MEDIAPIPE.lids[0], *MEDIAPIPE.lids[1], *_RIGHT_BROW, *MIRROR[list(_RIGHT_BROW)], *_NOSE, *_CHIN]
    mesh[edges] = True
    first, half = MEDIAPIPE.iris_points[0], len(MEDIAPIPE.iris_points) // 2
    other = np.concatenate([MIRROR, np.arange(first + half, first + 2 * half), np.arange(first, first + half)])
    mesh[MEDIAPIPE.iris_points[0] :] = False
    used = mesh.copy()
    mesh |= mesh[other]
    mesh[model.embeddings[MEDIAPIPE.name].sigma <= 0] = False
    mesh &= mesh[other]
    mesh[list(MEDIAPIPE.irises)] = used[list(MEDIAPIPE.irises)] = True
    face = np.logical_or.reduce([model.regions[name] for name in ("face", "lips", "lids")])[vertices]
    dense = dense_mirror()
    face &= model.skin_weights[vertices, 0] < _ROOTED  # the rest moves with the body
    face &= face[dense]
    points = np.flatnonzero(np.concatenate([mesh, face]))
    kept = np.concatenate([used, face])[points]
    row = np.full(MEDIAPIPE.count + len(vertices), -1)
    row[points] = np.arange(len(points))
    return points, row[np.concatenate([other, MEDIAPIPE.count + dense])[points]], kept


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(allow_abbrev=False, description=__doc__)
    parser.add_argument("heads", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    found = learn([Filmed(file, seed) for seed, file in enumerate(options.heads)])
    options.out.parent.mkdir(parents=True, exist_ok=True)
    arrays = {"change": found.change, "factors": found.factors}
    np.savez_compressed(
        options.out,
        key_names=np.array(found.key_names),
        points=found.points.astype(np.int32),
        own=found.own.astype(np.float32),
        **{name: array.astype(np.float16) for name, array in arrays.items()},
    )


if __name__ == "__main__":
    main()
