"""`seif reconstruct`: its options, and a run over several photos, each with an outcome of its own."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from .blend import waiting_blender
from .cli_values import filled_text, named_path, whole_number
from .device import memory_in_words
from .errors import CancelledError, SeifError, SettingsError
from .expression_choice import SETS, SPELLINGS
from .filenames import about, as_text, is_file, result_folders
from .headmodel.installed import check_name
from .photo_source import photo_file
from .pipeline import reconstruct
from .progress import Progress
from .results import FORMATS, check_place, default_formats, left_out, parse_formats, spares, staging, write_results
from .settings import (
    HAIR,
    LANDMARKS,
    MAXIMUM_TEXTURE,
    QUALITIES,
    RESOLUTIONS,
    SUBDIVISIONS,
    WEIGHTS,
    ReconstructionSettings,
)
from .signals import stop_if_asked
from .stage_functions import Stages
from .terminal import StageLines, say, tell
from .unforeseen import unforeseen_in_words

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """How it went with one photo of a run.

    Attributes:
        photo: the photo.
        error: why there is no head; None where there is one.
    """

    photo: Path
    error: SeifError | None = None


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `seif reconstruct`, and `run` as what carries them out."""
    parser.add_argument("photos", nargs="+", type=named_path, metavar="PHOTO", help="pictures, one head each")
    told = "the photos show one person: one head from all of them, in the folder of the first"
    parser.add_argument("--same-person", action="store_true", help=told)
    told = "points of landmarks and hairline that were corrected by hand, as --debug-images writes them (one photo)"
    parser.add_argument("--corrections", type=named_path, metavar="FILE", help=told)
    add_run_options(parser)
    parser.set_defaults(run=run)


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """The options of every command that makes heads: where they go, and all of `ReconstructionSettings`."""
    plain = ReconstructionSettings()
    parser.add_argument(
        "--out", type=named_path, required=True, metavar="DIR", help="a folder per photo is made in here"
    )
    known = "open, a name of seif models list, or the path of a FLAME or GNM file (default: %(default)s)"
    parser.add_argument("--head-model", type=filled_text, default=plain.head_model, metavar="NAME", help=known)
    parser.add_argument("--device", default=plain.device, metavar="auto|cpu|cuda|mps", help="default: %(default)s")
    parser.add_argument(
        "--formats",
        default=None,
        metavar="LIST",
        help=f"any of {','.join(FORMATS)}, with commas (default: blend,glb,npz)",
    )
    parser.add_argument(
        "--texture-size",
        type=whole_number,
        default=plain.texture_size,
        metavar="PIXELS",
        help=f"0 for none, at most {MAXIMUM_TEXTURE} (default: %(default)s)",
    )
    parser.add_argument("--seed", type=whole_number, default=plain.seed, metavar="N", help="default: %(default)s")
    parser.add_argument(
        "--face", type=whole_number, default=plain.face, metavar="N", help="which face, 0 is the largest"
    )
    parser.add_argument("--landmarks", choices=LANDMARKS, default=plain.landmarks, help="default: %(default)s")
    parser.add_argument("--online", action="store_true", help="permit the download of weights that do not ship")
    add_shape_options(parser)
    add_expression_options(parser)
    parser.add_argument("--debug-images", action="store_true", help="also write landmarks, mask, normals, overlay")


def add_shape_options(parser: argparse.ArgumentParser) -> None:
    """The options that say how the head's shape is found."""
    plain = ReconstructionSettings()
    for name, choices, words in (
        ("quality", QUALITIES, "fast stops at the fitted head model"),
        ("hair", HAIR, "a layer on a bald head, merged into the head's mesh, or none"),
        ("weights", WEIGHTS, "networks: embedded, or the published ones after seif weights import"),
        ("resolution", RESOLUTIONS, "cells per axis of the surface"),
        ("subdivisions", SUBDIVISIONS, "1 for a mesh of four times the faces"),
    ):
        default = getattr(plain, name)
        told = f"{words} (default: {default})"
        parser.add_argument(f"--{name}", type=type(default), choices=choices, default=default, help=told)
    told = "an ONNX normal estimator to use instead of the embedded network"
    parser.add_argument("--normal-model", type=filled_text, metavar="PATH", help=told)


def add_expression_options(parser: argparse.ArgumentParser, *, of_preset: bool = False) -> None:
    """The options that say which keys head.blend and head.glb get, and their spelling.

    Args:
        parser: gets them.
        of_preset: whether a preset has keys and a spelling of its own, so that None says that nobody chose.
    """
    plain = ReconstructionSettings()
    own = ", or the preset's own" if of_preset else ""
    sets = f"any of {','.join(SETS)}, with commas (flame:50 for its first 50 components), or none"
    told = f"keys of head.blend and head.glb: {sets} (default: {plain.expressions}{own})"
    default = None if of_preset else plain.expressions
    parser.add_argument("--expressions", default=default, metavar="LIST", help=told)
    told = f"of the ARKit keys: mouthSmileLeft, MouthSmileLeft or mouthSmile_L (default: {plain.spelling}{own})"
    default = None if of_preset else plain.spelling
    parser.add_argument("--spelling", choices=SPELLINGS, default=default, help=told)


def shape_settings(options: argparse.Namespace) -> dict[str, Any]:
    """The values of the options that `add_shape_options` adds, by the names of `ReconstructionSettings`."""
    names = ("device", "quality", "hair", "weights", "resolution", "subdivisions")
    return {name: getattr(options, name) for name in names} | {"normal_model": options.normal_model or ""}


