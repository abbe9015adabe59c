"""`seif capture`: a photo's expression, a video, a Live Link CSV, mouth shapes or a performance.npz onto a head."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .blend import require_blender
from .capture.performance import Performance
from .capture.playback import HEAD_BONES, Playback
from .cli_values import filled_text, named_path, number, refuse_inputs, whole_number
from .errors import OutputError, PerformanceFileError, SettingsError
from .filenames import as_text, called, is_folder
from .head import Head
from .progress import Progress
from .terminal import say, tell
from .whole_file import write_whole

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[Any]  # noqa: SLF001 - argparse has no public name for it

FORMATS: Final = (".npz", ".json", ".glb", ".blend")
"""Endings of what is written."""


def add_commands(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add ``capture``."""
    words = "put the expression of a photo, a video, a Live Link CSV or mouth shapes on a head"
    parser = commands.add_parser("capture", parents=[common], help=words)
    told = "a photo, a video, a folder of pictures, the first of a numbered sequence, or a performance.npz to be played"
    parser.add_argument("source", nargs="?", type=named_path, metavar="PHOTO_OR_VIDEO", help=told)
    parser.add_argument("--live-link", type=named_path, metavar="FILE", help="instead: a CSV of Live Link Face")
    parser.add_argument(
        "--visemes", type=named_path, metavar="FILE", help="instead: Rhubarb's TSV, XML, JSON or Moho's .dat"
    )
    parser.add_argument(
        "--head", type=named_path, metavar="HEAD", help="head.npz that performs; needed for .glb and .blend"
    )
    parser.add_argument(
        "--out", type=named_path, required=True, metavar="FILE", help=f"what is written: {', '.join(FORMATS)}"
    )
    parser.add_argument("--bones", action="store_true", help="turn jaw and eyes by bones instead of keys")
    parser.add_argument("--head-pose", choices=HEAD_BONES, default="neck", help="what turns (default: %(default)s)")
    parser.add_argument("--rate", type=number, metavar="N", help="frames a second (default: the file's own, else 24)")
    parser.add_argument("--sequence", action="store_true", help="a numbered picture is a sequence, not one photo")
    parser.add_argument("--same-person", action="store_true", help="the video shows the head's own person")
    neutral = "frame that shows the neutral face, from 0; quiet or none (default: %(default)s)"
    parser.add_argument("--neutral", type=filled_text, default="quiet", metavar="FRAME", help=neutral)
    parser.add_argument("--smoothing", type=number, default=1.0, metavar="N", help="0 for none (default: %(default)s)")
    parser.add_argument(
        "--face", type=whole_number, default=0, metavar="N", help="which face of a photo (default: the largest)"
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    sources = [s for s in (options.source, options.live_link, options.visemes) if s is not None]
    if len(sources) != 1:
        raise SettingsError("Name one source: a photo or video, or --live-link FILE, or --visemes FILE.")
    if options.source is not None and options.source.suffix.lower() == ".csv":
        options.live_link, options.source = options.source, None
    suffix = options.out.suffix.lower()
    if suffix not in FORMATS:
        raise SettingsError(f"{called(options.out)} does not end in one of {', '.join(FORMATS)}; name the file so.")
    if options.head is None and (suffix in {".glb", ".blend"} or options.same_person):
        raise SettingsError("A head that performs is needed; name its head.npz with --head.")
    if suffix == ".blend":
        require_blender()
    if not is_folder(options.out.parent):
        raise OutputError(f"There is no folder {as_text(str(options.out.parent))}; name another file with --out.")
    if is_folder(options.out):
        raise OutputError(f"{called(options.out)} is a folder; name another file with --out.")
    refuse_inputs(options.out, [*(source for source in sources if not is_folder(source)), options.head])
    for sentence in _without_effect(options):
        say(f"seif: {sentence}")
    head = None if options.head is None else Head.load(options.head)
    performance = _captured(options, head)
    for note in performance.notes:
        say(f"seif: {note}")
    write_performance(performance, options.out, head, Playback(options.bones, options.head_pose), options.head)
    frames = "1 frame" if len(performance.times) == 1 else f"{len(performance.times)} frames"
    tell(f"{frames} of {as_text(performance.source)} -> {as_text(str(options.out))}")
    return 0


def _without_effect(options: argparse.Namespace) -> Iterator[str]:
    """Sentences about options that were given and change nothing."""
    video = photo = False
    if options.source is not None:
        from .capture.capture import SourceKind, kind_of

        video = options.sequence or kind_of(options.source) is SourceKind.VIDEO
        photo = not video and not _is_performance(options.source)
    plays = options.out.suffix.lower() in {".glb", ".blend"}
    for name, given, heeded, by in (
        ("--sequence", options.sequence, video, "a numbered picture"),
        ("--same-person", options.same_person, video, "a video"),
        ("--neutral", options.neutral != "quiet", video, "a video"),
        ("--smoothing", options.smoothing != 1.0, video, "a video"),
        ("--rate", options.rate is not None, video or options.source is None, "a video, a table or mouth shapes"),
        ("--face", options.face != 0, photo, "a photo"),
        ("--bones", options.bones, plays, "a .glb or .blend"),
        ("--head-pose", options.head_pose != "neck", plays, "a .glb or .blend"),
    ):
        if given and not heeded:
            yield f"{name} has no effect here; it is for {by}."


def _is_performance(source: Path) -> bool:
    return source.suffix.lower() == ".npz"


def _captured(options: argparse.Namespace, head: Head | None) -> Performance:
    if options.live_link is not None:
        from .capture.live_link import read_live_link

        return read_live_link(options.live_link, options.rate)
    if options.visemes is not None:
        from .capture.settings import USUAL_RATE
        from .capture.speech import read_speech

        return read_speech(options.visemes, USUAL_RATE if options.rate is None else options.rate)
    if _is_performance(options.source):
        return Performance.load(options.source)
    from .capture.capture import SourceKind, capture, kind_of
    from .capture.settings import CaptureSettings

    kind = SourceKind.VIDEO if options.sequence else kind_of(options.source)
    identity = "head" if options.same_person else "video"
    settings = CaptureSettings(identity=identity, neutral=options.neutral, smoothing=options.smoothing)
    return capture(
        options.source, kind, head=head, settings=settings, rate=options.rate, face=options.face, progress=Progress()
    )


def write_performance(
    performance: Performance, out: Path, head: Head | None, playback: Playback, head_file: Path | None
) -> None:
    """Write a performance in the form that the file's name asks for, whole or not at all.

    Args:
        performance: what is written.
        out: .npz, .json, .glb or .blend.
        head: who performs; needed for the last two.
        playback: by keys or bones, for the last two.
        head_file: the head's file, needed for .blend.

    Raises:
        OutputError: it cannot be written.
        DependencyError: Blender's module is not installed.
        SettingsError: the performance cannot be played so.
    """
    suffix = out.suffix.lower()
    if suffix == ".blend" and head_file is not None:
        _write_blend(performance, out, playback, head_file)
        return
    if suffix == ".glb" and head is not None:
        from .export.glb import GlbSettings, glb_bytes

        data = glb_bytes(head, GlbSettings(), (performance, playback))
    elif suffix == ".json":
        data = (json.dumps(performance.as_json(), indent=1, ensure_ascii=False) + "\n").encode()
    elif suffix == ".npz":
        data = performance.as_bytes()
    else:
        raise PerformanceFileError(f"{out.name} cannot be written without a head; name one with --head.")
    write_whole(out, data)


def _write_blend(performance: Performance, out: Path, playback: Playback, head_file: Path) -> None:
    from .blend import blend_writer

    if not is_folder(out.parent):
        raise OutputError(f"There is no folder {out.parent}; name another file with --out.")
    with tempfile.TemporaryDirectory(prefix="seif-") as scratch:
        file = Path(scratch) / "performance.npz"
        file.write_bytes(performance.as_bytes())
        with blend_writer(head_file, out, performance=(file, playback)) as blend:
            blend.finish()
