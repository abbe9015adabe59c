"""What an option of the command line may hold: a path that is named, a number that is one.

Types for argparse. A value that is none is told with the option's name, and the exit code is 2, as for every command
line that cannot be understood. Which values make sense, the settings of each command say.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from .errors import OutputError
from .filenames import as_text, called, same_place

_SHOWN: Final = 40
"""Characters of a wrong value that are repeated."""
_DIGITS: Final = 40
"""More digits than any number that is chosen; Python refuses to read some thousands."""


def named_path(text: str) -> Path:
    """A path; an empty name, which a script's unset variable leaves, would silently mean the current folder.

    Raises:
        ArgumentTypeError: nothing but spaces.
    """
    if not text.strip():
        raise argparse.ArgumentTypeError("the name is empty; give the path of a file or folder")
    return Path(text)


def filled_text(text: str) -> str:
    """A name or path that is kept as text.

    Raises:
        ArgumentTypeError: nothing but spaces.
    """
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty; give a value or leave the option out")
    return text


def refuse_inputs(out: Path, inputs: Iterable[str | Path | None]) -> None:
    """See, before there is any work, that what is written replaces nothing that is read.

    Args:
        out: the file that is to be written.
        inputs: files and folders of files that are read; None and names of models are passed over.

    Raises:
        OutputError: it is one of them, or lies in one of the folders under the name of a file there.
    """
    for name in inputs:
        if name is None or str(name) == "":
            continue
        read = Path(name)
        if same_place(out, read) or (same_place(out.parent, read) and out.exists()):
            raise OutputError(f"{called(out)} is read for this and would be lost; name another file with --out.")


def whole_number(text: str) -> int:
    """A whole number.

    Raises:
        ArgumentTypeError: anything else, or a number of more than 40 digits.
    """
    try:
        if len(text) <= _DIGITS:
            return int(text)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"'{_shown(text)}' is no whole number")


def number(text: str) -> float:
    """A finite number.

    Raises:
        ArgumentTypeError: anything else.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"'{_shown(text)}' is no number")
    return value


def _shown(text: str) -> str:
    return as_text(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
