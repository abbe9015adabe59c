"""Whether two photos may show one person: told for strangers, silent for the same face in another photo."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import skimage.data
from conftest import SHARED
from PIL import Image, ImageEnhance
from scipy.ndimage import gaussian_filter

from seif_core.portrait import PortraitSettings, read_portrait
from seif_core.portrait.likeness import UNLIKE, edge_features, face_statistics, likeness_warnings
from seif_core.portrait.mesh_topology import MIRROR
from seif_core.resources import vendor_path


def astronaut() -> Image.Image:
    return Image.fromarray(skimage.data.astronaut())


def hopper() -> Image.Image:
    return Image.open(SHARED / "portraits" / "grace_hopper.jpg").convert("RGB")


CHANGES = {
    "astronaut": astronaut,
    "darker": lambda: ImageEnhance.Brightness(astronaut()).enhance(0.5),
    "small": lambda: astronaut().resize((200, 200)),
    "grey": lambda: astronaut().convert("L").convert("RGB"),
    "turned": lambda: astronaut().rotate(30, Image.Resampling.BICUBIC),
    "lit from one side": lambda: Image.fromarray(
        (skimage.data.astronaut() * np.linspace(1.0, 0.4, 512)[None, :, None]).astype(np.uint8)
    ),
    "out of focus": lambda: Image.fromarray(gaussian_filter(skimage.data.astronaut(), (1.5, 1.5, 0))),
    "hopper": hopper,
}


@pytest.fixture(scope="module")
def portraits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faces")

    @cache
    def portrait(name: str):
        CHANGES[name]().save(folder / f"{name}.png")
        return read_portrait(folder / f"{name}.png", settings=PortraitSettings(dense_points=False))

    return portrait


def likeness(first, second) -> float:
    known = face_statistics()
    one, other = (known.coordinates(edge_features(p.pixels, p.landmarks, known.places)) for p in (first, second))
    return float(one @ other)


def test_strangers_are_told_in_a_sentence_that_names_both(portraits):
    told = likeness_warnings([portraits("astronaut"), portraits("hopper")])
    assert len(told) == 1
    assert "astronaut.png and hopper.png" in told[0]
    assert "same person" in told[0]


@pytest.mark.parametrize("change", [name for name in CHANGES if name not in ("astronaut", "hopper")])
def test_the_same_face_in_another_light_size_or_tilt_is_not_told(portraits, change):
    assert likeness_warnings([portraits("astronaut"), portraits(change)]) == ()
    assert likeness(portraits("astronaut"), portraits(change)) > 0.5


def test_of_three_photos_the_odd_one_is_named(portraits):
    told = likeness_warnings([portraits("astronaut"), portraits("hopper"), portraits("turned")])
    assert len(told) == 1
    assert "hopper.png" in told[0]


def test_a_face_and_its_mirror_image_are_one_persons(portraits):
    face = portraits("astronaut")
    width = face.pixels.shape[1]
    marks = face.landmarks[np.concatenate([MIRROR, np.arange(len(MIRROR), len(face.landmarks))])]
    marks = (marks * [-1, 1, 1] + [width, 0, 0]).astype(np.float32)
    assert likeness(face, replace(face, pixels=face.pixels[:, ::-1], landmarks=marks)) == pytest.approx(1, abs=0.05)


def test_landmarks_of_another_scheme_and_single_photos_are_not_compared(portraits):
    face = portraits("astronaut")
    other = replace(portraits("hopper"), landmarks=np.zeros((68, 3), np.float32), landmark_scheme="ibug68")
    assert likeness_warnings([face]) == likeness_warnings([face, other]) == ()


def test_a_face_that_lies_beyond_its_photo_ends_in_numbers(portraits):
    face = portraits("astronaut")
    away = replace(face, landmarks=face.landmarks + 5000)
    assert np.isfinite(likeness(face, away))


def test_the_shipped_statistics_are_those_that_the_readme_names():
    digest = hashlib.sha256(vendor_path("weights", "face_statistics.npz").read_bytes()).hexdigest()
    assert digest in vendor_path("README.md").read_text(encoding="utf-8")
    assert UNLIKE == 0