def run(options: argparse.Namespace) -> int:
    """Make a head of every photo; returns 0, or the exit code of the first photo that gave none.

    Raises:
        SettingsError: an option has a value that makes no sense.
        DependencyError: a format needs a library that is not installed.
        ModelError: there is no such head model.
        OutputError: nothing can be written into the folder of results.
        KeyboardInterrupt: the user stopped the run.
    """
    settings = settings_of(options)
    formats = formats_of(options)
    options.stages = corrected_stages(options)
    check_place(options.out)
    heads = 1 if options.same_person else len(options.photos)
    outcomes: list[Outcome] = []
    try:
        outcomes.extend(_outcomes(options, settings, formats))
    except KeyboardInterrupt:
        _sum_up(outcomes, heads)
        raise
    _sum_up(outcomes, heads)
    return next((outcome.error.exit_code for outcome in outcomes if outcome.error is not None), 0)


def corrected_stages(options: argparse.Namespace) -> Stages:
    """The stages of the run, which read the photo with the points of ``--corrections``.

    Raises:
        SettingsError: the file cannot be read, holds no corrections, or there are several photos.
    """
    if options.corrections is None:
        return options.stages
    from .portrait.corrections import corrections_of_file, reading_corrected

    if len(options.photos) > 1:
        raise SettingsError("Corrected points are those of one photo; give --corrections with one photo.")
    moved = corrections_of_file(options.corrections)
    return replace(options.stages, read_portrait=reading_corrected(options.stages.read_portrait, moved))


def settings_of(options: argparse.Namespace) -> ReconstructionSettings:
    """The settings that the options of `add_run_options` say.

    Raises:
        SettingsError: an option has a value that makes no sense.
        ModelError: there is no such head model.
    """
    settings = ReconstructionSettings(
        head_model=options.head_model,
        **shape_settings(options),
        texture_size=options.texture_size,
        seed=options.seed,
        face=options.face,
        landmarks=options.landmarks,
        online=options.online,
        expressions=options.expressions,
        spelling=options.spelling,
    )
    check_name(settings.head_model)
    return settings


def formats_of(options: argparse.Namespace) -> tuple[str, ...]:
    """The formats that ``--formats`` names, or those that this machine can write.

    Raises:
        SettingsError: an unknown format.
        DependencyError: a format needs a library that is not installed.
    """
    return parse_formats(options.formats) if options.formats is not None else default_formats()


def _outcomes(
    options: argparse.Namespace, settings: ReconstructionSettings, formats: Sequence[str]
) -> Iterator[Outcome]:
    photos = options.photos[:1] if options.same_person else options.photos
    targets = result_folders(photos, options.out, partial(spares, files=_files_read(options)))
    for photo, target in zip(photos, targets, strict=True):
        stop_if_asked()
        try:
            with unforeseen_in_words(), memory_in_words():
                _one(photo, target, settings, formats, options)
        except CancelledError:
            raise
        except SeifError as error:
            _complain(error, photo, verbose=options.verbose, several=len(photos) > 1)
            yield Outcome(photo, error)
        else:
            yield Outcome(photo)


def _files_read(options: argparse.Namespace) -> list[Path]:
    """Every file that the run reads, as far as the user named it."""
    named = [Path(name) for name in (options.head_model, options.normal_model, options.corrections) if name]
    return [*options.photos, *(path for path in named if is_file(path))]


def _one(
    photo: Path,
    target: Path,
    settings: ReconstructionSettings,
    formats: Sequence[str],
    options: argparse.Namespace,
) -> None:
    name = as_text(photo.name)
    tell(name)
    lines = StageLines()
    progress = Progress(lines)
    try:
        ahead = waiting_blender() if "blend" in formats else nullcontext()
        with ExitStack() as opened, staging(target) as folder, ahead as blender:
            more = options.photos[1:] if options.same_person else []
            file, *others = [opened.enter_context(photo_file(one)) for one in (photo, *more)]
            done = reconstruct(file, settings, progress, stages=options.stages, same_person=others)
            done = write_results(
                done,
                folder,
                formats,
                target=target,
                debug_images=options.debug_images,
                progress=progress,
                blender=blender,
            )
            written = sorted(path.name for path in folder.iterdir())
    finally:
        lines.close()
    for warning in (*done.warnings, *left_out(options.formats)):
        say(f"seif: {about(name, warning)}")
    tell(f"  {sum(done.seconds.values()):.1f} s, landmark error {done.fit.landmark_error:.2f} %, device {done.device}")
    tell(f"  results in {as_text(str(target.resolve()))}: {', '.join(written)}")


def _complain(error: SeifError, photo: Path, *, verbose: bool, several: bool) -> None:
    sentence = as_text(str(error))
    say(f"seif: {about(as_text(photo.name), sentence) if several else sentence}")
    if verbose:
        _LOG.error("where it came from", exc_info=error)


def _sum_up(outcomes: Sequence[Outcome], photos: int) -> None:
    """The last line of a run over several photos: how many failed, and how many were not begun."""
    if photos < 2:
        return
    failed = [as_text(outcome.photo.name) for outcome in outcomes if outcome.error is not None]
    heads = len(outcomes) - len(failed)
    begun = "" if len(outcomes) == photos else f", {photos - len(outcomes)} not done"
    if not failed and not begun:
        tell(f"All {photos} photos gave a head.")
        return
    names = f" ({', '.join(failed)})" if failed else ""
    say(f"seif: {len(failed)} of {photos} photos failed{names}, {heads} gave a head{begun}.")
