from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from fake_stages import fake_stages, fake_writers
from gltf_file import GlbFile
from PIL import Image
from sample_head import sample_model

from seif_core import cli, errors, export, preview, results
from seif_core.errors import CancelledError, DependencyError, PhotoError, SeifError, SettingsError
from seif_core.export.glb import write_glb
from seif_core.head import Head
from seif_core.stage_functions import STANDARD
from seif_core.stages import STAGES
from seif_core.terminal import StageLines

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def photo(tmp_path, monkeypatch):
    fake_writers(monkeypatch)
    monkeypatch.setattr(results, "blender_is_here", lambda: False)
    path = tmp_path / "face.jpg"
    path.write_bytes(b"a photo")
    return path


def reconstruct(photos, out, *more, **changes):
    """The command with quick stages, some of them changed."""
    arguments = ["reconstruct", *map(str, photos), "--out", str(out), "--texture-size", "64", *map(str, more)]
    return cli.main(arguments, stages=fake_stages(**changes))


def test_one_photo_gives_one_folder_with_every_file_and_says_where(photo, tmp_path, capsys):
    assert reconstruct([photo], tmp_path / "out") == 0
    folder = tmp_path / "out" / "face"
    assert sorted(p.name for p in folder.iterdir()) == ["head.glb", "head.npz", "preview.png", "report.json"]
    told = capsys.readouterr()
    assert str(folder.resolve()) in told.out
    for stage in ("Prepare", "Portrait", "Fit", "Evidence", "Surface", "Mesh", "Hair", "Texture", "Head", "Write"):
        assert stage in told.out
    assert "bpy" in told.err


def test_report_lists_the_files_with_their_sizes(photo, tmp_path):
    reconstruct([photo], tmp_path / "out")
    folder = tmp_path / "out" / "face"
    report = json.loads((folder / "report.json").read_text())
    sizes = {o["name"]: o["bytes"] for o in report["outputs"]}
    assert sizes == {p.name: p.stat().st_size for p in folder.iterdir() if p.name != "report.json"}
    assert set(report["seconds"]) == {"Write", *STAGES}


def test_same_photo_and_seed_give_the_same_bytes(photo, tmp_path):
    for out in ("a", "b"):
        reconstruct([photo], tmp_path / out, "--seed", 3)
    reconstruct([photo], tmp_path / "c", "--seed", 4)
    a, b, c = ((tmp_path / out / "face" / "head.npz").read_bytes() for out in "abc")
    assert a == b
    assert a != c
    assert Head.load(tmp_path / "a" / "face" / "head.npz").texture.shape == (64, 64, 3)


def test_formats_choose_the_files(photo, tmp_path):
    reconstruct([photo], tmp_path / "out", "--formats", "obj")
    assert {p.name for p in (tmp_path / "out" / "face").iterdir()} == {"head.obj", "preview.png", "report.json"}


def test_debug_images_are_written_on_request(photo, tmp_path):
    reconstruct([photo], tmp_path / "out", "--debug-images")
    wanted = {"landmarks.png", "mask.png", "normal_fit.png", "normal_mesh.png", "overlay.png"}
    assert wanted <= {p.name for p in (tmp_path / "out" / "face").iterdir()}


def test_options_of_the_shape_reach_the_report_and_wrong_ones_are_refused(photo, tmp_path):
    assert reconstruct([photo], tmp_path / "out", "--quality", "fast", "--hair", "none", "--resolution", 128) == 0
    settings = json.loads((tmp_path / "out" / "face" / "report.json").read_text())["settings"]
    assert (settings["quality"], settings["hair"], settings["resolution"]) == ("fast", "none", 128)
    assert reconstruct([photo], tmp_path / "b", "--normal-model", tmp_path / "none.onnx") == 9
    for wrong in (("--quality", "best"), ("--resolution", 100), ("--subdivisions", 2)):
        with pytest.raises(SystemExit):
            reconstruct([photo], tmp_path / "b", *wrong)


