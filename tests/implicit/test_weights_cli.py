from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from seif_core import cli, cli_weights
from seif_core.errors import CancelledError, ModelError, SettingsError
from seif_core.folders import data_folder, weights_folder
from seif_core.implicit import original, weights
from seif_core.implicit.encoder import EncoderSettings
from seif_core.implicit.network import ImplicitNetwork, ImplicitSettings
from seif_core.implicit.surface import SurfaceSettings, extract_surface
from seif_core.progress import Progress

SMALL = EncoderSettings(stacks=2, width=16, depth=1, stem=8, groups=4)
TINY = {
    "semantic": ImplicitSettings(SMALL, (8, 8)),
    "seif": ImplicitSettings(SMALL, (8, 8), semantic_input=True),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The user's folder, in a world whose published networks are tiny."""
    monkeypatch.setattr(weights, "ORIGINAL", TINY)
    monkeypatch.setattr(original, "ORIGINAL", TINY)
    monkeypatch.setenv("SEIF_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "weights"


@pytest.fixture
def checkpoints(tmp_path):
    """Tiny checkpoints, saved as the published ones are."""
    found = {}
    for seed, (name, settings) in enumerate(TINY.items()):
        torch.manual_seed(seed)
        network = ImplicitNetwork(settings)
        found[name] = tmp_path / f"{name}.pth"
        torch.save({"epoch": 3, "state_dict": network.state_dict()}, found[name])
    return found


def taken_in(checkpoints):
    assert cli.main(["weights", "import", *map(str, checkpoints.values())]) == 0


def images(seed=0):
    rng = np.random.default_rng(seed)
    photo, normals = (np.kron(rng.random((3, 16, 16)) * 2 - 1, np.ones((1, 32, 32))) for _ in range(2))
    return photo.astype(np.float32), normals.astype(np.float32)


def as_slab(checkpoints):
    """Rewrite the SeIF checkpoint so that what lies above z = 0 is inside."""
    state = torch.load(checkpoints["seif"], weights_only=True)["state_dict"]
    for key, value in state.items():
        if key.startswith("surface_classifier"):
            value.zero_()
    depth = SMALL.width  # the feature behind the image's
    state["surface_classifier.conv0.weight"][0, depth] = -1.0
    state["surface_classifier.conv1.weight"][0, 0] = 1.0
    state["surface_classifier.conv2.weight"][0, 0] = 20.0
    torch.save({"netG": state}, checkpoints["seif"])


def test_imported_weights_are_the_checkpoints_and_are_told(folder, checkpoints, capsys):
    taken_in(checkpoints)
    told = capsys.readouterr().out
    assert sorted(p.name for p in folder.iterdir()) == ["original_seif.safetensors", "original_semantic.safetensors"]
    for name, path in checkpoints.items():
        written = folder / f"original_{name}.safetensors"
        assert f"{name}.pth -> {written}" in told
        state = torch.load(path, weights_only=True)["state_dict"]
        with safe_open(written, framework="pt") as stored:
            assert stored.metadata()["network"] == name
            assert stored.metadata()["source_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
            assert set(stored.keys()) == set(state)
            assert all(torch.equal(stored.get_tensor(key), state[key]) for key in state)


def test_list_tells_names_and_checksums_or_what_to_run(folder, checkpoints, capsys):
    assert cli.main(["weights", "list"]) == 0
    assert "seif weights import" in capsys.readouterr().out
    taken_in(checkpoints)
    assert cli.main(["weights", "list"]) == 0
    told = capsys.readouterr().out
    for path in folder.iterdir():
        assert path.name in told
        assert hashlib.sha256(path.read_bytes()).hexdigest() in told


def test_a_refused_file_changes_nothing_and_is_told_in_a_sentence(folder, checkpoints, tmp_path, capsys):
    taken_in(checkpoints)
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    (tmp_path / "note.pth").write_text("hello")
    for name in ("note.pth", "none.pth"):
        assert cli.main(["weights", "import", str(tmp_path / name)]) == ModelError.exit_code
        assert name in capsys.readouterr().err
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(folder, checkpoints, capsys):
    folder.parent.parent.joinpath("data").write_text("in the way")
    assert cli.main(["weights", "import", str(checkpoints["seif"])]) == 3
    assert "SEIF_DATA" in capsys.readouterr().err


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_data_folder_is_the_platforms_and_not_its_cache(platform, monkeypatch, tmp_path):
    monkeypatch.delenv("SEIF_DATA", raising=False)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    expected = {
        "linux": tmp_path / "xdg" / "seif-blender",
        "darwin": tmp_path / "Library" / "Application Support" / "seif-blender",
        "win32": tmp_path / "local" / "seif-blender" / "Data",
    }
    assert data_folder() == expected[platform]
    assert weights_folder() == expected[platform] / "weights"


def test_missing_weights_say_which_and_what_to_run(folder, checkpoints):
    cli_weights.import_weights(checkpoints["seif"], folder)
    with pytest.raises(ModelError, match=r"original_semantic\.safetensors in .*seif weights import"):
        original.load_original()


def test_seif_network_is_fed_the_semantic_networks_codes(folder, checkpoints):
    taken_in(checkpoints)
    networks, image = original.load_original(), original.stack_images(*images())
    points = (np.random.default_rng(1).random((50, 3)).astype(np.float32) - 0.5) * 0.9
    batch, columns = torch.from_numpy(image)[None], torch.from_numpy(points.T.copy())[None]
    with torch.no_grad():
        semantic = networks.semantic.query(networks.semantic.encode(batch)[-1], columns)
        seif = networks.seif.query(networks.seif.encode(batch)[-1], columns, semantic[:, 1:])
    np.testing.assert_allclose(
        original.OriginalFunction(networks, image, "cpu").occupancy(points), seif[0, 0], atol=1e-6
    )
    np.testing.assert_allclose(
        original.OriginalFunction(networks, image, "cpu").codes(points), semantic[0, 1:].T, atol=1e-6
    )


def test_points_in_chunks_answer_as_at_once(folder, checkpoints, monkeypatch):
    taken_in(checkpoints)
    function = original.OriginalFunction(original.load_original(), original.stack_images(*images()), "cpu")
    points = np.random.default_rng(1).random((100, 3)).astype(np.float32) - 0.5
    whole = function.occupancy(points), function.codes(points)
    monkeypatch.setattr(original, "_CHUNK", 7)
    for one, other in zip(whole, (function.occupancy(points), function.codes(points)), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert function.codes(points[:0]).shape == (0, 3)


def test_surface_is_the_networks_with_a_code_at_each_vertex_and_images_are_encoded_once(
    folder, checkpoints, monkeypatch
):
    as_slab(checkpoints)
    taken_in(checkpoints)
    encoded, told = [], []
    encode = ImplicitNetwork.encode
    monkeypatch.setattr(ImplicitNetwork, "encode", lambda self, image: encoded.append(1) or encode(self, image))
    photo, normals = images()
    surface, codes = original.original_surface(
        photo, normals, lambda p: -p[:, 2], resolution=64, progress=Progress(lambda _, f: told.append(f))
    )
    assert len(encoded) == 2
    assert told == sorted(told)
    assert 0 < told[0] < told[-1] < 1
    inner = (np.abs(surface.vertices[:, :2]) < 0.48).all(1) & (surface.vertices[:, 2] < 0.4)
    assert np.abs(surface.vertices[inner, 2]).max() < 0.2 / 64
    networks, image = original.load_original(), original.stack_images(photo, normals)
    of_vertices = original.OriginalFunction(networks, image, "cpu").codes(surface.vertices)
    np.testing.assert_allclose(codes, of_vertices, atol=1e-6)
    field = original.OriginalFunction(networks, image, "cpu").occupancy
    assert surface.queries == extract_surface(field, lambda p: -p[:, 2], SurfaceSettings(resolution=64)).queries


def test_extraction_stops_when_the_user_cancels(folder, checkpoints):
    as_slab(checkpoints)
    taken_in(checkpoints)
    asked = []
    progress = Progress(cancelled=lambda: bool(asked.append(1)) or len(asked) > 3)
    with pytest.raises(CancelledError):
        original.original_surface(*images(), lambda p: -p[:, 2], resolution=64, progress=progress)


def test_images_of_another_size_or_range_are_refused_in_words(folder):
    photo, normals = images()
    with pytest.raises(SettingsError, match="256"):
        original.original_surface(photo[:, ::2, ::2], normals[:, ::2, ::2], lambda p: p[:, 2])
    with pytest.raises(SettingsError, match="255"):
        original.original_surface(photo * 0 + 255, normals, lambda p: p[:, 2])
