"""The main job on a real photograph, and on everything that is none: nothing is replaced here."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image, ImageDraw

from seif_core import cli
from seif_core.head import Head
from seif_core.headmodel.skinning import rotation_matrices
from seif_core.worker import jobs

FORMATS = "glb,npz,obj"
DEBUG_IMAGES = ("landmarks", "mask", "normal_fit", "normal_network", "normal_surface", "normal_mesh", "overlay")


@pytest.fixture(scope="module")
def astronaut(tmp_path_factory):
    path = tmp_path_factory.mktemp("photo") / "astronaut.png"
    Image.fromarray(skimage.data.astronaut()).save(path)
    return path


def run(photo, out, *more):
    return cli.main(
        [
            *("reconstruct", str(photo), "--out", str(out), "--texture-size", "256", "--formats", FORMATS),
            *("--resolution", "128", *more),
        ]
    )


@pytest.fixture(scope="module")
def result(astronaut, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    assert run(astronaut, out, "--debug-images") == 0
    return out / "astronaut"


def test_a_photo_gives_every_file(result):
    wanted = {"head.glb", "head.npz", "head.obj", "preview.png", "report.json"}
    wanted |= {f"{name}.png" for name in DEBUG_IMAGES}
    assert wanted <= {path.name for path in result.iterdir()}


def test_debug_images_are_in_the_photos_pixels(result):
    for name in DEBUG_IMAGES:
        assert Image.open(result / f"{name}.png").size == (512, 512), name


def test_report_tells_of_a_fit_that_holds(result):
    report = json.loads((result / "report.json").read_text(encoding="utf-8"))
    assert report["fit"]["landmark_error_percent"] < 3.5
    assert 0.2 < report["head"]["height_m"] < 0.4
    assert report["photo"]["faces"] == 1
    assert report["warnings"] == []


def test_head_lies_on_the_surface_without_a_fold(result):
    surface = json.loads((result / "report.json").read_text(encoding="utf-8"))["surface"]
    assert (surface["components"], surface["flips"], surface["crossings"]) == (1, 0, 0)
    assert surface["face_distance_percent"] < 0.5
    assert surface["queries"] < 200_000  # a dense grid would ask 2 million


def test_head_covers_the_face_in_the_photo(result):
    head = Head.load(result / "head.npz")
    root, joint = rotation_matrices(head.photo_pose)[0], head.joints[0]
    posed = (head.vertices + head.photo_delta - joint) @ root.T + joint + head.photo_translation
    pixels = head.photo_camera.project(posed[head.regions["face"]])
    box = json.loads((result / "report.json").read_text(encoding="utf-8"))["photo"]["face_box"]
    np.testing.assert_allclose([*pixels.min(0), *pixels.max(0)], box, atol=0.25 * (box[3] - box[1]))


def test_texture_is_neither_black_nor_empty(result):
    head = Head.load(result / "head.npz")
    used = np.unique((head.uvs[head.uv_faces[:, 0]] * 255).astype(int), axis=0)
    colours = head.texture[255 - used[:, 1], used[:, 0]].astype(float)
    assert np.median(colours) > 60
    assert (colours.max(1) > 0).mean() > 0.98


def test_fast_head_of_the_photo_has_no_surface(astronaut, tmp_path):
    assert run(astronaut, tmp_path, "--quality", "fast") == 0
    report = json.loads((tmp_path / "astronaut" / "report.json").read_text(encoding="utf-8"))
    assert report["surface"] is None
    assert report["warnings"] == []


def test_same_photo_and_seed_give_the_same_bytes_also_by_the_worker(result, astronaut, tmp_path):
    from seif_core.progress import Progress

    request = {
        "photo": str(astronaut),
        "out": str(tmp_path / "head.npz"),
        "settings": {"texture_size": 256, "resolution": 128},
    }
    jobs.reconstruct(request, Progress())
    assert (tmp_path / "head.npz").read_bytes() == (result / "head.npz").read_bytes()


def bad_photo(kind: str, folder: Path) -> Path:
    path = folder / f"{kind}.png"
    picture = skimage.data.astronaut()
    if kind == "folder":
        path.mkdir()
    elif kind == "empty":
        path.touch()
    elif kind == "text":
        path.write_text("a photo, honestly")
    elif kind == "truncated":
        path = folder / "truncated.jpg"
        Image.fromarray(picture).save(path)
        path.write_bytes(path.read_bytes()[:9000])
    elif kind == "one_pixel":
        Image.new("RGB", (1, 1)).save(path)
    elif kind == "enormous":
        Image.new("1", (20_000, 20_000)).save(path)
    elif kind == "no_face":
        Image.fromarray(skimage.data.coffee()).save(path)
    elif kind == "blank":
        Image.new("RGB", (400, 400), "white").save(path)
    elif kind == "cartoon":
        draw = ImageDraw.Draw(image := Image.new("RGB", (400, 400), "white"))
        draw.ellipse((60, 40, 340, 360), fill="yellow", outline="black", width=6)
        draw.ellipse((130, 130, 165, 190), fill="black")
        draw.ellipse((235, 130, 270, 190), fill="black")
        draw.arc((120, 180, 280, 300), 20, 160, fill="black", width=8)
        image.save(path)
    elif kind == "tiny_face":
        Image.fromarray(picture).resize((90, 90)).save(path)
    return path


KINDS = ["missing", "folder", "empty", "text", "truncated", "one_pixel", "enormous"]
KINDS += ["no_face", "blank", "cartoon", "tiny_face"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_portrait_ends_in_one_sentence_and_leaves_nothing(kind, tmp_path, capsys):
    photo = bad_photo(kind, tmp_path)
    assert run(photo, tmp_path / "out") == 2
    assert not (tmp_path / "out").exists()
    complaint = capsys.readouterr().err.strip()
    assert complaint.startswith("seif: ")
    assert complaint.endswith(".")
    assert "\n" not in complaint


def test_a_face_number_that_does_not_exist_is_told(astronaut, tmp_path, capsys):
    assert run(astronaut, tmp_path / "out", "--face", "3") == 2
    assert "3" in capsys.readouterr().err
