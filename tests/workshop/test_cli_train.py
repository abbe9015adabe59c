from __future__ import annotations

import logging

import numpy as np
import pytest
import torch
from sample_head import sample_model

from seif_core import cli
from seif_core.implicit.network import COMPACT_UNCONSTRAINED
from seif_core.implicit.normal_network import NormalNetwork
from seif_core.workshop.training import pool
from seif_core.workshop.training.weights_file import save_weights


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    torch.set_num_threads(1)
    monkeypatch.setattr("seif_core.workshop.training.source.load_head_model", sample_model)
    monkeypatch.setattr("seif_core.headmodel.load_head_model", sample_model)
    monkeypatch.setattr(pool, "SHARD", 2)
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    yield
    logging.getLogger("seif_core").setLevel(logging.NOTSET)


def train(kind, *more):
    return cli.main(["train", kind, "--device", "cpu", "--size", "64", *map(str, more)])


def steps_done(folder):
    return torch.load(folder / "checkpoint.pt", weights_only=True)["step"]


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pool")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("seif_core.headmodel.load_head_model", sample_model)
        patch.setattr(pool, "SHARD", 2)
        assert train("draw", "--pool", folder, "--samples", 1) == 0
        assert train("draw", "--pool", folder, "--samples", 3) == 0
    return folder


def test_a_pool_that_grows_on_does_not_repeat_its_first_samples(filled):
    files = sorted(filled.glob("*.npz"))
    assert len(files) == 2
    photos = []
    for path in files:
        with np.load(path) as data:
            photos.append(data["photo"])
    assert photos[0].shape == (2, 3, 64, 64)
    assert not np.array_equal(*photos)


def test_training_says_what_it_does_and_goes_on_where_it_stopped(tmp_path, capsys, caplog):
    out = tmp_path / "run"
    for steps in (1, 2):
        assert train("normals", "--out", out, "--steps", steps, "--batch", 1) == 0
        assert steps_done(out) == steps
    assert str(out / "checkpoint.pt") in capsys.readouterr().out
    assert "step 2 loss" in caplog.text
    assert (out / "losses.csv").read_text().count("\n") == 2


def test_implicit_function_without_semantics_has_narrower_inputs(tmp_path):
    for name, more in (("with", ()), ("without", ("--without-semantics",))):
        assert train("implicit", "--out", tmp_path / name, "--steps", 1, "--batch", 1, *more) == 0
    widths = [
        torch.load(tmp_path / name / "checkpoint.pt", weights_only=True)["network"][
            "surface_classifier.conv0.weight"
        ].shape[1]
        for name in ("with", "without")
    ]
    assert widths[1] == COMPACT_UNCONSTRAINED.encoder.width + 1
    assert widths[0] == widths[1] + 4


@pytest.mark.parametrize(
    "wrong",
    [
        ("--size", 100),
        ("--batch", 0),
        ("--steps", 0),
        ("--rate", 2),
        ("--pool", "missing"),
        ("--scans", "missing"),
        ("--scanned", 1.5),
        ("--device", "tpu"),
    ],
)
def test_settings_of_a_run_that_make_no_sense_are_refused_before_anything_is_made(tmp_path, wrong):
    code = cli.main(["train", "normals", "--out", str(tmp_path / "run"), *map(str, wrong)])
    assert code == (6 if wrong[0] == "--device" else 9)
    assert not (tmp_path / "run").exists()


def test_every_process_of_a_run_takes_the_gpu_of_its_rank(monkeypatch):
    from seif_core.workshop import cli_train

    monkeypatch.setenv("LOCAL_RANK", "3")
    monkeypatch.setattr(cli_train, "choose_device", lambda name: name)
    options = cli._parser().parse_args(["train", "implicit", "--out", "x", "--device", "cuda"])
    assert cli_train._prepare(options) == "cuda:3"


def test_a_fresh_run_begins_with_the_weights_named_and_a_resumed_one_with_its_own(tmp_path, filled):
    torch.manual_seed(7)
    network = NormalNetwork()
    torch.nn.init.normal_(network.head.weight, std=0.01)
    weights = tmp_path / "start.safetensors"
    save_weights(network, weights, metadata={})
    out = tmp_path / "run"
    options = ("--out", out, "--batch", 1, "--pool", filled, "--rate", 1e-9, "--start", weights)
    assert train("normals", "--steps", 1, *options) == 0
    state = torch.load(out / "checkpoint.pt", weights_only=True)["network"]
    assert torch.allclose(state["head.weight"], network.head.weight, atol=1e-6)
    weights.unlink()
    assert train("normals", "--steps", 2, *options) == 0


def test_weights_to_start_with_that_are_not_there_are_told_in_words(tmp_path, filled, capsys):
    assert train("normals", "--out", tmp_path / "run", "--steps", 1, "--pool", filled, "--start", tmp_path / "no") != 0
    assert "There is no weights file no" in capsys.readouterr().err


def test_a_pool_of_another_version_is_told_in_words(tmp_path, filled, capsys):
    with np.load(next(filled.glob("*.npz"))) as data:
        np.savez(tmp_path / "0000000.npz", **{name: data[name] for name in data.files if name != "far_target"})
    assert train("normals", "--out", tmp_path / "run", "--steps", 1, "--pool", tmp_path) != 0
    assert "has no far_target; it was drawn by another version" in capsys.readouterr().err
