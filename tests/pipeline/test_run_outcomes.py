"""A run over several photos: each has its own outcome, and no result replaces another or a file that was read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fake_stages import fake_stages, fake_writers, sample_fit, sample_portrait
from hypothesis import given
from hypothesis import strategies as st

from seif_core import cli, export, results
from seif_core.filenames import about, as_text, folder_name, result_folders
from seif_core.head import Head

ROOT = Path(__file__).resolve().parents[2]
FAKE_RUN = ROOT / "tests" / "support" / "fake_run.py"
posix = pytest.mark.skipif(os.name == "nt", reason="names of POSIX file systems")


@pytest.fixture
def fakes(monkeypatch):
    fake_writers(monkeypatch)
    monkeypatch.setattr(results, "blender_is_here", lambda: False)


def photo(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"a photo: " + path.name.encode("utf-8", "surrogateescape"))
    return path


def reconstruct(photos, out, *more, **changes):
    """The command with quick stages, some of them changed."""
    arguments = ["reconstruct", *map(str, photos), "--out", str(out), "--texture-size", "64", *map(str, more)]
    return cli.main(arguments, stages=fake_stages(**changes))


class Panic(BaseException):
    """What a library written in Rust raises."""


@pytest.mark.parametrize("error", [ZeroDivisionError("by zero\nin line 3"), SystemExit(3), Panic("at the disco")])
def test_what_nobody_foresaw_in_one_photo_does_not_stop_the_next(fakes, tmp_path, capsys, error):
    def fit(portrait, model, *, device, seed, progress=None):
        if portrait.name == "bad.jpg":
            raise error
        return sample_fit(seed=seed)

    photos = [photo(tmp_path / name) for name in ("bad.jpg", "noface.jpg", "good.jpg")]
    assert reconstruct(photos, tmp_path / "out", fit_portrait=fit) == 1
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["good"]
    lines = [line for line in capsys.readouterr().err.splitlines() if "bpy" not in line]
    assert len(lines) == 3
    assert lines[0].startswith("seif: bad.jpg: ")
    assert type(error).__name__ in lines[0]
    assert "noface.jpg" in lines[1]
    assert "2 of 3" in lines[2]
    assert "bad.jpg, noface.jpg" in lines[2]


@pytest.mark.parametrize("several", [False, True])
def test_a_sentence_names_its_photo_once(fakes, tmp_path, capsys, several):
    def look(path, **_):
        return sample_portrait(path.name, warnings=("dark.jpg is very dark.", "The photo shows 1 more face."))

    photos = [photo(tmp_path / name) for name in (("dark.jpg", "b.jpg") if several else ("dark.jpg",))]
    assert reconstruct(photos, tmp_path / "out", read_portrait=look) == 0
    lines = capsys.readouterr().err.splitlines()
    assert "seif: dark.jpg is very dark." in lines
    assert "seif: dark.jpg: The photo shows 1 more face." in lines


def test_a_name_that_is_a_word_of_the_sentence_is_told_all_the_same():
    assert about("photo", "The photo is dark.") == "photo: The photo is dark."
    assert about("a.jpg", "aa.jpg is dark.") == "a.jpg: aa.jpg is dark."
    assert about("a.jpg", "Faces (a.jpg) are many.") == "Faces (a.jpg) are many."


def test_a_run_without_a_failure_says_so_in_its_last_line(fakes, tmp_path, capsys):
    photos = [photo(tmp_path / name) for name in ("a.jpg", "b.jpg")]
    assert reconstruct(photos, tmp_path / "out") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "All 2 photos gave a head."


@posix
def test_a_file_name_that_is_not_utf_8_gives_a_head(fakes, tmp_path, capsys):
    odd = photo(tmp_path / os.fsdecode(b"x\xffy.jpg"))
    assert reconstruct([odd, photo(tmp_path / "b.jpg")], tmp_path / "out", "--formats", "npz,glb,obj") == 0
    folder = tmp_path / "out" / "x_y"
    assert Head.load(folder / "head.npz").photo_name == "x\ufffdy.jpg"
    assert "x\ufffdy" in (folder / "report.json").read_text(encoding="utf-8")


@posix
def test_an_output_folder_and_a_model_whose_names_are_not_utf_8_give_a_head(fakes, tmp_path):
    odd = tmp_path / os.fsdecode(b"out\xff")
    model = photo(tmp_path / os.fsdecode(b"m\xff.pkl"))
    assert reconstruct([photo(tmp_path / "b.jpg")], odd, "--head-model", model) == 0
    assert (
        "m\ufffd.pkl" in json.loads((odd / "b" / "report.json").read_text(encoding="utf-8"))["settings"]["head_model"]
    )


def test_names_that_a_number_would_meet_get_folders_of_their_own(fakes, tmp_path):
    photos = [photo(tmp_path / folder / name) for folder, name in (("a", "IMG_1.jpg"), ("b", "IMG_1.jpg"))]
    photos.append(photo(tmp_path / "a" / "IMG_1-2.png"))
    assert reconstruct(photos, tmp_path / "out") == 0
    names = {p.name: Head.load(p / "head.npz").photo_name for p in (tmp_path / "out").iterdir()}
    assert names == {"IMG_1": "IMG_1.jpg", "IMG_1-2": "IMG_1-2.png", "IMG_1-3": "IMG_1.jpg"}


@given(
    st.lists(st.sampled_from(["a", "A", "a-2", "a-2-2", "a-3", "ä", "a\u0308", "..", "...", "", ".seif-x"]), min_size=1)
)
def test_no_two_photos_share_a_folder_and_none_leads_out_of_the_output(names):
    out = Path("out").absolute()
    found = result_folders([Path(f"{name}.jpg") for name in names], out)
    assert len(found) == len(names)
    assert len({str(p).lower() for p in found}) == len(names)
    assert all(p.parent == out and not p.name.startswith(".") for p in found)


@pytest.mark.parametrize("name", ["...jpg", "..jpg", "...", ".jpg", ". .jpg", "....png"])
def test_no_name_of_a_photo_leads_out_of_the_output_folder(fakes, tmp_path, name):
    out = tmp_path / "deep" / "out"
    photo(tmp_path / "deep" / "head.npz").write_text("mine")
    assert reconstruct([photo(tmp_path / "photos" / name)], out) == 0
    assert (tmp_path / "deep" / "head.npz").read_text() == "mine"
    assert sorted(p.name for p in (tmp_path / "deep").iterdir()) == ["head.npz", "out"]
    assert [p.is_dir() for p in out.iterdir()] == [True]


def test_long_names_and_control_characters_give_a_folder():
    assert len(folder_name(Path("ä" * 120 + ".jpg")).encode()) <= 200
    assert folder_name(Path("a\nb\x1b[2J.jpg")) == "a_b_[2J"
    assert [folder_name(Path(name)) for name in ("\udce9.jpg", "\udce9_\udcff.jpg", "_.jpg")] == ["head", "head", "_"]
    assert as_text("a\x1b[2J") == "a\ufffd[2J"


def test_links_to_one_folder_count_as_one(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").symlink_to("a")
    found = result_folders([Path("a.jpg"), Path("b.jpg")], tmp_path)
    assert [p.name for p in found] == ["a", "b-2"]


@pytest.mark.parametrize("name", ["head.png", "preview.png", "mask.png", "HEAD.PNG"])
def test_a_photo_in_the_folder_of_its_results_is_never_written_over(fakes, tmp_path, name):
    folder = tmp_path / Path(name).stem
    mine = photo(folder / name)
    other = photo(tmp_path / "elsewhere" / f"{folder.name}.jpg")
    before = mine.read_bytes()
    assert reconstruct([other, mine], tmp_path, "--formats", "npz,obj", "--debug-images") == 0
    assert [p.name for p in folder.iterdir()] == [name]
    assert mine.read_bytes() == before


def test_a_photo_without_a_suffix_is_not_in_the_way_of_its_results(fakes, tmp_path):
    mine = photo(tmp_path / "face")
    assert reconstruct([mine], tmp_path) == 0
    assert mine.is_file()
    assert (tmp_path / "face-2" / "head.npz").is_file()


def test_a_second_run_with_fewer_formats_leaves_nothing_of_the_first_person(fakes, tmp_path, capsys):
    first, second = photo(tmp_path / "a" / "face.jpg"), photo(tmp_path / "b" / "face.jpg")
    reconstruct([first], tmp_path / "out", "--formats", "glb,npz,obj", "--debug-images")
    (tmp_path / "out" / "face" / "notes.txt").write_text("mine")
    capsys.readouterr()
    assert reconstruct([second], tmp_path / "out", "--formats", "npz") == 0
    written = ["head.npz", "preview.png", "report.json"]
    assert {p.name for p in (tmp_path / "out" / "face").iterdir()} == {"notes.txt", *written}
    assert capsys.readouterr().out.splitlines()[-1].endswith(": " + ", ".join(written))


def test_earlier_results_that_the_user_changed_stay(fakes, tmp_path):
    mine = photo(tmp_path / "face.jpg")
    reconstruct([mine], tmp_path / "out", "--formats", "glb,npz")
    glb = tmp_path / "out" / "face" / "head.glb"
    glb.write_bytes(b"hours of work")
    reconstruct([mine], tmp_path / "out", "--formats", "npz")
    assert glb.read_bytes() == b"hours of work"


@pytest.mark.parametrize(
    "report", ["", "[]", "{", '{"outputs": 5}', '{"outputs": [{"name": "../../mine", "bytes": 4}]}', "[" * 100_000]
)
def test_an_earlier_report_removes_nothing_but_results(fakes, tmp_path, report):
    (tmp_path / "mine").write_text("mine")
    folder = tmp_path / "out" / "face"
    photo(folder / "report.json").write_text(report)
    assert reconstruct([photo(tmp_path / "face.jpg")], tmp_path / "out") == 0
    assert (tmp_path / "mine").read_text() == "mine"


def test_results_that_cannot_all_be_moved_leave_the_earlier_ones(fakes, tmp_path, monkeypatch):
    mine = photo(tmp_path / "face.jpg")
    reconstruct([mine], tmp_path / "out")
    folder = tmp_path / "out" / "face"
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    replace = Path.replace

    def fail(self, target):
        if Path(target) == folder / "report.json" and self.parent.name.startswith(".seif-"):
            raise PermissionError(13, "open elsewhere")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fail)
    assert reconstruct([mine], tmp_path / "out", "--seed", "5") == 3
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["face"]


@pytest.mark.parametrize("place", ["prepare", "write"])
@pytest.mark.parametrize(
    "error", [MemoryError(), OSError(12, "Cannot allocate memory"), ImportError("libx.so: failed to map segment")]
)
def test_too_little_memory_while_preparing_or_writing_has_its_own_code(fakes, tmp_path, monkeypatch, place, error):
    def fail(*_, **__):
        raise error

    changes = {"load_head_model": fail} if place == "prepare" else {}
    if place == "write":
        monkeypatch.setattr(export, "write_glb", fail)
    if place == "write" and isinstance(error, OSError):
        pytest.skip("an OSError while a file is written is told as the file's")
    assert reconstruct([photo(tmp_path / "a.jpg")], tmp_path / "out", **changes) == 6


@posix
@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)])
def test_closed_streams_do_not_keep_a_run_from_its_result(tmp_path, closed):
    def close():
        for number in closed:
            os.close(number)

    mine = photo(tmp_path / "face.jpg")
    arguments = [sys.executable, FAKE_RUN, "reconstruct", mine, "--out", tmp_path / "out", "--formats", "npz"]
    done = subprocess.run(arguments, preexec_fn=close, check=False, timeout=120)
    assert done.returncode == 0
    assert Head.load(tmp_path / "out" / "face" / "head.npz").photo_name == "face.jpg"


@posix
def test_an_answer_that_finds_no_room_is_told(tmp_path):
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    with Path("/dev/full").open("wb") as sink:
        done = subprocess.run(
            [sys.executable, "-m", "seif_core", "info"], stdout=sink, stderr=subprocess.PIPE, check=False, timeout=120
        )
    assert done.returncode == 1
    assert b"could not be written" in done.stderr


@posix
@pytest.mark.parametrize("reader", ["gone", "full"])
def test_output_that_nobody_takes_ends_no_run(tmp_path, reader):
    if reader == "full" and not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    mine = [photo(tmp_path / "a.jpg"), photo(tmp_path / "b.jpg")]
    arguments = [sys.executable, FAKE_RUN, "reconstruct", *mine, "--out", tmp_path / "out", "--formats", "npz"]
    if reader == "full":
        with Path("/dev/full").open("wb") as sink:
            code = subprocess.run(arguments, stdout=sink, stderr=sink, check=False, timeout=120).returncode
    else:
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.close()
            process.stderr.close()
            code = process.wait(120)
    assert code == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a", "b"]
