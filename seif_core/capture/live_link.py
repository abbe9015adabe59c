"""Live Link Face's CSV: ARKit weights with head and eye rotations, one line a frame.

Columns: ``Timecode``, ``BlendshapeCount``, 52 names in PascalCase (``EyeBlinkLeft``, ...), then ``HeadYaw``,
``HeadPitch``, ``HeadRoll``, ``LeftEyeYaw``, ``LeftEyePitch``, ``LeftEyeRoll`` and the same of the right eye. Rotations
are radians. Source: Epic Games, Live Link Face (iOS), "Recording Facial Animation from an iPhone", and the files
that the app writes.

Convention: ARKit's face looks along +Z with +X to its own left and +Y up, as ours does. The signs are read as
`rotations` tells: yaw to the subject's left, pitch upwards, roll to the subject's right are positive. Epic documents
the columns' names alone; the signs were not compared with a telephone. Worked number: HeadYaw 0.3 alone gives the
axis-angle (0, 0.3, 0), HeadPitch 0.3 gives (-0.3, 0, 0).

Timecodes are ``HH:MM:SS:FF.FFF`` at the recording's rate; the rate is told by the largest frame number that occurs.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from ..errors import PerformanceFileError
from ..expressions.arkit import ARKIT_52
from ..shapes import Float, Float64
from .performance import Performance
from .rotations import from_yaw_pitch_roll
from .settings import checked_rate
from .text_file import text_of

LARGEST: Final = 1 << 28
"""Bytes of the largest file that is read: a million frames."""
RATES: Final = (24.0, 25.0, 30.0, 50.0, 60.0)
"""Frames a second that recordings have."""
_ARKIT_RATE: Final = 60.0
"""Frames a second of ARKit's face tracking, which a short take is supposed to have."""
_BEYOND: Final = 0.01
_LATER: Final = 1e-3
"""Frames by which a rate lies over the largest frame number, and a frame after another of the same timecode."""
_TIMECODE: Final = re.compile(r"^\s*(\d+):(\d+):(\d+)[:;](\d+(?:\.\d+)?)\s*$")
_HEAD: Final = ("headyaw", "headpitch", "headroll")
_EYES: Final = (("lefteyeyaw", "lefteyepitch", "lefteyeroll"), ("righteyeyaw", "righteyepitch", "righteyeroll"))


class _Table(NamedTuple):
    names: list[str]
    codes: list[str]
    numbers: Float[np.ndarray, "F C"]


def read_live_link(path: Path, rate: float | None = None) -> Performance:
    """Read a CSV of Live Link Face.

    Args:
        path: the file.
        rate: frames a second; None finds it from the timecodes.

    Raises:
        PerformanceFileError: no such file, no such CSV, a line that is damaged.
        SettingsError: a rate that makes no sense.
    """
    table = _read(path)
    found = _rate(table.codes, path.name) if rate is None else checked_rate(rate)
    frames = _frames(table.codes, found, path.name)
    place = {name: k for k, name in enumerate(table.names)}
    weights = np.zeros((len(frames), len(ARKIT_52)), np.float32)
    lacking = []
    for column, name in enumerate(ARKIT_52):
        if name.lower() in place:
            weights[:, column] = table.numbers[:, place[name.lower()]]
        else:
            lacking.append(name)
    notes = [] if not lacking else [f"{path.name} has no column for {', '.join(lacking)}; they stay at 0."]
    eyes = [_rotation(table, names, place) for names in _EYES]
    head = _rotation(table, _HEAD, place)
    return Performance(
        source=path.name,
        times=(frames - frames[0]) / found,
        rate=found,
        key_names=ARKIT_52,
        weights=np.clip(weights, 0, 1),
        head_rotation=np.zeros((len(frames), 3), np.float32) if head is None else head,
        eye_rotations=None if eyes[0] is None or eyes[1] is None else np.stack([eyes[0], eyes[1]], 1),
        notes=tuple(notes),
    )


