"""`seif models`: what is kept of a downloaded head model, and that nothing is kept of what cannot be used."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from flame_pickle import FLAME_TEMPLATE, flame_arrays, write_flame

from seif_core import cli, info
from seif_core.errors import ModelError, OutputError
from seif_core.headmodel import installed, load_head_model
from seif_core.headmodel.flame import read_flame
from seif_core.headmodel.installed import add_model, find_model, installed_models, remove_model


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("SEIF_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("SEIF_CACHE", str(tmp_path / "cache"))
    return tmp_path / "data" / "models"


@pytest.fixture
def quick(monkeypatch):
    """Reads and checks a file, but does not complete it from the Open head, which takes seconds."""
    monkeypatch.setattr(installed, "load_user_model", read_flame)


@pytest.fixture(scope="module")
def arrays():
    return flame_arrays(shapes=150)


def flame_file(path, arrays):
    path.parent.mkdir(parents=True, exist_ok=True)
    write_flame(path, arrays)
    return path


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("FLAME2023/flame2023_Open.pkl", ("flame2023open", "CC-BY-4.0")),
        ("FLAME2020/generic_model.pkl", ("flame2020", "FLAME Model License")),
        ("FLAME2019/generic_model.pkl", ("flame2019", "FLAME Model License")),
        ("FLAME2023/flame2023.pkl", ("flame2023", "FLAME Model License")),
        ("FLAME2023/flame2023_no_jaw.pkl", ("flame2023_no_jaw", "FLAME Model License")),
        ("model/generic_model.pkl", ("flame", "FLAME Model License")),
    ],
)
@pytest.mark.usefixtures("quick")
def test_every_release_is_kept_under_its_name_with_its_licence(folder, tmp_path, arrays, file, expected):
    name, licence = expected
    path = flame_file(tmp_path / file, arrays)
    added = add_model(path)
    assert added.name == name
    assert added.licence.startswith(licence)
    assert added.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert installed_models() == [added] == [find_model(name)]
    assert added.file.read_bytes() == path.read_bytes()
    assert added.file.is_relative_to(folder / name)
    assert read_flame(added.file).licence == added.licence  # the copy tells the release that its source told


@pytest.mark.usefixtures("quick")
def test_a_model_saved_again_as_npz_is_kept_too(folder, tmp_path, arrays):
    plain = {k: np.asarray(v.todense()) if hasattr(v, "todense") else v for k, v in arrays.items()}
    np.savez(tmp_path / "flame2020.npz", **plain)
    assert add_model(tmp_path / "flame2020.npz").name == "flame2020"


@pytest.mark.usefixtures("quick")
def test_the_user_may_say_a_restricted_release_but_never_an_open_one(folder, tmp_path, arrays):
    path = flame_file(tmp_path / "generic_model.pkl", arrays)
    assert add_model(path, release="flame2020").title == "FLAME 2020"
    with pytest.raises(ModelError, match="no release 'flame2023open'"):
        add_model(path, release="flame2023open")
    with pytest.raises(ModelError, match="leave --release out"):
        add_model(flame_file(tmp_path / "flame2023_Open.pkl", arrays), release="flame2019")


class _Runs:
    def __init__(self, mark) -> None:
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)


@pytest.mark.parametrize("kind", ["hostile", "another model", "still", "text", "missing", "photo", "folder"])
def test_what_cannot_be_used_is_refused_in_words_and_nothing_of_it_is_kept(folder, tmp_path, arrays, kind):
    path = tmp_path / ("flame2023.jpg" if kind == "photo" else "flame2023.pkl")
    if kind == "hostile":
        path.write_bytes(pickle.dumps({"v_template": _Runs(tmp_path / "mark")}, 2))
    elif kind == "another model":
        flame_file(path, {**arrays, "v_template": np.zeros((6890, 3))})
    elif kind == "still":
        flame_file(path, {**arrays, "shapedirs": np.zeros((5023, 3, 150))})
    elif kind == "folder":
        path.mkdir()
    elif kind != "missing":
        path.write_text("hello")
    with pytest.raises(ModelError, match=r"flame2023"):
        add_model(path)
    assert not (tmp_path / "mark").exists()
    assert not folder.exists() or not list(folder.iterdir())


@pytest.mark.usefixtures("quick")
def test_adding_a_release_again_replaces_it_and_says_so(folder, tmp_path, arrays, caplog):
    add_model(flame_file(tmp_path / "flame2023.pkl", arrays))
    changed = flame_file(tmp_path / "other" / "flame2023.pkl", {**arrays, "v_template": arrays["v_template"] * 1.01})
    assert "replaced" not in caplog.text
    added = add_model(changed)
    assert "flame2023 is replaced by flame2023.pkl" in caplog.text
    assert installed_models() == [added]
    assert added.file.read_bytes() == changed.read_bytes()


@pytest.mark.usefixtures("quick")
def test_an_unknown_name_is_told_with_those_that_there_are(folder, tmp_path, arrays):
    add_model(flame_file(tmp_path / "flame2023.pkl", arrays))
    with pytest.raises(ModelError, match="choose open, flame2023, or give the path"):
        load_head_model("flame2019")
    for name in ("..", "../data", "", "flame2023/flame2023"):
        with pytest.raises(ModelError, match="no head model"):
            load_head_model(name)


@pytest.mark.parametrize(
    "change",
    [
        "not json",
        "[]",
        '{"name": 3}',
        {"name": "elsewhere"},
        {"file": "../../secret/x.pkl"},
        {"file": "flame2023/none.pkl"},
        {"size": "large"},
    ],
)
@pytest.mark.usefixtures("quick", "folder")
def test_a_damaged_description_hides_that_model_and_no_other(tmp_path, arrays, change, caplog):
    kept = add_model(flame_file(tmp_path / "flame2020.pkl", arrays))
    about = add_model(flame_file(tmp_path / "flame2023.pkl", arrays)).file.parent.parent / "model.json"
    (tmp_path / "data" / "secret").mkdir()
    (tmp_path / "data" / "secret" / "x.pkl").write_text("secret")
    text = change if isinstance(change, str) else json.dumps(json.loads(about.read_text()) | change)
    about.write_text(text)
    assert installed_models() == [kept]
    assert "add the model again" in caplog.text


@pytest.mark.usefixtures("quick")
def test_a_removed_model_is_gone_and_the_open_head_stays(folder, tmp_path, arrays):
    add_model(flame_file(tmp_path / "flame2023.pkl", arrays))
    with pytest.raises(ModelError, match="stays"):
        remove_model("open")
    assert remove_model("flame2023").name == "flame2023"
    assert not list(folder.iterdir())
    with pytest.raises(ModelError, match="no head model named 'flame2023'"):
        remove_model("flame2023")


@pytest.mark.usefixtures("quick")
def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(folder, tmp_path, arrays):
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(OutputError, match="SEIF_DATA"):
        add_model(flame_file(tmp_path / "flame2023.pkl", arrays))


@pytest.mark.usefixtures("quick")
@pytest.mark.usefixtures("quick")
def test_removing_what_is_not_there_removes_nothing_and_says_what_is(folder, tmp_path, arrays, capsys):
    assert cli.main(["models", "remove", "nix"]) == 4
    assert "none is." in capsys.readouterr().err
    add_model(flame_file(tmp_path / "FLAME2023" / "flame2023.pkl", arrays))
    assert cli.main(["models", "remove", "flame2023", "nix"]) == 4
    assert "they are flame2023" in capsys.readouterr().err
    assert find_model("flame2023").name == "flame2023"
    assert cli.main(["models", "remove", "flame2023", "flame2023"]) == 0


def test_the_command_line_adds_lists_and_removes(folder, tmp_path, arrays, capsys):
    assert cli.main(["models", "list"]) == 0
    assert "No model is added" in capsys.readouterr().out
    path = flame_file(tmp_path / "flame2023_Open.pkl", arrays)
    assert cli.main(["models", "add", str(path)]) == 0
    assert "flame2023open  FLAME 2023 Open, CC-BY-4.0" in capsys.readouterr().out
    assert cli.main(["models", "list"]) == 0
    told = capsys.readouterr().out
    assert hashlib.sha256(path.read_bytes()).hexdigest() in told
    assert told.startswith("open  ")
    assert "flame2023open" in {model["name"] for model in info.head_models()}
    assert cli.main(["models", "remove", "flame2023open"]) == 0
    assert cli.main(["models", "add", str(tmp_path / "none.pkl")]) == ModelError.exit_code
    assert "none.pkl" in capsys.readouterr().err


def test_a_warning_begins_as_every_line_of_the_program_does_and_names_no_module(folder):
    (folder / "flame2023").mkdir(parents=True)
    (folder / "flame2023" / "model.json").write_text("not json")
    command = [sys.executable, "-m", "seif_core", "models", "list"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert told.stderr.startswith("seif: ")
    assert "seif_core.headmodel" not in told.stderr


@pytest.mark.skipif(not FLAME_TEMPLATE.is_file(), reason="needs FLAME's template")
def test_an_added_model_is_found_by_its_name_complete(folder, tmp_path, arrays):
    added = add_model(flame_file(tmp_path / "flame2023_Open.pkl", arrays))
    model = load_head_model("flame2023open")
    assert (model.name, model.title) == ("flame2023open", added.title)
    assert len(model.key_names) == 52
    assert model is load_head_model(str(added.file))
    kept = list((tmp_path / "cache" / "head_models").iterdir())
    remove_model("flame2023open")
    assert len(kept) == 1
    assert not kept[0].exists()
