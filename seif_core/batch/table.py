"""`batch.csv`: a row a photo with what became of it. UTF-8 with a byte order mark, so that spreadsheets see it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ..results import output_errors
from ..whole_file import whole_file
from .job import PhotoOutcome

NAME: Final = "batch.csv"
COLUMNS: Final = ("photo", "folder", "result", "outcome", "seconds", "warnings")


def write_table(outcomes: Sequence[PhotoOutcome], out: Path) -> Path:
    """Write the table into the folder of results, beside its place first; returns its path.

    Args:
        outcomes: in the order of the rows.
        out: the folder.

    Raises:
        OutputError: it cannot be written.
    """
    path = out / NAME
    with output_errors(out):
        out.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as unfinished, unfinished.open("w", encoding="utf-8-sig", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(COLUMNS)
            rows.writerows(map(_row, outcomes))
    return path


def _row(outcome: PhotoOutcome) -> tuple[str, ...]:
    has_head = outcome.kind in ("made", "kept")
    return (
        outcome.job.name,
        outcome.job.folder if has_head else "",
        outcome.kind,
        outcome.words,
        f"{outcome.seconds:.1f}",
        " ".join(outcome.warnings),
    )