def _read(path: Path) -> _Table:
    text = text_of(path, LARGEST, "the CSV of a take")
    try:
        rows = [row for row in csv.reader(text.splitlines()) if row and any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise PerformanceFileError(f"{path.name} is no CSV ({error}); choose the CSV of a take.") from error
    names = [cell.strip().lower() for cell in rows[0]] if rows else []
    if "timecode" not in names or not any(name.lower() in names for name in ARKIT_52):
        raise PerformanceFileError(
            f"{path.name} is no CSV of Live Link Face (a line with Timecode and the 52 blend shapes was expected); "
            "choose the file that ends in .csv in the take's folder."
        )
    body = rows[1:]
    if not body:
        raise PerformanceFileError(f"{path.name} holds no frames; record the take again.")
    place = names.index("timecode")
    for number, row in enumerate(body, start=2):
        if len(row) < len(names):
            raise PerformanceFileError(
                f"Line {number} of {path.name} has {len(row)} values instead of {len(names)}; export the take again."
            )
    return _Table(
        names[:place] + names[place + 1 :],
        [row[place] for row in body],
        _numbers([[*row[:place], *row[place + 1 : len(names)]] for row in body], path.name),
    )


def _numbers(cells: list[list[str]], name: str) -> Float64[np.ndarray, "F C"]:
    try:
        numbers = np.array(cells, np.float64)
    except ValueError:
        for line, row in enumerate(cells, start=2):
            for cell in row:
                try:
                    float(cell)
                except ValueError as error:
                    raise PerformanceFileError(
                        f"Line {line} of {name} holds '{cell[:30]}' where a number was expected; export the take again."
                    ) from error
        raise
    bad = np.flatnonzero(~np.isfinite(numbers).all(axis=1))
    if bad.size:
        raise PerformanceFileError(f"Line {bad[0] + 2} of {name} holds no finite number; export the take again.")
    return numbers


def _parts(code: str, name: str, line: int) -> tuple[int, float]:
    """Whole seconds and frames of a timecode."""
    match = _TIMECODE.match(code)
    if match is None:
        raise PerformanceFileError(
            f"Line {line} of {name} has the timecode '{code[:30]}' instead of HH:MM:SS:FF.FFF; export the take again."
        )
    hours, minutes, seconds = (int(match[k]) for k in (1, 2, 3))
    return (hours * 60 + minutes) * 60 + seconds, float(match[4])


def _rate(codes: list[str], name: str) -> float:
    """The slowest usual rate whose frame numbers reach as far as those that occur."""
    most = max(_parts(code, name, line)[1] for line, code in enumerate(codes, start=2))
    if len(codes) < RATES[0]:  # less than a second tells no rate
        return max(_ARKIT_RATE, most + 1) if most >= RATES[-1] else next(r for r in (_ARKIT_RATE,) if most < r)
    return next((rate for rate in RATES if most < rate), float(np.ceil(most + _BEYOND)))


def _frames(codes: list[str], rate: float, name: str) -> Float64[np.ndarray, " F"]:
    """Frame numbers (F,) from midnight, rising; a take across midnight goes on counting."""
    parts = [_parts(code, name, line) for line, code in enumerate(codes, start=2)]
    frames = np.array([seconds * rate + frame for seconds, frame in parts])
    day = 24 * 3600 * rate
    frames += np.concatenate([[0], np.cumsum(np.diff(frames) < -day / 2)]) * day
    for line in range(1, len(frames)):
        if frames[line] <= frames[line - 1]:  # two frames of one timecode, or a clock that was set back
            frames[line] = frames[line - 1] + _LATER
    return frames


def _rotation(table: _Table, names: tuple[str, str, str], place: dict[str, int]) -> np.ndarray | None:
    if not all(name in place for name in names):
        return None
    yaw, pitch, roll = (table.numbers[:, place[name]] for name in names)
    return from_yaw_pitch_roll(yaw, pitch, roll)
