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
from typing import TYPE_CHECKING, Any, Final, NoReturn

from . import (
    __version__,
    cli_batch,
    cli_capture,
    cli_compare,
    cli_evaluate,
    cli_export,
    cli_flame,
    cli_models,
    cli_print,
    cli_reconstruct,
    cli_weights,
    info,
)
from .device import memory_in_words, share_the_cores
from .errors import CancelledError, SeifError
from .signals import StopSignalError, stop_signals
from .stage_functions import STANDARD, Stages
from .terminal import open_descriptors, patient_streams, quiet_libraries, say, tell
from .unforeseen import describe

if TYPE_CHECKING:
    from .evaluation.compare.truths import Case

_LOG: Final = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None, *, stages: Stages = STANDARD) -> int:
    """Run the command line and return its exit code: 0, or that of the first error (`errors.py`).

    Args:
        arguments: what stands behind the program's name; those of the process when None.
        stages: the functions that make heads.
    """
    share_the_cores()
    open_descriptors()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console that cannot show a character shows a question mark
    with patient_streams() as output, stop_signals():
        options = _parser().parse_args(arguments)
        options.stages = stages
        if not options.verbose:
            sys.excepthook = _unforeseen
        with nullcontext() if options.verbose else quiet_libraries():
            level = logging.INFO if options.verbose else logging.WARNING
            logging.basicConfig(level=level, format=f"{'%(name)s' if options.verbose else 'seif'}: %(message)s")
            code = _run(options)
    answered = not output.lost or options.command in ("reconstruct", "batch")  # whose answer is on the disk
    if not answered and output.fault is not None:
        say(f"seif: the answer could not be written ({output.fault.strerror}); give it a place with room.")
    return code if answered else code or 1


def _run(options: argparse.Namespace) -> int:
    try:
        with memory_in_words():
            return options.run(options)
    except SeifError as error:
        say(f"seif: {error}")
        if options.verbose:
            _LOG.exception("where it came from")
        return error.exit_code
    except KeyboardInterrupt as stop:
        say("seif: cancelled; nothing half-written was left.")
        return stop.exit_code if isinstance(stop, StopSignalError) else CancelledError.exit_code


class _Parser(argparse.ArgumentParser):
    """One that says what is wrong in one sentence; the usage, which would push it off the screen, is for ``--help``.

    Options are written out: an abbreviation would mean another option as soon as a new one begins alike.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - argparse's own
        super().__init__(*args, **({"allow_abbrev": False} | kwargs))

    def error(self, message: str) -> NoReturn:
        """Say it and end with the exit code of a command line that cannot be understood."""
        say(f"seif: {message.rstrip('.')}; {self.prog} --help tells what there is.")
        self.exit(2)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="seif", description="One photo becomes an animatable head.")
    parser.add_argument("--version", action="version", version=f"seif {__version__}")
    common = _Parser(add_help=False)
    common.add_argument("--verbose", action="store_true", help="tell more, and show where an error came from")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    cli_reconstruct.add_options(commands.add_parser("reconstruct", parents=[common], help="make heads from photos"))
    cli_batch.add_options(commands.add_parser("batch", parents=[common], help="make heads of a folder of photos"))
    cli_evaluate.add_commands(commands, common)
    cli_compare.add_commands(commands, common, _dataset_cases if _has_workshop() else None)
    cli_weights.add_commands(commands, common)
    cli_models.add_commands(commands, common)
    cli_flame.add_commands(commands, common)
    cli_export.add_commands(commands, common)
    cli_print.add_commands(commands, common)
    cli_capture.add_commands(commands, common)
    _add_workshop(commands, common)
    told = commands.add_parser("info", parents=[common], help="versions, devices, models, weights, licences")
    told.add_argument("--json", action="store_true", help="as JSON")
    told.set_defaults(run=_info)
    return parser


def _add_workshop(commands: argparse._SubParsersAction[Any], common: argparse.ArgumentParser) -> None:
    """``train`` and ``scans``, where the workshop is: in a checkout, not in the add-on."""
    if not _has_workshop():
        return
    from .workshop import cli_scans, cli_train

    cli_train.add_commands(commands, common)
    cli_scans.add_commands(commands, common)


def _has_workshop() -> bool:
    return (Path(__file__).parent / "workshop").is_dir()


def _dataset_cases(root: Path, kind: str, folder: Path) -> list[Case]:
    """Scans of a data set as the truths of ``compare``."""
    from .workshop.training.scans.comparison import cases_of_dataset

    return cases_of_dataset(root, kind, folder)


def _info(options: argparse.Namespace) -> int:
    tell(json.dumps(info.collect(), indent=2) if options.json else info.as_text())
    return 0


def _unforeseen(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    """Say an error that nobody foresaw in one sentence; --verbose shows where it came from."""
    say(f"seif: an error that nobody foresaw ({describe(error)}); run it again with --verbose and report it.")
