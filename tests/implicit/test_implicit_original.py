from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from conftest import SHARED

from seif_core.errors import ModelError
from seif_core.implicit.encoder import EncoderSettings
from seif_core.implicit.network import ORIGINAL_SEIF, ORIGINAL_SEMANTIC, ImplicitNetwork, ImplicitSettings
from seif_core.implicit.weights import import_checkpoint, load_network

SMALL = ImplicitSettings(EncoderSettings(stacks=1, width=64, stem=32, groups=8), (128, 64, 32), semantic_input=True)
VECTORS = SHARED / "original"
needs_vectors = pytest.mark.skipif(not VECTORS.exists(), reason="the original's answers are not on this machine")


def seeded_weights(entries: list[tuple[str, list[int], str]], seed: int) -> dict[str, torch.Tensor]:
    rng = np.random.default_rng(seed)
    state = {}
    for name, shape, _ in sorted(entries):
        a = rng.standard_normal(shape).astype(np.float32)
        if len(shape) > 1:
            a = a / np.sqrt(np.prod(shape[1:])).astype(np.float32)
        else:
            a = (1 if name.endswith("weight") else 0) + np.float32(0.1) * a
        state[name] = torch.tensor(np.asarray(a, np.float32))
    for name in state:
        if ".downsample.0." in name:
            state[name] = state[name.replace("downsample.0", "bn4")]
    return state


@needs_vectors
@torch.no_grad()
def test_original_networks_imported_from_checkpoints_answer_as_published(tmp_path):
    spec = json.loads((VECTORS / "spec.json").read_text())
    expected = np.load(VECTORS / "expected.npz")
    networks = {}
    for name, settings, seed in (("semantic", ORIGINAL_SEMANTIC, 101), ("seif", ORIGINAL_SEIF, 202)):
        torch.save(seeded_weights(spec[name], seed), tmp_path / f"{name}.pth")
        written = import_checkpoint(tmp_path / f"{name}.pth", tmp_path)
        assert written.name == f"original_{name}.safetensors"
        networks[name] = load_network(written, settings)
    rng = np.random.default_rng(7)
    image = rng.random((1, 6, 512, 512)).astype(np.float32) * 2 - 1
    image = torch.tensor(np.kron(image[:, :, ::16, ::16], np.ones((1, 1, 16, 16), np.float32)))
    points = torch.tensor(expected["pts"])
    semantic = networks["semantic"].query(networks["semantic"].encode(image)[-1], points)
    seif = networks["seif"].query(networks["seif"].encode(image)[-1], points, semantic[:, 1:])
    np.testing.assert_allclose(semantic, expected["semantic"], atol=1e-4)
    np.testing.assert_allclose(seif, expected["seif"], atol=1e-4)


@needs_vectors
def test_original_architecture_has_the_published_entries_and_no_others():
    spec = json.loads((VECTORS / "spec.json").read_text())
    for name, settings in (("semantic", ORIGINAL_SEMANTIC), ("seif", ORIGINAL_SEIF)):
        with torch.device("meta"):
            state = ImplicitNetwork(settings).state_dict()
        assert {k: list(v.shape) for k, v in state.items()} == {k: shape for k, shape, _ in spec[name]}


def test_compact_network_has_gradients_from_points_and_semantics_to_all_weights():
    network = ImplicitNetwork(SMALL)
    points = (torch.rand(2, 3, 50) - 0.5).requires_grad_()
    answer = network.query(network.encode(torch.rand(2, 6, 64, 64))[-1], points, torch.rand(2, 3, 50))
    assert answer.shape == (2, 4, 50)
    answer.sum().backward()
    assert points.grad is not None
    unused = {n for n, p in network.named_parameters() if p.grad is None}
    assert all(".bn4." in n for n in unused)  # the norm of a residual that needs no convolution


def test_points_outside_the_image_are_empty():
    network = ImplicitNetwork(SMALL)
    features = network.encode(torch.rand(1, 6, 64, 64))[-1]
    points = torch.tensor([[[0.6, 0.0], [0.0, 0.0], [0.0, 0.0]]])
    answer = network.query(features, points, torch.rand(1, 3, 2))
    assert (answer[:, :, 0] == 0).all()
    assert (answer[:, :, 1] > 0).all()


def test_seif_network_refuses_points_without_semantics():
    network = ImplicitNetwork(SMALL)
    with pytest.raises(ValueError, match="semantic"):
        network.query(torch.rand(1, 64, 8, 8), torch.rand(1, 3, 4))


def test_import_refuses_files_that_are_no_checkpoint_in_words(tmp_path):
    (tmp_path / "text.pth").write_text("hello")
    torch.save({"a": torch.zeros(3)}, tmp_path / "other.pth")
    torch.save({"surface_classifier.conv0.weight": torch.zeros(1024, 260, 1)}, tmp_path / "partial.pth")
    for name in ("none.pth", "text.pth", "other.pth", "partial.pth"):
        with pytest.raises(ModelError, match=name):
            import_checkpoint(tmp_path / name, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_loading_refuses_a_wrong_checksum_and_another_architecture(tmp_path):
    from safetensors.torch import save_file

    network = ImplicitNetwork(SMALL)
    save_file({k: v.clone() for k, v in network.state_dict().items()}, tmp_path / "w.safetensors")
    load_network(tmp_path / "w.safetensors", SMALL)
    with pytest.raises(ModelError, match="checksum"):
        load_network(tmp_path / "w.safetensors", SMALL, sha256="0" * 64)
    with pytest.raises(ModelError, match="fit"):
        load_network(tmp_path / "w.safetensors", ImplicitSettings(SMALL.encoder, (8,), semantic_input=True))
