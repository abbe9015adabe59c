"""The quick look at a photo: its faces, a picture for each, and the sentences for photos that show none."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from skimage import data as skimage_data

from seif_core.errors import PhotoUnsuitableError, SettingsError
from seif_core.progress import Progress
from seif_core.worker.look_jobs import look


@pytest.fixture(scope="module")
def astronaut() -> Image.Image:
    return Image.fromarray(skimage_data.astronaut())


def asked(photo, folder, **fields):
    return look({"photo": str(photo), "folder": str(folder), **fields}, Progress())["report"]


def test_each_face_is_told_with_its_box_and_a_picture_in_which_it_is_framed(astronaut, tmp_path):
    face = astronaut.crop((140, 0, 320, 260))
    canvas = Image.new("RGB", (700, 400), (90, 100, 110))
    canvas.paste(face.resize((216, 312)), (20, 40))
    canvas.paste(face, (420, 60))
    canvas.save(tmp_path / "two.png")
    told = asked(tmp_path / "two.png", tmp_path)
    assert (told["width"], told["height"]) == (700, 400)
    assert len(told["faces"]) == 2
    first, second = told["faces"]
    assert first[2] - first[0] > second[2] - second[0]
    assert first[2] < 300 < second[0]
    pictures = [np.asarray(Image.open(tmp_path / name).convert("RGB"), int) for name in told["pictures"]]
    frames = [np.argwhere(np.abs(p - [255, 150, 30]).sum(2) < 30) for p in pictures]
    scale = 384 / 700
    for (x0, y0, x1, y1), frame in zip(told["faces"], frames, strict=True):
        assert np.abs(frame.min(0)[::-1] - np.array([x0, y0]) * scale).max() < 5
        assert np.abs(frame.max(0)[::-1] - np.array([x1, y1]) * scale).max() < 5


def test_a_photo_without_a_face_is_told_in_the_words_of_a_reconstruction(tmp_path):
    Image.new("RGB", (300, 300), (90, 100, 110)).save(tmp_path / "grey.png")
    with pytest.raises(PhotoUnsuitableError, match="No face"):
        asked(tmp_path / "grey.png", tmp_path)


@pytest.mark.parametrize("folder", ["", "relative", "/no/such/folder"])
def test_pictures_go_only_where_the_client_says(astronaut, tmp_path, folder):
    astronaut.save(tmp_path / "a.png")
    with pytest.raises(SettingsError, match="folder"):
        asked(tmp_path / "a.png", folder)
