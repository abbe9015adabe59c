"""Landmarks told for correcting them by hand, and the fit and the head that follow from the corrections."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from skimage import data as skimage_data

from seif_core.errors import SettingsError
from seif_core.portrait.corrections import HANDLES
from seif_core.portrait.hairline import NAMES as HAIRLINE
from seif_core.progress import Progress
from seif_core.worker import landmark_jobs
from seif_core.worker.landmark_jobs import landmarks

CHIN = 152


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("photo") / "astronaut.png"
    Image.fromarray(skimage_data.astronaut()).save(path)
    return path


def asked(photo, **fields):
    return landmarks({"photo": str(photo), **fields}, Progress())["report"]


def spot(rows, number):
    return next(np.array(row[1:]) for row in rows if row[0] == number)


def test_the_fit_follows_a_corrected_chin_and_the_photo_is_not_read_again(photo, tmp_path, monkeypatch):
    first = asked(photo, out=str(tmp_path / "photo.jpg"))
    assert Image.open(tmp_path / "photo.jpg").size == (first["width"], first["height"]) == (512, 512)
    numbers = [row[0] for row in first["handles"]]
    assert numbers[: len(HANDLES)] == list(HANDLES)
    assert set(numbers[len(HANDLES) :]) <= set(HAIRLINE)
    assert len(numbers) > len(HANDLES) + 5
    assert first["handles"] == first["found"]
    dots = np.array(first["dots"])
    assert len(dots) > 500
    chin = spot(first["found"], CHIN)
    monkeypatch.setattr("seif_core.portrait.read.read_portrait", lambda *_, **__: pytest.fail("read again"))
    second = asked(photo, corrections=[[CHIN, chin[0], chin[1] + 12]])
    assert spot(second["handles"], CHIN)[1] - chin[1] == pytest.approx(12, abs=0.2)
    assert np.array_equal(spot(second["found"], CHIN), chin)
    lower = [np.array(told["dots"])[:, 1].mean() for told in (first, second)]
    assert lower[1] > lower[0] + 0.1  # one point of 478 moves the whole head a little, its chin most


def test_another_face_or_photo_is_read_anew(photo):
    asked(photo)
    assert landmark_jobs._Last.key[0] == str(photo)
    with pytest.raises(SettingsError, match="number"):
        asked(photo, face="1")