def test_expression_sets_and_spelling_reach_the_files_and_leave_the_head_file_as_it_is(photo, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "write_glb", write_glb, raising=False)
    chosen = ("--expressions", "arkit,vrm", "--spelling", "livelink")
    assert reconstruct([photo], tmp_path / "plain", "--formats", "glb,npz") == 0
    assert reconstruct([photo], tmp_path / "out", "--formats", "glb,npz", *chosen) == 0
    plain, made = tmp_path / "plain" / "face", tmp_path / "out" / "face"
    names = GlbFile((made / "head.glb").read_bytes()).document["meshes"][0]["extras"]["targetNames"]
    assert "JawOpen" in names
    assert "vrm_happy" in names
    assert (made / "head.npz").read_bytes() == (plain / "head.npz").read_bytes()
    assert reconstruct([photo], tmp_path / "out", "--expressions", "smiles") == SettingsError.exit_code


def test_wrong_options_end_with_the_exit_codes_of_the_readme(photo, tmp_path):
    for wrong in (("--quality", "best"), ("--seed", "x"), ("--no-such-option",)):
        with pytest.raises(SystemExit) as stop:
            reconstruct([photo], tmp_path / "out", *wrong)
        assert stop.value.code == PhotoError.exit_code
    for wrong in (("--device", "abacus"), ("--formats", "docx"), ("--formats", ""), ("--seed", -1)):
        assert reconstruct([photo], tmp_path / "out", *wrong) == SettingsError.exit_code


