"""The command `seif`: reconstruct photos, evaluate results, tell what runs here."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from . import __version__, cli_weights, info
from .blend import blender_is_here
from .device import share_the_cores
from .errors import CancelledError, SeifError
from .pipeline import reconstruct
from .progress import Progress
from .results import FORMATS, NO_BLENDER, default_formats, parse_formats, staging, write_results
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
from .stage_functions import STANDARD, Stages
from .terminal import StageLines, quiet_libraries

_LOG: Final = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None, *, stages: Stages = STANDARD) -> int:
    """Run the command line and return its exit code: 0, or that of the first error (`errors.py`).

    Args:
        arguments: what stands behind the program's name; those of the process when None.
        stages: the functions that make heads.
    """
    share_the_cores()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console that cannot show a character shows a question mark
    options = _parser().parse_args(arguments)
    options.stages = stages
    if not options.verbose:
        sys.excepthook = _unforeseen
    with nullcontext() if options.verbose else quiet_libraries():
        logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING, format="%(name)s: %(message)s")
        return _run(options)


def _run(options: argparse.Namespace) -> int:
    try:
        return options.run(options)
    except SeifError as error:
        _complain(error, options.verbose)
        return error.exit_code
    except KeyboardInterrupt:
        return _cancelled()
    except BrokenPipeError:  # the reader of our output has gone; there is nobody to tell
        sys.stderr.close()
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="seif", description="One photo becomes an animatable head.")
    parser.add_argument("--version", action="version", version=f"seif {__version__}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--verbose", action="store_true", help="tell more, and show where an error came from")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_reconstruct(commands.add_parser("reconstruct", parents=[common], help="make heads from photos"))
    _add_evaluate(commands.add_parser("evaluate", help="measure results against references"), common)
    cli_weights.add_commands(commands, common)
    _add_workshop(commands, common)
    told = commands.add_parser("info", parents=[common], help="versions, devices, models, weights, licences")
    told.add_argument("--json", action="store_true", help="as JSON")
    told.set_defaults(run=_info)
    return parser


def _add_workshop(commands: argparse._SubParsersAction[Any], common: argparse.ArgumentParser) -> None:
    """``train`` and ``scans``, where the workshop is: in a checkout, not in the add-on."""
    if not (Path(__file__).parent / "workshop").is_dir():
        return
    from .workshop import cli_scans, cli_train

    cli_train.add_commands(commands, common)
    cli_scans.add_commands(commands, common)


def _add_reconstruct(parser: argparse.ArgumentParser) -> None:
    plain = ReconstructionSettings()
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="pictures, one head each")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a folder per photo is made in here")
    known = "open, or the path of a FLAME file (default: %(default)s)"
    parser.add_argument("--head-model", default=plain.head_model, metavar="NAME", help=known)
    parser.add_argument("--device", default=plain.device, metavar="auto|cpu|cuda|mps", help="default: %(default)s")
    parser.add_argument(
        "--formats",
        default=None,
        metavar="LIST",
        help=f"any of {','.join(FORMATS)}, with commas (default: blend,glb,npz)",
    )
    parser.add_argument(
        "--texture-size",
        type=int,
        default=plain.texture_size,
        metavar="PIXELS",
        help=f"0 for none, at most {MAXIMUM_TEXTURE} (default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=plain.seed, metavar="N", help="default: %(default)s")
    parser.add_argument("--face", type=int, default=plain.face, metavar="N", help="which face, 0 is the largest")
    parser.add_argument("--landmarks", choices=LANDMARKS, default=plain.landmarks, help="default: %(default)s")
    parser.add_argument("--online", action="store_true", help="permit the download of weights that do not ship")
    _add_shape(parser)
    parser.add_argument("--debug-images", action="store_true", help="also write landmarks, mask, normals, overlay")
    parser.set_defaults(run=_reconstruct)


def _add_shape(parser: argparse.ArgumentParser) -> None:
    """The options that say how the head's shape is found."""
    plain = ReconstructionSettings()
    for name, choices, words in (
        ("quality", QUALITIES, "fast stops at the fitted head model"),
        ("hair", HAIR, "bald leaves the skull as fitted"),
        ("weights", WEIGHTS, "networks: embedded, or the published ones after seif weights import"),
        ("resolution", RESOLUTIONS, "cells per axis of the surface"),
        ("subdivisions", SUBDIVISIONS, "1 for a mesh of four times the faces"),
    ):
        default = getattr(plain, name)
        told = f"{words} (default: {default})"
        parser.add_argument(f"--{name}", type=type(default), choices=choices, default=default, help=told)
    told = "an ONNX normal estimator to use instead of the embedded network"
    parser.add_argument("--normal-model", default=plain.normal_model, metavar="PATH", help=told)


def _shape_settings(options: argparse.Namespace) -> dict[str, Any]:
    names = ("device", "quality", "hair", "weights", "resolution", "subdivisions", "normal_model")
    return {name: getattr(options, name) for name in names}


