"""`seif batch`: heads of a folder of photos, by one process, by many, or by a Ray cluster."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from . import cli_reconstruct
from .batch.finished import finished_before
from .batch.job import NOT_BEGUN, PhotoJob, PhotoOutcome
from .batch.photo import do_photo
from .batch.plan import plan_batch
from .batch.processes import Do, run_in_processes, threads_each
from .batch.table import write_table
from .cli_values import filled_text, named_path, whole_number
from .errors import SettingsError
from .filenames import about, as_text
from .results import left_out
from .signals import held, stop_if_asked
from .terminal import say, tell


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `seif batch`, and `run` as what carries them out."""
    parser.add_argument(
        "folder", type=named_path, metavar="DIR", help="a folder of photos; folders in it are looked through"
    )
    told = "how many photos at once, each in a process of its own (default: %(default)s)"
    parser.add_argument("--processes", type=whole_number, default=1, metavar="N", help=told)
    told = "do the photos on a Ray cluster: HOST:PORT, auto, or local (default: by processes of this machine)"
    parser.add_argument("--ray", type=filled_text, metavar="ADDRESS", help=told)
    told = "cores that a photo takes of its node of the cluster (default: %(default)s)"
    parser.add_argument("--cores", type=whole_number, default=1, metavar="N", help=told)
    cli_reconstruct.add_run_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Make a head of every photo that has none yet; returns 0, or the exit code of the first photo that gave none.

    Raises:
        PhotoNotFoundError: there is no such folder, or no photo in it.
        SettingsError: an option has a value that makes no sense.
        DependencyError: a format, or --ray, needs a library that is not installed.
        DeviceError: no Ray cluster answers.
        OutputError: table or contact sheet cannot be written.
        KeyboardInterrupt: the user stopped the run; the table tells how far it came.
    """
    for name, value in (("--processes", options.processes), ("--cores", options.cores)):
        if not 1 <= value <= 1024:
            raise SettingsError(f"{name} is {value}; choose a whole number from 1 to 1024.")
    settings, formats = cli_reconstruct.settings_of(options), cli_reconstruct.formats_of(options)
    jobs = plan_batch(options.folder, options.out, settings, formats, debug_images=options.debug_images)
    for sentence in left_out(options.formats):
        say(f"seif: {sentence}")
    outcomes: dict[PhotoJob, PhotoOutcome] = {}
    try:
        for outcome in _outcomes(jobs, options):
            outcomes[outcome.job] = outcome
            _tell(outcome, f"[{len(outcomes)}/{len(jobs)}]")
            stop_if_asked()
    finally:
        ended = [outcomes.get(job) or job.ended("not begun", NOT_BEGUN) for job in jobs]
        with held():
            write_table(ended, options.out)
    from .batch.contact_sheet import write_contact_sheets  # which loads what draws pictures

    pictures = [path.name for path in write_contact_sheets(ended, options.out)]
    failed = [outcome for outcome in ended if outcome.kind == "failed"]
    kept = sum(outcome.kind == "kept" for outcome in ended)
    made = len(ended) - len(failed) - kept
    tell(f"{_count(made, 'head')} made, {kept} kept from earlier runs, {_count(len(failed), 'photo')} failed.")
    tell(f"  results in {as_text(str(options.out.resolve()))}: batch.csv, {', '.join(pictures)}")
    return next((outcome.exit_code for outcome in failed), 0)


def _outcomes(jobs: Sequence[PhotoJob], options: argparse.Namespace) -> Iterator[PhotoOutcome]:
    """Those that are finished first, then the others as they end."""
    left = []
    for job in jobs:
        stop_if_asked()
        before = finished_before(job)
        if before is None:
            left.append(job)
        else:
            yield before
    if not left:
        return
    do: Do = partial(do_photo, stages=options.stages)
    if options.ray:
        from .batch.ray_cluster import run_on_ray

        yield from run_on_ray(left, do, options.ray, options.cores)
    else:
        processes = min(options.processes, len(left))
        threads = threads_each(options.processes)
        words = (_count(len(left), "photo"), _count(processes, "process", "es"), _count(threads, "thread"))
        tell(f"{words[0]} to do, {words[1]} of {words[2]}")
        yield from run_in_processes(left, do, processes)


def _count(number: int, what: str, several: str = "s") -> str:
    return f"{number} {what if number == 1 else what + several}"


def _tell(outcome: PhotoOutcome, number: str) -> None:
    name = outcome.job.name
    if outcome.kind == "failed":
        say(f"seif: {number} {about(Path(name).name, outcome.words)}")
        return
    tell(f"{number} {name}: {outcome.words}, {outcome.seconds:.1f} s")
    for warning in outcome.warnings if outcome.kind == "made" else ():
        say(f"seif: {about(Path(name).name, warning)}")