def test_the_readme_tells_every_exit_code():
    readme = (Path(cli.__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    told = {
        int(n)
        for n in re.findall(r"(?<![\w.])\d+(?= [a-z])", readme.partition("The exit code")[2].partition("\n\n")[0])
    }
    codes = {kind.exit_code for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, SeifError)}
    assert codes | {0} <= told


def test_one_bad_photo_does_not_stop_the_others_and_gives_the_exit_code(photo, tmp_path, capsys):
    bad = tmp_path / "noface.jpg"
    bad.write_bytes(b"a landscape")
    missing = tmp_path / "missing.jpg"
    assert reconstruct([bad, missing, photo], tmp_path / "out") == 2
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["face"]
    complaints = [line for line in capsys.readouterr().err.splitlines() if "face was found" in line]
    assert len(complaints) == 1


@pytest.mark.parametrize("name", ["folder", "head.blend", "text.jpg", "absent.png"])
def test_what_is_no_photo_is_told_before_anything_is_prepared(tmp_path, capsys, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / "head.blend").write_bytes(b"BLENDER-v500" + bytes(100))
    (tmp_path / "text.jpg").write_text("no picture")
    loaded = []

    def load(_name):
        loaded.append(_name)
        return sample_model()

    stages = replace(STANDARD, load_head_model=load)
    arguments = ["reconstruct", str(tmp_path / name), "--out", str(tmp_path / "out"), "--formats", "npz"]
    assert cli.main(arguments, stages=stages) == 2
    told = capsys.readouterr()
    assert name in told.err
    assert "Prepare" not in told.out + told.err
    assert not loaded


@pytest.mark.skipif(find_spec("face_alignment") is not None, reason="the library is installed here")
def test_a_missing_library_of_the_users_choice_is_told_before_anything_is_prepared(tmp_path, capsys):
    Image.new("RGB", (64, 64)).save(tmp_path / "face.png")
    arguments = ["reconstruct", str(tmp_path / "face.png"), "--out", str(tmp_path / "out"), "--formats", "npz"]
    assert cli.main([*arguments, "--landmarks", "face-alignment"]) == DependencyError.exit_code
    told = capsys.readouterr()
    assert "face-alignment" in told.err
    assert "Prepare" not in told.out + told.err


def test_two_photos_of_one_name_get_two_folders(photo, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "FACE.png").write_bytes(b"another photo")
    reconstruct([photo, other / "FACE.png"], tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["FACE-2", "face"]


def test_unwritable_output_ends_in_a_sentence_before_any_work(photo, tmp_path, capsys):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    assert reconstruct([photo], blocked) == 3
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a folder that this user may not write to")
def test_folder_without_permission_ends_in_a_sentence(photo, tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    assert reconstruct([photo], locked) == 3


def test_full_disk_leaves_nothing_and_ends_in_a_sentence(photo, tmp_path, monkeypatch, capsys):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(preview, "draw_preview", full)
    assert reconstruct([photo], tmp_path / "out") == 3
    assert not (tmp_path / "out").exists()
    told = capsys.readouterr().err
    assert "disk is full" in told
    assert str(tmp_path / "out" / "face") in told


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk_of_the_system_itself_is_understood():
    with pytest.raises(results.OutputError, match="disk is full"), results.output_errors(Path("x")):
        Path("/dev/full").write_bytes(b"x" * 10)


def test_interrupt_in_a_stage_stops_with_130_and_leaves_nothing(photo, tmp_path, capsys):
    def interrupted(*_, progress, **__):
        signal.raise_signal(signal.SIGINT)  # in this thread, so that it is not late
        progress.step(0.5)

    assert reconstruct([photo, photo], tmp_path / "out", bake_texture=interrupted) == 130
    assert not (tmp_path / "out").exists()
    assert "cancelled" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no kill with a signal")
def test_interrupt_while_results_are_moved_waits_until_they_are(photo, tmp_path, monkeypatch):
    reconstruct([photo], tmp_path / "out")
    before = (tmp_path / "out" / "face" / "report.json").stat().st_mtime_ns
    move = results._move

    def interrupted_move(*moved):
        os.kill(os.getpid(), signal.SIGINT)
        move(*moved)

    monkeypatch.setattr(results, "_move", interrupted_move)
    assert reconstruct([photo], tmp_path / "out") == 0
    assert (tmp_path / "out" / "face" / "report.json").stat().st_mtime_ns > before


def test_format_names_are_checked(monkeypatch):
    monkeypatch.setattr(results, "blender_is_here", lambda: False)
    assert results.parse_formats(" GLB, npz,glb") == ("glb", "npz")
    for wrong in ("", "fbx", "npz,fbx"):
        with pytest.raises(SettingsError):
            results.parse_formats(wrong)
    with pytest.raises(DependencyError, match="bpy"):
        results.parse_formats("blend")


def test_wrong_values_exit_with_their_code_and_write_nothing(photo, tmp_path):
    assert reconstruct([photo], tmp_path / "out", "--device", "tpu") == 9
    assert reconstruct([photo], tmp_path / "out", "--formats", "fbx") == 9
    assert reconstruct([photo], tmp_path / "out", "--face", "-1") == 9
    assert not (tmp_path / "out").exists()


def test_verbose_shows_where_an_error_came_from(photo, tmp_path, capsys, caplog):
    reconstruct([tmp_path / "missing.jpg"], tmp_path / "out", "--verbose")
    assert "PhotoNotFoundError" in caplog.text
    assert "Traceback" not in capsys.readouterr().err.replace(caplog.text, "")


def test_what_libraries_write_to_the_terminal_is_kept_away_and_our_sentences_are_not():
    code = (
        "import os, sys; from seif_core.terminal import quiet_libraries\n"
        "with quiet_libraries():\n    os.write(2, b'noise'); sys.stderr.write('word ')\n"
        "os.write(2, b'after')"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert told.stderr == b"word after"


def test_cancelled_error_has_the_code_of_an_interrupt():
    assert CancelledError.exit_code == 130


def test_info_names_versions_devices_and_licences():
    told = subprocess.run(
        [sys.executable, "-m", "seif_core", "info"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for word in ("torch", "cpu", "open", "CC0", "GPL-3.0-or-later", "  weights"):
        assert word in told


def test_command_line_starts_without_torch():
    code = "import sys, seif_core.cli; assert 'torch' not in sys.modules and 'cv2' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_every_stage_leaves_one_line_behind(capsys):
    lines = StageLines()
    for stage in ("Portrait", "Fit"):
        for fraction in (0.0, 0.5, 1.0, 1.0):
            lines(stage, fraction)
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["Portrait", "Fit"]
