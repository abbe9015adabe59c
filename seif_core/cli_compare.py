"""`seif compare`: results of other methods beside ours on the same photos."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .cli_values import filled_text, named_path
from .errors import SettingsError
from .settings import ReconstructionSettings
from .terminal import say, tell

if TYPE_CHECKING:
    from .evaluation.compare.truths import Case

    Commands = argparse._SubParsersAction[Any]  # noqa: SLF001 - argparse has no public name for it
    Datasets = Callable[[Path, str, Path], list[Case]]

BENCHMARKS: Final = ("now", "realy", "facescape-wild", "facescape-lab")
"""What `--benchmark` takes, `evaluation.compare.truths.BENCHMARKS`."""
DATASETS: Final = ("facescape", "coma", "headspace", "faceverse", "i3dmm")
"""What it takes too, in a checkout: data sets of scans, whose photos lie in DIR/photos."""
PROTOCOLS: Final = ("now", "realy", "facescape", "whole-head", "corresponding", "nonrigid")
"""What `--protocol` takes, `evaluation.protocols.run.PROTOCOLS`."""


def add_commands(commands: Commands, common: argparse.ArgumentParser, datasets: Datasets | None) -> None:
    """Add ``compare``.

    Args:
        commands: of ``seif``.
        common: options of all commands.
        datasets: reads scans of `DATASETS`; None where the workshop is not.
    """
    words = "other methods' results beside ours on the same photos: sheets, and tables under each protocol"
    parser = commands.add_parser("compare", parents=[common], help=words)
    parser.add_argument("folder", type=named_path, metavar="DIR", help="DIR/photos, DIR/methods/METHOD, DIR/scans")
    parser.add_argument("--out", type=named_path, required=True, metavar="DIR", help="where sheets and tables go")
    parser.add_argument("--ours", action="store_true", help="first make the mean head, our fit, our head, MediaPipe's")
    parser.add_argument(
        "--benchmark",
        type=filled_text,
        metavar="KIND=DIR",
        help=f"its photos and scans; {', '.join(BENCHMARKS)}, or scans of {', '.join(DATASETS)}",
    )
    parser.add_argument("--protocol", action="append", choices=PROTOCOLS, help="more than once for several")
    parser.add_argument(
        "--flame",
        type=filled_text,
        metavar="NAME",
        help="your FLAME model, for results that are parameters",
    )
    parser.add_argument("--quality", choices=("full", "fast"), default="full", help="of --ours (default: %(default)s)")
    parser.add_argument("--device", default="auto", metavar="auto|cpu|cuda|mps", help="default: %(default)s")
    parser.set_defaults(run=_run, datasets=datasets)


def _run(options: argparse.Namespace) -> int:
    from .evaluation.compare.ours import make_ours
    from .evaluation.compare.run import DEFAULT, compare

    cases, methods = _cases(options), options.folder / "methods"
    if options.ours:
        for told in make_ours(cases, methods, ReconstructionSettings(quality=options.quality, device=options.device)):
            say(f"seif: {told}")
    found = compare(cases, methods, options.out, protocols=options.protocol or DEFAULT, flame=options.flame or "")
    tell(found.as_markdown())
    return 0


def _cases(options: argparse.Namespace) -> list[Case]:
    """The photos, and the truths that the options name."""
    from .evaluation.compare.truths import benchmark_cases, plain_cases

    if options.benchmark is None:
        return plain_cases(options.folder)
    kind, equals, root = options.benchmark.partition("=")
    if not equals:
        raise SettingsError(f"--benchmark {options.benchmark} names no folder; write KIND=DIR.")
    if kind not in (*BENCHMARKS, *DATASETS):
        raise SettingsError(f"There is no benchmark '{kind}'; choose one of: {', '.join((*BENCHMARKS, *DATASETS))}.")
    if kind not in DATASETS:
        return benchmark_cases(kind, Path(root))
    if options.datasets is None:
        raise SettingsError(f"Scans of {kind} are read in a checkout of the project alone; run seif compare there.")
    return options.datasets(Path(root), kind, options.folder)
