"""Values of options that a script's slip hands over: each ends in a sentence and the documented exit code."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import pytest
from fake_stages import fake_stages, fake_writers
from sample_head import sample_head

from seif_core import blend, cli, results
from seif_core.cli_values import named_path, number, whole_number

posix = pytest.mark.skipif(os.name == "nt", reason="pipes and devices of POSIX")


def leaves(parser: argparse.ArgumentParser, words: tuple[str, ...] = ()):
    """Every command of the parser with its words."""
    inner = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not inner:
        yield words, parser
    for action in inner:
        for name, command in action.choices.items():
            yield from leaves(command, (*words, name))


COMMANDS = dict(leaves(cli._parser()))


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """The command in a folder with a photo, a head and odd things, with quick stages; exit code and last sentence."""
    fake_writers(monkeypatch)
    for module in (results, blend):
        monkeypatch.setattr(module, "blender_is_here", lambda: False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    for name in ("a.jpg", "b.jpg", "photos/a.jpg", "photos/b.jpg"):
        (tmp_path / name).write_bytes(b"a photo")
    (tmp_path / "voice.tsv").write_text("0.00\tX\n0.20\tB\n0.90\tX\n", encoding="utf-8")
    sample_head().save(tmp_path / "head.npz")

    def command(*arguments: str):
        try:
            code = cli.main([*arguments], stages=fake_stages())
        except SystemExit as end:
            code = end.code
        return code, (capsys.readouterr().err.strip().splitlines() or [""])[-1]

    return command


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_option_takes_a_path_or_a_number_unchecked(words):
    """An empty name would be the current folder, and nan a number."""
    loose = [a.dest for a in COMMANDS[words]._actions if a.type in (Path, float, int) and not a.choices]
    assert not loose


@pytest.mark.parametrize(
    "arguments",
    [
        ("reconstruct", "", "--out", "out"),
        ("reconstruct", "a.jpg", "--out="),
        ("reconstruct", "a.jpg", "--out", "out", "--head-model="),
        ("batch", "photos", "--out", " "),
        ("batch", "", "--out", "out"),
        ("export", "head.npz", "--out="),
        ("print", "head.npz", "--out="),
        ("capture", "--visemes", "voice.tsv", "--out="),
        ("capture", "--visemes=", "--out", "p.npz"),
        ("models", "add", ""),
        ("weights", "import", ""),
    ],
)
def test_an_empty_name_is_no_place(run, tmp_path, arguments):
    before = sorted(tmp_path.rglob("*"))
    code, said = run(*arguments)
    assert code == 2
    assert "empty" in said
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("option", ["--formats=", "--expressions=", "--formats= ", "--expressions=,"])
@pytest.mark.parametrize("command", [("reconstruct", "a.jpg"), ("batch", "photos"), ("export", "head.npz")], ids=str)
def test_an_empty_choice_is_not_the_usual_one(run, tmp_path, command, option):
    code, said = run(*command, "--out", "out", option)
    assert code == 9
    assert "choose from" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("value", ["nan", "inf", "", "a", "9" * 5000])
def test_what_is_no_number_is_not_taken_for_one(value):
    with pytest.raises(argparse.ArgumentTypeError, match="no number"):
        number(value)
    with pytest.raises(argparse.ArgumentTypeError, match="no whole number") as told:
        whole_number(value)
    assert len(str(told.value)) < 100
    assert named_path("a") == Path("a")


@pytest.mark.parametrize("out", [".", "made/.."])
def test_the_current_folder_is_a_place_for_an_export(run, tmp_path, monkeypatch, out):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "made").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    code, _ = run("export", "../head.npz", "--out", out, "--formats", "obj")
    assert code == 0
    assert (tmp_path / "here" / "head.obj").is_file()
    assert not list(tmp_path.glob(".seif*"))


def test_an_export_into_the_root_of_the_file_system_is_refused(run):
    code, said = run("export", "head.npz", "--out", os.path.abspath(os.sep), "--formats", "obj")  # noqa: PTH100
    assert code == 3
    assert "cannot be written" in said


@pytest.mark.parametrize("out", ["a.jpg", "a.jpg/x", "a.jpg/x/y"])
@pytest.mark.parametrize(
    "command", [("reconstruct", "a.jpg", "b.jpg"), ("batch", "photos")], ids=["reconstruct", "batch"]
)
def test_a_file_in_the_place_of_results_is_told_once(run, tmp_path, capsys, command, out):
    code, said = run(*command, "--out", out, "--formats", "npz")
    assert code == 3
    assert "a file is in the way" in said
    assert "b.jpg" not in said
    assert (tmp_path / "a.jpg").read_bytes() == b"a photo"


def test_a_photo_in_the_place_of_a_folder_of_photos_is_told_as_one(run):
    code, said = run("batch", "a.jpg", "--out", "out")
    assert code == 2
    assert said == "seif: a.jpg is a file; choose the folder that holds it, or seif reconstruct for one photo."


def test_a_huge_seed_is_told_what_the_largest_is(run):
    code, said = run("reconstruct", "a.jpg", "--out", "out", "--seed", str(10**20))
    assert code == 9
    assert said == f"seif: The seed is {10**20}; choose a whole number from 0 to {2**63 - 1}."


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--resolution", "512", "resolution"),
        ("--weights", "original", "weights"),
        ("--subdivisions", "1", "faces"),
        ("--hair", "merged", "painted"),
    ],
)
def test_what_fast_quality_does_not_heed_is_said(run, option, value, words):
    code, said = run("reconstruct", "a.jpg", "--out", "out", "--formats", "npz", "--quality", "fast", option, value)
    assert code == 0
    assert "Fast quality" in said
    assert words in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("reconstruct", "a.jpg", "--out", "out", "--head-model", "a.jpg"), "a.jpg is no head model"),
        (("reconstruct", "a.jpg", "--out", "out", "--expressions", "flame:100000"), "from 1 to 1000"),
        (("compare", "nowhere", "--out", "out"), "There is no folder nowhere"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_is_wrong_is_told_and_not_something_else(run, words, told):
    code, said = run(*words)
    assert code != 0
    assert told in said


@pytest.mark.parametrize("rate", ["0", "-1", "0.5", "1e9"])
@pytest.mark.parametrize("source", [("--visemes", "voice.tsv"), ("--live-link", "take.csv"), ("film.mp4",)], ids=str)
def test_a_rate_that_makes_no_sense_is_refused(run, tmp_path, source, rate):
    (tmp_path / "take.csv").write_text(
        "Timecode,BlendShapeCount,JawOpen\n00:00:00:00.0,61,0.5\n00:00:00:01.0,61,0.6\n", encoding="utf-8"
    )
    (tmp_path / "film.mp4").write_bytes(b"a film")
    code, said = run("capture", *source, "--out", "p.npz", f"--rate={rate}")
    assert code == 9
    assert "frames a second make no sense" in said


@pytest.mark.parametrize(
    "option", ["--same-person", "--neutral=3", "--smoothing=2", "--face=1", "--bones", "--sequence"]
)
def test_an_option_of_another_source_is_said_to_have_no_effect(run, option):
    code, said = run("capture", "--visemes", "voice.tsv", "--head", "head.npz", "--out", "p.npz", option)
    assert code == 0
    assert said.startswith(f"seif: {option.partition('=')[0]} has no effect here")


@posix
@pytest.mark.parametrize("kind", ["--visemes", "--live-link"])
@pytest.mark.parametrize("file", ["fifo", "/dev/zero", ".", "loop", "x" * 300, "a.jpg/x"])
def test_a_pipe_or_a_device_in_the_place_of_a_take_is_refused(run, tmp_path, kind, file):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    code, said = run("capture", kind, file, "--out", "p.npz")
    assert code == 11
    assert said.endswith(".")


@pytest.mark.parametrize(
    "arguments",
    [
        ("reconstruct", "LONG", "--out", "out"),
        ("reconstruct", "a.jpg", "--out", "out", "--normal-model", "LONG"),
        ("batch", "LONG", "--out", "out"),
        ("evaluate", "scan", "--scan", "LONG.obj", "--prediction", "head.npz"),
        ("evaluate", "scan", "--scan", "head.npz", "--prediction", "LONG.obj"),
        ("evaluate", "scan", "--scan", "head.npz", "--prediction", "head.npz", "--landmarks", "LONG"),
        ("evaluate", "normals", "--reference", "LONG"),
        ("compare", "LONG", "--out", "out"),
        ("weights", "import", "LONG"),
        ("models", "add", "LONG.npz"),
        ("import-flame", "LONG.npz", "--head", "head.npz", "--out", "o.npz"),
        ("export", "LONG", "--out", "out"),
        ("capture", "LONG", "--out", "p.npz"),
        ("capture", "LONG.mp4", "--out", "p.npz"),
        ("capture", "--visemes", "voice.tsv", "--out", "LONG.npz"),
        ("print", "head.npz", "--out", "LONG.stl"),
    ],
    ids=lambda words: " ".join(words)[:40],
)
def test_a_name_that_no_system_takes_ends_in_a_sentence(run, arguments):
    code, said = run(*(word.replace("LONG", "x" * 300) for word in arguments))
    assert code in {2, 3, 4, 8, 9, 11}
    assert said.startswith("seif: ")
    assert "nobody foresaw" not in said


@pytest.mark.parametrize("name", ["x" * 300, "x" * 300 + ".npz", "opne", "gone.npz", "folder.npz"])
@pytest.mark.parametrize("command", [("reconstruct", "a.jpg"), ("batch", "photos")], ids=["reconstruct", "batch"])
def test_a_head_model_that_is_none_is_told_before_any_work(run, tmp_path, command, name):
    (tmp_path / "folder.npz").mkdir()
    code, said = run(*command, "--out", "out", "--formats", "npz", "--head-model", name)
    assert code == 4
    assert name[:40] in said
    assert len(said) < 400
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_line_that_cannot_be_understood_is_answered_by_one_sentence(words, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main([*words, "--no-such-option"])
    told = capsys.readouterr().err
    assert end.value.code == 2
    assert told.count("\n") == 1
    assert told.startswith("seif: ")
    assert told.endswith(f"seif {' '.join(words)} --help tells what there is.\n") or "seif --help" in told


def test_what_a_terminal_would_obey_is_not_repeated_to_it(run):
    _, said = run("reconstruct", "a.jpg", "--out", "out", "--device", "\x1b[31m")
    assert "\x1b" not in said
