"""`seif scans register`: licensed scans of heads become what training takes."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from itertools import islice
from typing import Final

from ..cli_values import named_path, whole_number
from ..errors import SeifError
from ..results import output_errors
from .training.scans.datasets import AUTO, READERS, open_dataset

_LOG: Final = logging.getLogger(__name__)


def add_commands(subparsers: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    """Add `scans` to the command line's commands; `common` holds the options that all commands have."""
    scans = subparsers.add_parser("scans", help="scans of real heads for training")
    kinds = scans.add_subparsers(dest="kind_of_scans", required=True, metavar="register")
    register = kinds.add_parser("register", parents=[common], help="register a data set's scans to the head model")
    register.add_argument(
        "--in", dest="source", type=named_path, required=True, metavar="DIR", help="the unpacked data set"
    )
    register.add_argument("--out", type=named_path, required=True, metavar="DIR", help="where the registered scans go")
    known = "|".join((AUTO, *READERS))
    register.add_argument("--kind", default=AUTO, metavar=known, help="layout of the folder (default: %(default)s)")
    units = "where the data set does not tell it; guessed from the size if left out"
    register.add_argument("--unit", choices=("m", "cm", "mm"), help=units)
    register.add_argument(
        "--every", type=whole_number, default=1, metavar="N", help="each N-th scan only, for long sequences"
    )
    register.add_argument("--limit", type=whole_number, metavar="N", help="at most N scans")
    register.add_argument("--again", action="store_true", help="also those that were registered already")
    register.set_defaults(run=_register)


def _register(options: argparse.Namespace) -> int:
    """Register a data set; scans that fail are named and left out, the exit code is the first failure's."""
    from .training.scans.register import register_scan
    from .training.scans.registered import scan_file_name

    records = open_dataset(options.source, options.kind, unit=options.unit)
    limit = None if options.limit is None else max(0, options.limit)
    with output_errors(options.out):
        options.out.mkdir(parents=True, exist_ok=True)
    done = there = failed = first = 0
    for record in islice(islice(records, 0, None, max(1, options.every)), limit):
        target = options.out / scan_file_name(record.dataset, record.name)
        if target.exists() and not options.again:
            there += 1
            continue
        start = time.perf_counter()
        try:
            scan = register_scan(record)
        except SeifError as error:
            _say(f"seif: {error}")
            if options.verbose:
                _LOG.exception("where it came from")
            failed, first = failed + 1, first or error.exit_code
            continue
        scan.save(target)
        done += 1
        colours = "coloured" if scan.albedo is not None else "without colours"
        took = time.perf_counter() - start
        _tell(f"{scan.name}: {len(scan.vertices)} vertices, {colours}, face {scan.face_error_mm:.2f} mm, {took:.1f} s")
    _tell(f"{done} registered, {there} there already, {failed} failed; in {options.out.resolve()}")
    return first


def _tell(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _say(text: str) -> None:
    sys.stdout.flush()
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
