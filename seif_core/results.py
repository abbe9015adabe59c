"""The folder of results: written beside its place and moved there at the end, so that nothing half-written stays."""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from .blend import Blender, blend_writer, blender_is_here
from .device import return_memory
from .errors import DependencyError, OutputError, SettingsError
from .export.presets import PRESETS
from .filenames import as_text, places, same_name, same_place
from .folder_lock import PREFIX, abandoned, folder_lock, scratch_of
from .pipeline import Reconstruction
from .portrait.portrait import Portrait
from .progress import Progress
from .report import build_report, write_report
from .signals import held

FORMATS: Final = ("blend", "glb", "npz", "obj")
"""File formats of a head that can be asked for."""

REPORT: Final = "report.json"
HEAD: Final = "head.npz"

RESULT_FILES: Final = (
    *("head.blend", "head.glb", "head.npz", "head.obj", "head.mtl", "head.png", "head_hair.png"),
    *("head_normals.png", "head_heights.png"),
    *(f"head_LOD{level}.glb" for level in range(1, 10)),
    *(f"{preset.stem()}{suffix}" for preset in PRESETS.values() for suffix in (preset.suffix, ".json")),
    *(f"{preset.stem()}_LOD{level}{preset.suffix}" for preset in PRESETS.values() for level in range(1, 10)),
    *("preview.png", REPORT),
    *("landmarks.png", "mask.png", "normal_fit.png", "normal_network.png", "normal_surface.png", "normal_mesh.png"),
    *("overlay.png", "corrections.json"),
)
"""Every name that a result may have; other files in its folder are the user's and stay."""

_LONGEST_REPORT: Final = 1 << 20
"""Bytes of an earlier report that are read: a hundred times what one has."""

_TRIES: Final = 20
"""How often a lock is tried while other runs remove the folder around it. Chosen by hand."""

NO_BLENDER: Final = "head.blend was left out, because Blender's Python module (bpy) is not installed."


