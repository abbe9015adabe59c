"""Requests about head models and FLAME parameters that make no sense, or that are not permitted, are told in words."""

from __future__ import annotations

import json

import numpy as np
import pytest
from flame_head import with_keys
from flame_pickle import flame_arrays, write_flame

from seif_core.errors import ModelError, OutputError, SettingsError
from seif_core.headmodel import gnm_download, user_model
from seif_core.headmodel.flame import read_flame
from seif_core.headmodel.installed import add_model
from seif_core.progress import Progress
from seif_core.worker import jobs, model_jobs


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("SEIF_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("SEIF_CACHE", str(tmp_path / "cache"))


def test_without_models_the_list_is_empty():
    answer = model_jobs.models({"type": "models", "action": "list"}, Progress())
    assert answer == {"report": {"told": "", "models": []}}


def test_nothing_is_fetched_unless_the_client_says_that_it_may(monkeypatch):
    monkeypatch.setattr(gnm_download, "fetch", lambda *_: pytest.fail("somebody was asked"))
    for permitted in ({}, {"online": False}, {"online": "yes"}):
        with pytest.raises(SettingsError, match="not permitted"):
            model_jobs.models({"action": "fetch", **permitted}, Progress())


@pytest.mark.parametrize(
    ("request_", "error", "words"),
    [
        ({}, SettingsError, "action"),
        ({"action": "add", "path": "relative.pkl"}, SettingsError, "absolute"),
        ({"action": "add", "path": "/a\0b.pkl"}, SettingsError, "absolute"),
        ({"action": "add", "path": "/no/such/file.pkl"}, ModelError, "file.pkl"),
        ({"action": "remove"}, SettingsError, "name"),
        ({"action": "remove", "name": "open"}, ModelError, "stays"),
    ],
)
def test_a_request_about_models_that_makes_no_sense_is_told(request_, error, words):
    with pytest.raises(error, match=words):
        model_jobs.models(request_, Progress())


def test_stages_of_the_new_requests_are_known():
    for kind in ("models", "flame_motion"):
        assert sum(jobs.shares({"type": kind}).values()) == pytest.approx(1)


def test_a_motion_is_written_for_the_heads_keys_and_says_what_was_left_out(monkeypatch, tmp_path):
    path = tmp_path / "flame2023_Open.pkl"
    write_flame(path, flame_arrays(shapes=150))
    monkeypatch.setattr(user_model, "load_flame", lambda path, _cache=None: with_keys(read_flame(path)))
    jaw = np.zeros((2, 3))
    jaw[:, 0] = 0.1
    np.savez(tmp_path / "vhap.npz", expr=np.eye(2, 50), jaw_pose=jaw, eyelids=np.zeros(2))
    asked = {
        "paths": [str(tmp_path / "vhap.npz")],
        "key_names": ["mouthSmileLeft", "unknown"],
        "out": str(tmp_path / "motion.json"),
    }
    with pytest.raises(ModelError, match="add one"):
        model_jobs.flame_motion(asked, Progress())
    add_model(path)
    report = model_jobs.flame_motion(asked, Progress())["report"]
    assert report == {"frames": 2, "left_out": ["eyelids"], "model": "FLAME 2023 Open"}
    told = json.loads((tmp_path / "motion.json").read_text())
    assert told["key_names"] == asked["key_names"]
    assert np.shape(told["key_weights"]) == (2, 2)
    assert not np.array(told["key_weights"])[:, 1].any()
    np.testing.assert_allclose(told["expression"], np.eye(2, 50))
    np.testing.assert_allclose(np.array(told["pose"])[:, 2], jaw, atol=1e-7)
    with pytest.raises(OutputError):
        model_jobs.flame_motion(asked | {"out": str(tmp_path / "no" / "motion.json")}, Progress())
    for wrong in ({"paths": []}, {"paths": "a"}, {"key_names": [3]}, {"paths": ["relative"]}, {"out": 3}):
        with pytest.raises(SettingsError):
            model_jobs.flame_motion(asked | wrong, Progress())
