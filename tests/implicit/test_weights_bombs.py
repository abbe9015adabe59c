"""Checkpoints that declare more than they hold, or hold what is no number."""

from __future__ import annotations

import pickle
import zipfile

import numpy as np
import pytest
import torch

from seif_core.cli_weights import import_weights
from seif_core.errors import ModelError
from seif_core.implicit import weights
from seif_core.implicit.checkpoint_check import check_checkpoint
from seif_core.implicit.encoder import EncoderSettings
from seif_core.implicit.network import ImplicitNetwork, ImplicitSettings
from seif_core.network_files import load_weights
from seif_core.workshop.training.weights_file import save_weights

SMALL = EncoderSettings(stacks=2, width=16, depth=1, stem=8, groups=4)
TINY = {"semantic": ImplicitSettings(SMALL, (8, 8)), "seif": ImplicitSettings(SMALL, (8, 8), semantic_input=True)}


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setattr(weights, "ORIGINAL", TINY)
    return ImplicitNetwork(TINY["semantic"])


@pytest.mark.parametrize("today", [True, False])
def test_checkpoints_of_both_forms_are_taken_in(tmp_path, tiny, today):
    torch.save({"netG": tiny.state_dict()}, tmp_path / "a.pth", _use_new_zipfile_serialization=today)
    assert import_weights(tmp_path / "a.pth", tmp_path / "out").is_file()


def test_weights_that_are_no_numbers_are_not_imported_over_good_ones(tmp_path, tiny):
    torch.save(tiny.state_dict(), tmp_path / "good.pth")
    good = import_weights(tmp_path / "good.pth", tmp_path / "out").read_bytes()
    broken = {key: value.clone() for key, value in tiny.state_dict().items()}
    next(iter(broken.values())).view(-1)[0] = float("nan")
    torch.save(broken, tmp_path / "broken.pth")
    with pytest.raises(ModelError, match="not numbers"):
        import_weights(tmp_path / "broken.pth", tmp_path / "out")
    assert [p.read_bytes() for p in (tmp_path / "out").iterdir()] == [good]


def test_weights_that_are_no_numbers_are_not_loaded(tmp_path, tiny):
    with torch.no_grad():
        next(tiny.parameters()).view(-1)[0] = float("inf")
    save_weights(tiny, tmp_path / "w.safetensors", metadata={})
    with pytest.raises(ModelError, match="not numbers"):
        load_weights(ImplicitNetwork(TINY["semantic"]), tmp_path / "w.safetensors")


def test_a_deflated_checkpoint_is_refused_before_it_is_unpacked(tmp_path, tiny, monkeypatch):
    torch.save({"a": torch.zeros(1 << 24)}, tmp_path / "plain.pth")
    packed = tmp_path / "packed.pth"
    with (
        zipfile.ZipFile(tmp_path / "plain.pth") as old,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for info in old.infolist():
            new.writestr(info.filename, old.read(info))
    assert packed.stat().st_size < 1 << 20
    _never_loaded(monkeypatch)
    with pytest.raises(ModelError, match="no checkpoint"):
        import_weights(packed, tmp_path / "out")


def test_a_storage_larger_than_its_file_is_refused_before_it_is_allocated(tmp_path, tiny, monkeypatch):
    path = tmp_path / "old.pth"
    torch.save({"a": torch.zeros(0x1234)}, path, _use_new_zipfile_serialization=False)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"M\x34\x12", b"J\xff\xff\xff\x7f"))  # 2**31 - 1 numbers, 8 GB
    _never_loaded(monkeypatch)
    with pytest.raises(ModelError, match="no checkpoint"):
        import_weights(path, tmp_path / "out")
    with pytest.raises(ValueError, match="MB"):
        check_checkpoint(path)


def _never_loaded(monkeypatch):
    def load(*_a, **_k):
        raise AssertionError("it was loaded")

    monkeypatch.setattr(torch, "load", load)


class _Calls:
    def __reduce__(self):
        return np.zeros, ((1 << 40,),)


def test_a_checkpoint_that_asks_for_other_things_is_refused(tmp_path):
    (tmp_path / "a.pth").write_bytes(pickle.dumps(_Calls(), 2))
    with pytest.raises(ModelError, match="no checkpoint"):
        import_weights(tmp_path / "a.pth", tmp_path / "out")
