"""Damaged files of users, read as the project reads them: each must end in a result or in a typed error.

`python benchmarks/fuzz.py [photos|files [--count N] [--seed S]]`, both without a word; see the modules `fuzz_*` for
what is damaged, how, and the last figures. The exit code is 1 where anything else happened.
"""

from __future__ import annotations

import argparse
import sys

import fuzz_files
import fuzz_photos


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    kinds = parser.add_subparsers(dest="kind_of_file")
    fuzz_files.add_arguments(kinds.add_parser("files", help="damaged heads, FLAME files, weights and scans"))
    fuzz_photos.add_arguments(kinds.add_parser("photos", help="damaged photos through the portrait stage"))
    one = parser.parse_args()
    found = False
    for kind in (one.kind_of_file,) if one.kind_of_file else ("files", "photos"):
        wanted = one if one.kind_of_file else parser.parse_args([kind])
        wrong = fuzz_files.fuzz_files(wanted) if kind == "files" else fuzz_photos.fuzz_photos(wanted.count, wanted.seed)
        found = found or bool(wrong)
    return int(found)


if __name__ == "__main__":
    sys.exit(main())
