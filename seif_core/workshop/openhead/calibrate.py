"""Command line: ``python -m seif_core.headmodel.openhead.calibrate FOLDER``: statistics from real heads.

FOLDER holds ``heads/ict_facekit_packed.npz`` and ``flame/flame2023_open_*.npz``; the statistics file that ships lets
anyone build the Open head without them.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

import numpy as np

from ...errors import SeifError
from ...expressions.arkit import ARKIT_52
from . import calibration, expressions, landmarks, scans
from .build import write_npz

logger = logging.getLogger(__name__)

_DEFAULT = Path(__file__).resolve().parents[3] / "vendor" / Path(*calibration.STATISTICS_FILE)


def main(arguments: list[str] | None = None) -> int:
    """Calibrate the Open head's identity space and landmarks on real heads; returns the exit code."""
    parser = argparse.ArgumentParser(
        allow_abbrev=False,
        prog="python -m seif_core.headmodel.openhead.calibrate",
        description="Calibrate the Open head's identity space and landmarks on real heads.",
    )
    parser.add_argument("folder", type=Path, help="folder with heads/ and flame/")
    parser.add_argument("--out", type=Path, default=_DEFAULT, help="file to write (default: %(default)s)")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        write_npz(options.out, statistics(options.folder))
    except SeifError as error:
        logger.error(str(error))  # noqa: TRY400 - a sentence for the user, not a traceback
        return error.exit_code
    logger.info("%s: %.2f MB", options.out.name, options.out.stat().st_size / 1e6)
    return 0


def statistics(folder: Path) -> dict[str, np.ndarray]:
    """All arrays of `identity_statistics.npz`.

    Raises:
        ModelError: a scan file is missing.
    """
    flame, ict = scans.read_flame(folder), scans.read_ict(folder)
    registered = [calibration.register_set(one) for one in (flame, ict)]
    logger.info("registered %s and %s", flame.name, ict.name)
    space = calibration.identity_space(registered)
    sets = {
        "ibug68": landmarks.ibug_embedding(space.template, registered[1].mean, scans.read_ict_marks(folder)),
        "mediapipe478": landmarks.mediapipe_embedding(space, shown_expressions(space)),
    }
    return calibration.statistics_arrays(space) | landmarks.landmark_arrays(sets)


def shown_expressions(space: calibration.IdentitySpace) -> list[np.ndarray]:
    """Offsets (V, 3) of the expressions that the landmark detector is shown."""
    keys = expressions.key_shapes() @ space.frame.T

    def key(name: str, weight: float) -> np.ndarray:
        return weight * keys[ARKIT_52.index(name)]

    return [
        key("jawOpen", 0.35),
        key("mouthSmileLeft", 0.6) + key("mouthSmileRight", 0.6),
        key("mouthFunnel", 0.4),
    ]


if __name__ == "__main__":
    sys.exit(main())