def parse_formats(text: str, known: Sequence[str] = FORMATS) -> tuple[str, ...]:
    """Split ``blend,glb`` and check the names.

    Args:
        text: names with commas.
        known: those that there are.

    Raises:
        SettingsError: an unknown format, or none.
        DependencyError: ``blend`` without Blender's module.
    """
    names = tuple(dict.fromkeys(name.strip().lower() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise SettingsError(f"There is no format '{', '.join(unknown)}'; choose from: {', '.join(known)}.")
    if "blend" in names and not blender_is_here():
        raise DependencyError("head.blend needs Blender's Python module bpy 5.0.1; install it or leave out 'blend'.")
    return names


def left_out(formats: str | None) -> tuple[str, ...]:
    """Sentences on what is not written because the machine lacks something, where the user did not choose formats."""
    return (NO_BLENDER,) if formats is None and not blender_is_here() else ()


def default_formats() -> tuple[str, ...]:
    """What is written when nobody chose: ``blend`` only where Blender's module is installed."""
    return ("blend", "glb", "npz") if blender_is_here() else ("glb", "npz")


_REASONS: Final = {
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "the disk quota is used up; free some space",
    errno.EROFS: "the disk is read-only; choose another folder",
    errno.EACCES: "writing there is not permitted; choose another folder",
    errno.EPERM: "writing there is not permitted; choose another folder",
    errno.ENOENT: "no folder can be made there, or it is gone; choose another folder",
    errno.ENOTDIR: "a file is in the way; choose another folder",
    errno.EEXIST: "something of that name is in the way; choose another folder",
    errno.ENAMETOOLONG: "its name is too long; choose a shorter one",
    errno.ELOOP: "its links lead in a circle; choose another folder",
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
    return OutputError(f"The results cannot be written to {as_text(str(target))}: {reason}.")


def check_place(folder: Path) -> None:
    """See, before there is any work, that results can be written into a folder, which may still have to be made.

    Raises:
        OutputError: a file is in the way, or nothing may be written there.
    """
    with output_errors(folder):
        there = folder.absolute()
        while not os.path.lexists(there) and there != there.parent:
            there = there.parent
        if not stat.S_ISDIR(there.stat().st_mode):
            raise NotADirectoryError(errno.ENOTDIR, "a file is in the way")
        if not os.access(there, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "writing there is not permitted")


@contextmanager
def staging(target: Path, *, made_of: Path | None = None) -> Iterator[Path]:
    """A fresh folder beside `target` that becomes `target` when the block succeeds and vanishes when it fails.

    A folder that exists keeps the files that are no results; results of an earlier run that this one does not write
    are removed, for they may show somebody else. Folders made on the way are removed again on failure, and what runs
    left behind that were killed is removed first. Inside, nobody else can write to `target`.

    Args:
        target: the folder of results.
        made_of: the head that results are made of. In its own folder all that shows it stays, itself first of all; a
            folder that holds another head is refused.

    Raises:
        OutputError: it cannot be made or moved.
        BusyError: another run writes to `target`.
    """
    with output_errors(target):
        target = _with_a_name(target)
        made = _make_parents(target)
    try:
        with ExitStack() as lock:
            with output_errors(target):
                _lock(lock, target)
                _refuse_obstacles(target)
                _refuse_another_head(target, made_of)
                _clear_abandoned(target.parent)
                folder = _fresh_folder(target)
            try:
                yield folder
                with output_errors(target), held():
                    _move(folder, target, made_of)
            except BaseException:
                with held():
                    shutil.rmtree(folder, ignore_errors=True)
                raise
    except BaseException:
        _remove_empty(made)
        raise


def spares(target: Path, files: Sequence[Path]) -> bool:
    """Whether results in `target` would leave all of these files alone, whatever their names are."""
    read = {same_name(place) for file in files for place in places(file)}
    written = {same_name(os.path.join(place, name)) for place in places(target) for name in ("", *RESULT_FILES)}  # noqa: PTH118 - for the text
    return read.isdisjoint(place.rstrip(os.sep) for place in written)


def _write_points(portrait: Portrait, folder: Path) -> None:
    from .portrait.corrections import SCHEME, write_correction_points

    if portrait.landmark_scheme == SCHEME:
        with output_errors(folder):
            write_correction_points(portrait, folder / "corrections.json")


def write_results(
    done: Reconstruction,
    folder: Path,
    formats: Sequence[str],
    *,
    target: Path | None = None,
    debug_images: bool = False,
    progress: Progress | None = None,
    blender: Blender | None = None,
) -> Reconstruction:
    """Write a reconstruction's files into an existing folder; returns it with the time that this took.

    Args:
        done: what `reconstruct` returned.
        folder: where the files go.
        formats: names in `FORMATS`.
        target: where the files will be in the end, to be named in errors; `folder` when None.
        debug_images: also write the pictures of ``--debug-images``, and the points that can be corrected.
        progress: told the stage ``Write``; may cancel.
        blender: one that waits already (`blend.waiting_blender`), to write head.blend; a new one when None.

    Raises:
        OutputError: a file cannot be written.
        DependencyError: a library that a format needs is missing.
        CancelledError: the user cancelled.
    """
    from . import export, preview

    progress = progress or Progress()
    head, settings = done.head, done.settings
    target = target or folder
    with progress.stage("Write"), output_errors(target):
        npz = folder / "head.npz"
        head.save(npz)
        progress.step(0.1)
        wanted = "blend" in formats
        keys = (settings.expressions, settings.spelling)
        writer = partial(blend_writer, npz, folder / "head.blend", done.portrait.pixels, keys, blender=blender)
        with writer() if wanted else nullcontext() as blend:
            if "glb" in formats:
                export.write_glb(head, folder / "head.glb", export.GlbSettings(expressions=settings.expression_choice))
            progress.step(0.3)
            if "obj" in formats:
                export.write_obj(head, folder / "head.obj")
            progress.step(0.4)
            if settings.quality != "fast":
                return_memory()  # of the files' bytes, before pictures are drawn
            preview.draw_preview(done.portrait, done.fit, head, folder / "preview.png")
            progress.step(0.7)
            if debug_images:
                preview.write_debug_images(done.portrait, done.fit, head, folder, done.surface)
                _write_points(done.portrait, folder)
            if blend is not None:
                blend.finish(progress)
        if "npz" not in formats:
            npz.unlink()
    return_memory()
    done = replace(done, seconds={**done.seconds, "Write": progress.seconds["Write"]})
    with output_errors(target):
        sizes = {path.name: path.stat().st_size for path in folder.iterdir() if path.is_file()}
        write_report(folder / REPORT, build_report(done, sizes))
    return done


def _with_a_name(target: Path) -> Path:
    """The same place by a path whose last part names it, for scratch and lock lie beside it: not ``.`` or ``a/..``."""
    if target.name in {"", ".."}:
        target = target.resolve()
    if not target.name:
        raise PermissionError(errno.EACCES, "nothing can be made beside the root of the file system")
    return target


def _make_parents(target: Path) -> list[Path]:
    """Make the folder that will hold `target`; returns the folders made, innermost first."""
    missing = []
    parent = target.parent
    while not parent.exists():
        missing.append(parent)
        parent = parent.parent
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        _remove_empty(missing)
        raise
    return missing


def _remove_empty(folders: Sequence[Path]) -> None:
    with held():
        for folder in folders:
            with suppress(OSError):
                folder.rmdir()


def _lock(stack: ExitStack, target: Path) -> None:
    """Lock `target`; another run that failed may just have removed the folder around it as its own."""
    for _ in range(_TRIES):
        with suppress(FileNotFoundError):
            stack.enter_context(folder_lock(target))
            return
        target.parent.mkdir(parents=True, exist_ok=True)
    stack.enter_context(folder_lock(target))


def _refuse_obstacles(target: Path) -> None:
    """Raise FileExistsError where something stands in the way of the results."""
    if not target.is_dir() and (target.exists() or target.is_symlink()):
        raise FileExistsError(errno.EEXIST, "a file is in the way")
    for name in RESULT_FILES:
        if (target / name).is_dir():
            raise FileExistsError(errno.EEXIST, f"a folder named {name} is in the way")


def _refuse_another_head(target: Path, made_of: Path | None) -> None:
    """Raise where a head lies in `target` that is not the one whose results are to go there."""
    there = target / HEAD
    if made_of is not None and there.is_file() and not same_place(there, made_of):
        raise OutputError(
            f"{as_text(target.name)} holds the results of another head ({HEAD}); choose another folder with --out."
        )


def _clear_abandoned(parent: Path) -> None:
    """Remove what runs left in `parent` that were killed: nobody holds their lock any more."""
    for path in parent.glob(f"{PREFIX}*"):
        scratch = path.with_suffix("") if path.suffix == ".lock" else path
        if path != scratch and scratch.exists():  # it comes by itself
            continue
        if scratch.is_dir() or path != scratch:
            with suppress(OSError), abandoned(scratch) as free:
                if free and scratch.is_dir():
                    shutil.rmtree(scratch, ignore_errors=True)


def _fresh_folder(target: Path) -> Path:
    """An empty folder beside `target`; its permissions are those that the user's umask leaves."""
    folder = scratch_of(target)
    if folder.exists():  # of a run that was killed, for the lock is ours
        shutil.rmtree(folder)
    folder.mkdir()
    return folder


def _move(folder: Path, target: Path, made_of: Path | None) -> None:
    """Put the finished files in their place: the whole folder at once where `target` does not exist yet."""
    if not target.exists():
        folder.rename(target)
        return
    if made_of is None:
        _replace_files(folder, target, results_of_earlier_run(target))
        return
    met = [path.name for path in folder.iterdir() if same_place(target / path.name, made_of)]
    if met:
        raise OutputError(f"{met[0]} is what the results are made of; choose another folder with --out.")
    _replace_files(folder, target, [] if same_place(made_of.parent, target) else results_of_earlier_run(target))


def _replace_files(folder: Path, target: Path, old: Sequence[str]) -> None:
    """Exchange an earlier run's results for the new ones, all or none. The report goes first and comes last.

    So a folder that was caught in between (by a power cut, a SIGKILL) has no report.
    """
    new = sorted((path.name for path in folder.iterdir()), key=lambda name: (name == REPORT, name))
    earlier = folder / "earlier"
    earlier.mkdir()
    gone: list[str] = []
    come: list[str] = []
    try:
        for name in sorted({*new, *old}, key=lambda name: (name != REPORT, name)):
            if (target / name).is_symlink() or (target / name).exists():
                (target / name).replace(earlier / name)
                gone.append(name)
        for name in new:
            (folder / name).replace(target / name)
            come.append(name)
    except OSError:
        for name in come:
            (target / name).replace(folder / name)
        for name in reversed(gone):
            (earlier / name).replace(target / name)
        raise
    shutil.rmtree(folder, ignore_errors=True)


def results_of_earlier_run(folder: Path) -> list[str]:
    """Names of the files that the report in `folder` lists and that still are as it says; none without a report."""
    try:
        text = (folder / REPORT).read_bytes()[:_LONGEST_REPORT]
        listed = {str(output["name"]): output["bytes"] for output in json.loads(text)["outputs"]}
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return []
    found = [name for name in RESULT_FILES if name in listed and (folder / name).is_file()]
    return [name for name in found if (folder / name).stat().st_size == listed[name]]