def _add_evaluate(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="normals|scan")
    normals = kinds.add_parser("normals", parents=[common], help="normal maps of photos against reference normal maps")
    normals.add_argument("--reference", type=Path, required=True, metavar="DIR", help="photos and their normal maps")
    normals.add_argument("--device", default="auto", metavar="auto|cpu|cuda|mps", help="default: %(default)s")
    _add_shape(normals)
    normals.add_argument("--json", action="store_true", help="as JSON")
    normals.set_defaults(run=_evaluate_normals)
    scan = kinds.add_parser("scan", parents=[common], help="a mesh against a scan, as the NoW protocol measures")
    scan.add_argument("--scan", type=Path, required=True, metavar="FILE", help="the scan")
    scan.add_argument("--prediction", type=Path, required=True, metavar="FILE", help="the mesh to judge")
    scan.add_argument("--landmarks", type=Path, metavar="FILE", help="7, 51 or 68 landmarks on the scan, in its unit")
    scan.add_argument("--prediction-landmarks", type=Path, metavar="FILE", help="the same on the mesh")
    for name in ("scan", "prediction"):
        scan.add_argument(f"--{name}-unit", choices=("m", "cm", "mm"), help="guessed from the size if left out")
    scan.add_argument("--json", action="store_true", help="as JSON")
    scan.set_defaults(run=_evaluate_scan)


def _reconstruct(options: argparse.Namespace) -> int:
    settings = ReconstructionSettings(
        head_model=options.head_model,
        **_shape_settings(options),
        texture_size=options.texture_size,
        seed=options.seed,
        face=options.face,
        landmarks=options.landmarks,
        online=options.online,
    )
    formats = parse_formats(options.formats) if options.formats is not None else default_formats()
    first = 0
    for photo, target in zip(options.photos, _targets(options.photos, options.out), strict=True):
        try:
            _one(photo, target, settings, formats, options)
        except CancelledError:
            raise
        except SeifError as error:
            _complain(error, options.verbose)
            first = first or error.exit_code
    return first


def _one(
    photo: Path,
    target: Path,
    settings: ReconstructionSettings,
    formats: Sequence[str],
    options: argparse.Namespace,
) -> None:
    _tell(f"{photo.name}")
    lines = StageLines()
    progress = Progress(lines)
    try:
        with staging(target) as folder:
            done = reconstruct(photo, settings, progress, stages=options.stages)
            images = options.debug_images
            done = write_results(done, folder, formats, target=target, debug_images=images, progress=progress)
    finally:
        lines.close()
    warnings = [*done.warnings, *([] if options.formats or blender_is_here() else [NO_BLENDER])]
    for warning in warnings:
        _say(f"seif: {photo.name}: {warning}")
    _tell(f"  {sum(done.seconds.values()):.1f} s, landmark error {done.fit.landmark_error:.2f} %, device {done.device}")
    names = sorted(path.name for path in target.iterdir() if path.is_file())
    _tell(f"  results in {target.resolve()}: {', '.join(names)}")


def _targets(photos: Sequence[Path], out: Path) -> list[Path]:
    """One folder per photo, named like it; photos of one name get -2, -3, ..."""
    taken: dict[str, int] = {}
    found = []
    for photo in photos:
        name = photo.stem or "head"
        taken[name.lower()] = taken.get(name.lower(), 0) + 1
        count = taken[name.lower()]
        found.append(out / (name if count == 1 else f"{name}-{count}"))
    return found


def _evaluate_normals(options: argparse.Namespace) -> int:
    from .evaluation import evaluate_normals

    table = evaluate_normals(options.reference, ReconstructionSettings(**_shape_settings(options)))
    _tell(table.as_json() if options.json else str(table))
    return 0


def _evaluate_scan(options: argparse.Namespace) -> int:
    from .evaluation import evaluate_scan

    compared = evaluate_scan(
        options.scan,
        options.prediction,
        landmarks=options.landmarks,
        prediction_landmarks=options.prediction_landmarks,
        scan_unit=options.scan_unit,
        prediction_unit=options.prediction_unit,
    )
    _tell(compared.as_json() if options.json else str(compared))
    return 0


def _info(options: argparse.Namespace) -> int:
    _tell(json.dumps(info.collect(), indent=2) if options.json else info.as_text())
    return 0


def _cancelled() -> int:
    _say("seif: cancelled; nothing half-written was left.")
    return CancelledError.exit_code


def _complain(error: SeifError, verbose: bool) -> None:
    _say(f"seif: {error}")
    if verbose:
        _LOG.exception("where it came from")


def _unforeseen(kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    """Say an error that nobody foresaw in one sentence; --verbose shows where it came from."""
    _say(f"seif: an error that nobody foresaw ({kind.__name__}: {error}); run it again with --verbose and report it.")


def _tell(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _say(text: str) -> None:
    sys.stdout.flush()
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
