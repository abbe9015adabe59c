"""`seif export`: a head file written once more."""

from __future__ import annotations

import numpy as np
import pytest
from gltf_file import GlbFile
from sample_head import sample_head

from seif_core import cli
from seif_core.errors import HeadFormatError, SettingsError


@pytest.fixture
def head_file(tmp_path):
    sample_head().save(tmp_path / "head.npz")
    return tmp_path / "head.npz"


def export(*arguments) -> int:
    return cli.main(["export", *map(str, arguments)])


def test_a_head_is_written_with_the_chosen_sets_and_spelling(head_file, tmp_path, capsys):
    out = tmp_path / "out"
    assert export(head_file, "--out", out, "--expressions", "arkit,visemes", "--spelling", "short") == 0
    assert [path.name for path in out.iterdir()] == ["head.glb"]
    assert "head.glb" in capsys.readouterr().out
    names = GlbFile((out / "head.glb").read_bytes()).document["meshes"][0]["extras"]["targetNames"]
    assert {"mouthSmile_L", "viseme_aa"} < set(names)


def test_keys_become_meshes_of_the_head_s_own_vertices(head_file, tmp_path):
    out, head = tmp_path / "out", sample_head()
    assert export(head_file, "--out", out, "--formats", "obj", "--obj-keys", "--spelling", "livelink") == 0
    files = sorted(path.stem for path in (out / "head_keys").iterdir())
    assert len(files) == 52
    assert "JawOpen" in files
    lines = (out / "head_keys" / "JawOpen.obj").read_text().splitlines()
    points = np.array([line.split()[1:] for line in lines if line.startswith("v ")], float)
    expected = head.vertices + head.key_deltas[head.key_names.index("jawOpen")]
    np.testing.assert_allclose(points, expected, atol=1e-6)
    faces = [[int(v) - 1 for v in line.split()[1:]] for line in lines if line.startswith("f ")]
    assert faces == [[v for v in face if v >= 0] for face in head.faces.tolist()]
    assert export(head_file, "--out", out, "--formats", "obj", "--obj-keys", "--spelling", "livelink") == 0  # again


@pytest.mark.parametrize(
    "options", [("--formats", "npz"), ("--formats", "glb", "--obj-keys"), ("--expressions", "smiles")]
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(head_file, tmp_path, options):
    assert export(head_file, "--out", tmp_path / "out", *options) == SettingsError.exit_code
    assert not (tmp_path / "out").exists()


def test_an_unknown_format_is_answered_with_those_that_an_export_writes(head_file, tmp_path, capsys):
    assert export(head_file, "--out", tmp_path / "out", "--formats", "usd") == SettingsError.exit_code
    told = capsys.readouterr().err
    assert "npz" not in told
    assert "blend, glb, obj" in told


def test_help_tells_what_is_taken_where_nobody_chose(capsys):
    with pytest.raises(SystemExit):
        export("--help")
    assert "None" not in capsys.readouterr().out


def test_an_abbreviated_option_is_refused(head_file, tmp_path, capsys):
    with pytest.raises(SystemExit):
        export(head_file, "--out", tmp_path / "out", "--form", "obj")
    assert "--form" in capsys.readouterr().err


def test_a_damaged_head_file_is_refused(tmp_path):
    (tmp_path / "bad.npz").write_bytes(b"bad")
    assert export(tmp_path / "bad.npz", "--out", tmp_path / "out") == HeadFormatError.exit_code
