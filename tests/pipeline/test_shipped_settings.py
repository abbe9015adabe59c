"""What users get when they choose nothing, and the choices that change the shape, on a photograph, nothing replaced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image

from seif_core import cli
from seif_core.head import Head
from seif_core.headmodel import load_head_model
from seif_core.implicit.network import ORIGINAL_SEIF, ORIGINAL_SEMANTIC, ImplicitNetwork

SLAB = 0.12
"""Cube units before and behind its middle that the generated checkpoint takes for inside."""


class Result(NamedTuple):
    head: Head
    report: dict
    folder: Path


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("photo") / "astronaut.png"
    Image.fromarray(skimage.data.astronaut()).save(path)
    return path


def run(photo, out, *more):
    assert cli.main(["reconstruct", str(photo), "--out", str(out), "--formats", "glb,npz", *more]) == 0
    folder = out / photo.stem
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return Result(Head.load(folder / "head.npz"), report, folder)


@pytest.fixture(scope="module")
def plain(photo, tmp_path_factory):
    return run(photo, tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def fast(photo, tmp_path_factory):
    return run(photo, tmp_path_factory.mktemp("fast"), "--quality", "fast", "--texture-size", "0")


def sound(report):
    surface = report["surface"]
    return surface["components"] == 1 and surface["flips"] == 0 and surface["crossings"] == 0


def scalp_rise(one, other):
    """Metres that the scalp of one head lies farther out than that of another, in the mean."""
    scalp = one.head.regions["scalp"]
    centre = other.head.vertices[scalp].mean(axis=0)
    radius = [np.linalg.norm(r.head.vertices[scalp] - centre, axis=1).mean() for r in (one, other)]
    return radius[0] - radius[1]


def test_what_ships_makes_a_sound_head_with_a_full_texture(plain):
    assert plain.report["settings"]["resolution"] == 128
    assert plain.head.texture.shape == (2048, 2048, 3)
    assert sound(plain.report)
    assert plain.report["surface"]["face_distance_percent"] < 0.5
    assert plain.report["warnings"] == []
    assert {"head.glb", "head.npz", "preview.png", "report.json"} == {p.name for p in plain.folder.iterdir()}


def test_merged_hair_stands_on_the_scalp(photo, fast, tmp_path):
    merged = run(photo, tmp_path, "--hair", "merged", "--texture-size", "0")
    assert sound(merged.report)
    assert scalp_rise(merged, fast) > 0.004


def test_a_head_with_its_hair_as_a_layer_keeps_the_fitted_skull(plain, fast):
    assert plain.report["settings"]["hair"] == "layer"
    assert abs(scalp_rise(plain, fast)) < 0.001


def test_one_subdivision_gives_four_times_the_faces_with_everything_on_them(photo, plain, tmp_path):
    fine = run(photo, tmp_path, "--subdivisions", "1", "--texture-size", "0")
    model = load_head_model("open")
    corners = np.where(model.faces[:, 3] >= 0, 4, 3).sum()
    assert len(fine.head.faces) == corners
    assert sound(fine.report)
    assert fine.head.key_names == plain.head.key_names
    assert fine.head.key_deltas.shape == (52, len(fine.head.vertices), 3)
    shared = fine.head.vertices[: len(plain.head.vertices)]
    assert np.linalg.norm(shared - plain.head.vertices, axis=1)[plain.head.regions["face"]].mean() < 0.003


def slab(settings):
    """A network of the published size that answers with a slab, whatever it sees."""
    network = ImplicitNetwork(settings)
    depth = settings.encoder.width  # the feature behind the image's
    with torch.no_grad():
        for value in network.surface_classifier.parameters():
            value.zero_()
        conv = [network.surface_classifier.get_submodule(f"conv{i}") for i in range(5)]
        conv[0].weight[0, depth, 0], conv[0].weight[1, depth, 0] = 1.0, -1.0
        for middle in conv[1:4]:
            middle.weight[0, 0, 0] = middle.weight[1, 1, 0] = 1.0
        conv[4].weight[0, :2, 0] = -20.0
        conv[4].bias[0] = 20.0 * SLAB * 2 * settings.depth_scale
    return network


def test_the_published_networks_run_end_to_end_on_a_generated_checkpoint(photo, tmp_path, monkeypatch):
    monkeypatch.setenv("SEIF_DATA", str(tmp_path / "data"))
    for name, settings in (("semantic", ORIGINAL_SEMANTIC), ("seif", ORIGINAL_SEIF)):
        torch.manual_seed(len(name))
        torch.save({"state_dict": slab(settings).state_dict()}, tmp_path / f"{name}.pth")
    assert cli.main(["weights", "import", str(tmp_path / "semantic.pth"), str(tmp_path / "seif.pth")]) == 0
    made = run(photo, tmp_path / "out", "--weights", "original", "--resolution", "128", "--texture-size", "0")
    assert made.report["settings"]["weights"] == "original"
    assert made.report["surface"]["components"] == 1
    assert made.report["surface"]["queries"] > 1000
    assert np.isfinite(made.head.vertices).all()
