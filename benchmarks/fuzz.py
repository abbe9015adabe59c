"""Damaged files of users, read as the project reads them: each must end in a result or in a typed error.

`python benchmarks/fuzz.py photos|files [--count N] [--seed S]`; see the modules `fuzz_*` for what is damaged, how,
and the
last figures. The exit code is 1 where anything else happened.
"""

from __future__ import annotations

import argparse
import sys

import fuzz_files
import fuzz_photos


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    kinds = parser.add_subparsers(dest="kind_of_file", required=True)
    fuzz_files.add_arguments(kinds.add_parser("files", help="damaged heads, FLAME files, weights and scans"))
    fuzz_photos.add_arguments(kinds.add_parser("photos", help="damaged photos through the portrait stage"))
    wanted = parser.parse_args()
    if wanted.kind_of_file == "files":
        return 1 if fuzz_files.fuzz_files(wanted) else 0
    return 1 if fuzz_photos.fuzz_photos(wanted.count, wanted.seed) else 0


if __name__ == "__main__":
    sys.exit(main())
