"""The folder of results: written beside its place and moved there at the end, so that nothing half-written stays."""

from __future__ import annotations

import errno
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from .blend import blend_writer, blender_is_here
from .device import return_memory
from .errors import DependencyError, OutputError, SettingsError
from .pipeline import Reconstruction
from .progress import Progress
from .report import build_report, write_report

FORMATS: Final = ("blend", "glb", "npz", "obj")
"""File formats of a head that can be asked for."""

NO_BLENDER: Final = "head.blend was left out, because Blender's Python module (bpy) is not installed."


def parse_formats(text: str) -> tuple[str, ...]:
    """Split ``blend,glb`` and check the names.

    Raises:
        SettingsError: an unknown format, or none.
        DependencyError: ``blend`` without Blender's module.
    """
    names = tuple(dict.fromkeys(name.strip().lower() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        raise SettingsError(f"There is no format '{', '.join(unknown)}'; choose from: {', '.join(FORMATS)}.")
    if "blend" in names and not blender_is_here():
        raise DependencyError("head.blend needs Blender's Python module bpy 5.0.1; install it or leave out 'blend'.")
    return names


def default_formats() -> tuple[str, ...]:
    """What is written when nobody chose: ``blend`` only where Blender's module is installed."""
    return ("blend", "glb", "npz") if blender_is_here() else ("glb", "npz")


_REASONS: Final = {
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "the disk quota is used up; free some space",
    errno.EROFS: "the disk is read-only; choose another folder",
    errno.EACCES: "writing there is not permitted; choose another folder",
    errno.EPERM: "writing there is not permitted; choose another folder",
    errno.ENOENT: "its folder is not there any more; try again or choose another folder",
    errno.ENOTDIR: "a file is in the way; choose another folder",
    errno.EEXIST: "a file is in the way; choose another folder",
}


@contextmanager
def output_errors(target: Path) -> Iterator[None]:
    """Turn a failed write into a sentence about `target`.

    Raises:
        OutputError: anything inside raised an OSError, or an OutputError that comes from one.
    """
    try:
        yield
    except OSError as error:
        raise _about(target, error) from error
    except OutputError as error:
        if isinstance(error.__cause__, OSError):
            raise _about(target, error.__cause__) from error
        raise


def _about(target: Path, error: OSError) -> OutputError:
    reason = _REASONS.get(error.errno or 0, error.strerror or type(error).__name__)
    return OutputError(f"The results cannot be written to {target}: {reason}.")


@contextmanager
def staging(target: Path) -> Iterator[Path]:
    """A fresh folder beside `target` that becomes `target` when the block succeeds and vanishes when it fails.

    A folder that exists keeps the files that this run does not write. Folders made on the way are removed again on
    failure.

    Raises:
        OutputError: it cannot be made or moved.
    """
    with output_errors(target):
        made = _make_parents(target)
    folder = None
    try:
        with output_errors(target):
            folder = _fresh_folder(target)
        yield folder
        with output_errors(target), _undisturbed():
            _move(folder, target)
    except BaseException:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        for parent in made:
            with suppress(OSError):
                parent.rmdir()
        raise


def write_results(
    done: Reconstruction,
    folder: Path,
    formats: Sequence[str],
    *,
    target: Path | None = None,
    debug_images: bool = False,
    progress: Progress | None = None,
) -> Reconstruction:
    """Write a reconstruction's files into an existing folder; returns it with the time that this took.

    Args:
        done: what `reconstruct` returned.
        folder: where the files go.
        formats: names in `FORMATS`.
        target: where the files will be in the end, to be named in errors; `folder` when None.
        debug_images: also write the pictures of ``--debug-images``.
        progress: told the stage ``Write``; may cancel.

    Raises:
        OutputError: a file cannot be written.
        DependencyError: a library that a format needs is missing.
        CancelledError: the user cancelled.
    """
    from . import export, preview

    progress = progress or Progress()
    head = done.head
    target = target or folder
    with progress.stage("Write"), output_errors(target):
        npz = folder / "head.npz"
        head.save(npz)
        progress.step(0.1)
        wanted = "blend" in formats
        with blend_writer(npz, folder / "head.blend", done.portrait.pixels) if wanted else nullcontext() as blend:
            if "glb" in formats:
                export.write_glb(head, folder / "head.glb")
            progress.step(0.3)
            if "obj" in formats:
                export.write_obj(head, folder / "head.obj")
            progress.step(0.4)
            preview.draw_preview(done.portrait, done.fit, head, folder / "preview.png")
            progress.step(0.7)
            if debug_images:
                preview.write_debug_images(done.portrait, done.fit, head, folder, done.surface)
            if blend is not None:
                blend.finish(progress)
        if "npz" not in formats:
            npz.unlink()
    return_memory()
    done = replace(done, seconds={**done.seconds, "Write": progress.seconds["Write"]})
    with output_errors(target):
        sizes = {path.name: path.stat().st_size for path in folder.iterdir() if path.is_file()}
        write_report(folder / "report.json", build_report(done, sizes))
    return done


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Inside, Ctrl-C is not heard: results are moved whole. Only the main thread can say so, and only it hears."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.default_int_handler)


def _make_parents(target: Path) -> list[Path]:
    """Make the folder that will hold `target`; returns the folders made, innermost first."""
    missing = []
    parent = target.parent
    while not parent.exists():
        missing.append(parent)
        parent = parent.parent
    target.parent.mkdir(parents=True, exist_ok=True)
    return missing


def _fresh_folder(target: Path) -> Path:
    """An empty folder beside `target`; raises FileExistsError where a file stands in the way."""
    if target.exists() and not target.is_dir():
        raise FileExistsError(errno.EEXIST, "a file is in the way")
    folder = Path(tempfile.mkdtemp(prefix=".seif-", dir=target.parent))
    folder.chmod(0o755)
    return folder


def _move(folder: Path, target: Path) -> None:
    """Put the finished files in their place: the whole folder at once where `target` does not exist yet."""
    if not target.exists():
        folder.rename(target)
        return
    for path in sorted(folder.iterdir()):
        path.replace(target / path.name)
    folder.rmdir()
