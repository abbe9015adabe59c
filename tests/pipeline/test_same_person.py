"""Several photos of one person: one head, from the best photo, named after the first."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import skimage.data
from conftest import SHARED
from fake_stages import fake_stages, fake_writers, sample_fit, sample_portrait
from PIL import Image

from seif_core import cli, results
from seif_core.appearance.baked_texture import BakedTexture
from seif_core.confidence import region_confidence
from seif_core.head import Head
from seif_core.headmodel.subdivision import subdivide
from seif_core.portrait import PortraitSettings, read_portrait
from seif_core.several_photos import best_first, strangers, with_shape_of


def looking(yaw, *, distance=0.7, error=1.5):
    fit = sample_fit()
    pose = fit.pose.copy()
    pose[0] = (0, yaw, 0)
    translation = np.array([0, 0, -distance], np.float32)
    posed = fit.expressed + translation
    return replace(fit, pose=pose, translation=translation, posed=posed, landmark_error=error)


def test_the_most_frontal_photo_is_the_best_unless_its_face_is_small():
    assert best_first([looking(0.6), looking(0.05), looking(-0.4)]) == [1, 2, 0]
    assert best_first([looking(0.1), looking(0.05, distance=6.0)]) == [0, 1]


def test_another_photo_takes_the_shape_and_keeps_its_pose_and_expression():
    best, other = sample_fit(), sample_fit(seed=3)
    shaped = replace(best, neutral=best.neutral * np.float32(1.02), joints=best.rest_joints)
    found = with_shape_of(shaped, other)
    np.testing.assert_array_equal(found.neutral, shaped.neutral)
    np.testing.assert_allclose(found.expressed - found.neutral, other.expressed - other.neutral, atol=1e-6)
    np.testing.assert_array_equal(found.pose, other.pose)
    same = with_shape_of(best, best)
    np.testing.assert_allclose(same.posed, best.posed, atol=1e-5)


def test_a_subdivided_shape_is_taken_too():
    best, other = sample_fit(), sample_fit(seed=3)
    model, neutral = subdivide(best.model, best.neutral)
    fine = neutral.astype(np.float32)
    shaped = replace(best, model=model, neutral=fine, expressed=fine, posed=fine, joints=best.rest_joints)
    assert with_shape_of(shaped, other).posed.shape == neutral.shape


def test_a_photo_of_somebody_else_is_asked_about():
    told = strangers(["a.jpg", "b.jpg"], [looking(0.1), looking(0.1, error=7.0)])
    assert len(told) == 1
    assert told[0].startswith("b.jpg")
    assert "same person" in told[0]


def test_two_strangers_are_told_though_one_identity_fits_both(command, tmp_path, capsys):
    faces = {
        "ann.jpg": skimage.data.astronaut(),
        "grace.jpg": np.asarray(Image.open(SHARED / "portraits" / "grace_hopper.jpg")),
    }

    def read(path, *, face=0, settings=None, progress):
        Image.fromarray(faces[path.name]).save(tmp_path / "face.png")
        found = read_portrait(tmp_path / "face.png", settings=PortraitSettings(dense_points=False))
        return sample_portrait(path.name, pixels=found.pixels, landmarks=found.landmarks, mask=found.mask)

    assert command("ann.jpg", "grace.jpg", read_portrait=read) == 0
    report = json.loads((tmp_path / "out" / "ann" / "report.json").read_text(encoding="utf-8"))
    assert any("ann.jpg and grace.jpg look like two people's" in sentence for sentence in report["warnings"])


@pytest.fixture
def command(monkeypatch, tmp_path):
    fake_writers(monkeypatch)
    monkeypatch.setattr(results, "blender_is_here", lambda: False)

    def run(*names, **changes):
        def read(path, *, face=0, settings=None, progress):
            warnings = ("It is dark.",) if "side" in path.name else ()
            fake_stages().read_portrait(path, face=face, settings=settings, progress=progress)
            return sample_portrait(path.name, warnings=warnings)

        def together(portraits, model, *, device, seed, progress):
            return [looking(0.7 if "side" in portrait.name else 0.05) for portrait in portraits]

        stages = {"read_portrait": read, "fit_same_person": together} | changes
        photos = [tmp_path / name for name in names]
        for path in photos:
            path.write_bytes(path.name.encode())
        arguments = ["reconstruct", "--same-person", *map(str, photos), "--out", str(tmp_path / "out")]
        arguments += ["--texture-size", "64", "--formats", "npz", "--quality", "fast"]
        return cli.main(arguments, stages=fake_stages(**stages))

    return run


def test_one_head_comes_from_all_photos_in_the_folder_of_the_first(command, tmp_path, capsys):
    given = []

    def bake(portrait, fit, evidence, *, settings, photo_normals=None, device, hair=None, progress, others=()):
        given.extend(other.portrait.name for other in others)
        return BakedTexture(np.zeros((64, 64, 3), np.uint8), None)

    assert (
        command(
            "side.jpg", "front.jpg", look_at_photo=lambda *_, **__: SimpleNamespace(parsing=None), bake_texture=bake
        )
        == 0
    )
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["side"]
    report = json.loads((tmp_path / "out" / "side" / "report.json").read_text(encoding="utf-8"))
    assert report["photo"]["name"] == "front.jpg"
    assert [other["name"] for other in report["same_person"]] == ["side.jpg"]
    assert "side.jpg: It is dark." in report["warnings"]
    assert given == ["side.jpg"]
    assert Head.load(tmp_path / "out" / "side" / "head.npz").photo_name == "front.jpg"


def test_a_photo_without_a_face_is_named(command, tmp_path, capsys):
    assert command("front.jpg", "noface.jpg") == 2
    assert "noface.jpg" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_regions_tell_shares_of_area_that_sum_to_one():
    from sample_head import sample_head

    head = sample_head()
    assert region_confidence(replace(head, confidence=None)) == {}
    shares = np.zeros((len(head.vertices), 3), np.float32)
    shares[:, 0], shares[:, 2] = 0.25, 0.75
    told = region_confidence(replace(head, confidence=shares))
    assert told["all"] == pytest.approx({"seen": 0.25, "mirrored": 0.0, "guessed": 0.75})
