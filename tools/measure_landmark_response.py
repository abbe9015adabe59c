"""Measure how the face mesh sees expressions: `vendor/capture/landmark_response.npz`, from heads made here.

    python tools/measure_landmark_response.py HEAD.npz... --out vendor/capture/landmark_response.npz

Every key of each head is drawn alone, and some together, seen from the front; the landmarks are found in the picture;
what they moved by is written beside what the head's own landmarks moved by. Sides are mirrored. No photo is in it: only
numbers that the network gave for drawn pictures.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from seif_core.capture.person import UNSEEN_KEYS, Person
from seif_core.expressions.arkit import mirrored_name
from seif_core.geometry.camera import Camera
from seif_core.head import Head
from seif_core.headmodel import load_head_model
from seif_core.portrait.crop import Pyramid
from seif_core.portrait.face_mesh import FaceMeshBackend
from seif_core.portrait.landmarks import Landmarks
from seif_core.preview.surface import Surface
from seif_core.preview.views import render

SIZE, FOCAL, DISTANCE = 288, 1433.0, 0.9
"""Pixels a side, pixels, metres: a face of 160 pixels, as in a video of 512."""
WEIGHT = 0.7
TOGETHER = (
    ("jawOpen", "mouthSmileLeft", "mouthSmileRight"),
    ("mouthPucker", "mouthFunnel"),
    ("eyeBlinkLeft", "eyeBlinkRight"),
    ("eyeSquintLeft", "eyeSquintRight", "mouthSmileLeft", "mouthSmileRight"),
    ("browInnerUp", "browOuterUpLeft", "browOuterUpRight", "jawOpen"),
    ("browDownLeft", "browDownRight", "eyeSquintLeft", "eyeSquintRight"),
    ("mouthUpperUpLeft", "mouthUpperUpRight", "mouthLowerDownLeft", "mouthLowerDownRight"),
)


def measure(file: Path) -> tuple[np.ndarray, np.ndarray]:
    """True and seen movements (N, 478, 2) in metres, x to the subject's left, y up."""
    head = Head.load(file)
    person = Person.of_head(head, load_head_model(head.model_name))
    single = [
        (n,) for n in head.key_names if n not in UNSEEN_KEYS and (not n.endswith("Right") or mirrored_name(n) == n)
    ]
    true0, seen0 = _look(head, person, ())
    true, seen = [], []
    for names in (*single, *TOGETHER):
        at, found = _look(head, person, names)
        true.append(at - true0)
        seen.append(found - seen0)
    return np.stack(true), np.stack(seen)


def _look(head: Head, person: Person, names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    weights = np.array([WEIGHT if name in names else 0.0 for name in head.key_names])
    middle = person.embedding.points(head.vertices)[:468].mean(0)
    moved = head.vertices + np.tensordot(weights, head.key_deltas, 1) - middle + np.array([0, 0, -DISTANCE])
    camera = Camera(FOCAL, SIZE / 2, SIZE / 2, SIZE, SIZE)
    picture = render(Surface.of_head(head).with_vertices(moved), camera, "textured", supersample=1)
    at = person.embedding.points(moved)
    pixels = camera.project(at)
    first = Landmarks(np.c_[pixels, np.zeros(len(at))].astype(np.float32), 1.0, 0.0)
    found = FaceMeshBackend(4).locate(Pyramid(picture), first).points[:, :2]
    scale = FOCAL / -at[:, 2:]
    flip = np.array([1.0, -1.0])
    return at[:, :2], (found - SIZE / 2) * flip / scale


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(allow_abbrev=False, description=__doc__)
    parser.add_argument("heads", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    measured = [measure(file) for file in options.heads]
    true, seen = (np.concatenate([m[k] for m in measured]).astype(np.float16) for k in (0, 1))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(options.out, true=true, seen=seen)


if __name__ == "__main__":
    main()
