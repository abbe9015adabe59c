"""Command line: ``python -m seif_core.workshop.openhead.calibrate_keys FOLDER``: keys learned from scanned ones.

FOLDER holds ``heads/ict_facekit_packed.npz``. With the statistics file that ships anyone builds the Open head without.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from ...errors import SeifError
from . import calibration, expressions, key_calibration, lining
from .build import write_npz
from .scan_expressions import carry_ict

logger = logging.getLogger(__name__)

_DEFAULT = Path(__file__).resolve().parents[3] / "vendor" / Path(*key_calibration.STATISTICS_FILE)


def main(arguments: list[str] | None = None) -> int:
    """Learn the coefficients of the Open head's keys from scanned expressions; returns the exit code."""
    parser = argparse.ArgumentParser(
        allow_abbrev=False,
        prog="python -m seif_core.workshop.openhead.calibrate_keys",
        description="Learn the coefficients of the Open head's keys from scanned expressions.",
    )
    parser.add_argument("folder", type=Path, help="folder with heads/")
    parser.add_argument("--out", type=Path, default=_DEFAULT, help="file to write (default: %(default)s)")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        space = calibration.calibrated_identity()
        scans = carry_ict(options.folder, lining.thicken(space.template))
        learned = key_calibration.fit_keys(expressions.key_shapes() @ space.frame.T, scans)
        write_npz(options.out, key_calibration.statistics_arrays(learned))
    except SeifError as error:
        logger.error(str(error))  # noqa: TRY400 - a sentence for the user, not a traceback
        return error.exit_code
    logger.info("%s: %.2f MB", options.out.name, options.out.stat().st_size / 1e6)
    return 0


if __name__ == "__main__":
    sys.exit(main())
