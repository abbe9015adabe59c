"""`seif evaluate scan --protocol`: a scan and a prediction from files, measured by the field's protocols.

Convention: see `scan_files`. Protocols that count the pose take heads as the photo's camera sees them; the others take
them neutral.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ..scan_files import ScanPair, read_pair
from .results import Measured
from .run import IN_CAMERA, PROTOCOLS, measure
from .subject import Subject

ALL: Final = "all"
"""The name that stands for every protocol."""


def measure_files(
    scan: Path,
    prediction: Path,
    protocols: Sequence[str],
    *,
    landmarks: Path | None = None,
    prediction_landmarks: Path | None = None,
    scan_unit: str | None = None,
    prediction_unit: str | None = None,
) -> list[Measured]:
    """What the named protocols say of a prediction.

    Args:
        scan: see `scan_files.evaluate_scan`, as for the other files and units.
        prediction: the same.
        protocols: keys of `PROTOCOLS`, or `ALL`.
        landmarks: the same.
        prediction_landmarks: the same.
        scan_unit: the same.
        prediction_unit: the same.

    Raises:
        SettingsError: a file cannot be used, or the only protocol that was asked for cannot be run on it.
        HeadFormatError: a `head.npz` is damaged.
    """
    names = list(PROTOCOLS) if ALL in protocols else list(dict.fromkeys(protocols))

    def pair(*, posed: bool) -> ScanPair:
        return read_pair(
            scan,
            prediction,
            landmarks=landmarks,
            prediction_landmarks=prediction_landmarks,
            scan_unit=scan_unit,
            prediction_unit=prediction_unit,
            posed=posed,
        )

    pairs = {posed: pair(posed=posed) for posed in {name in IN_CAMERA for name in names}}
    if len(names) == 1:
        return _measured(pairs[names[0] in IN_CAMERA], names)
    known = [name for name in PROTOCOLS if name in names]
    found = {
        m.protocol: m for posed, read in pairs.items() for m in _measured(read, _of(known, posed=posed), some=True)
    }
    return [found[name] for name in known]


def _of(names: Sequence[str], *, posed: bool) -> list[str]:
    return [name for name in names if (name in IN_CAMERA) == posed]


def _measured(pair: ScanPair, names: Sequence[str], *, some: bool = False) -> list[Measured]:
    truth = Subject(pair.scan.vertices, pair.scan.triangles, pair.scan_landmarks)
    prediction = Subject(pair.prediction.vertices, pair.prediction.triangles, pair.landmarks)
    return measure(truth, prediction, names, pair.start, some=some)
