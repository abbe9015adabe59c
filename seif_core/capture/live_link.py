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

A table program may have saved it again: semicolons or tabs between the cells, commas inside numbers, UTF-16.
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
_TIMECODE: Final = re.compile(r"^\s*(\d{1,2}):([0-5]?\d):([0-5]?\d)[:;](\d+(?:\.\d+)?)\s*$")
_SEPARATORS: Final = (",", ";", "\t")
_PERCENT: Final = 2.0
"""Weights beyond this are percent, say: ARKit's are 0 to 1, whatever calibration did to them. Chosen."""
_FULL: Final = 0.75
"""Share of a second's frame numbers that a take of several seconds reaches at least, dropped frames or not. Chosen."""
_SECONDS: Final = 3
"""Timecodes of so many seconds show one from its first frame to its last."""
_TOLD: Final = 3
"""Lines that a sentence names at most."""
_STANDING: Final = 1 / 3
"""Share of the timecodes that differ, below which the clock stood still: a clock at half the rate has one in two."""
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
    parts = [_parts(code.replace(",", "."), path.name, line) for line, code in enumerate(table.codes, start=2)]
    found = _rate(parts) if rate is None else _fitting(checked_rate(rate), parts, path.name)
    frames, notes = _frames(parts, found, path.name)
    place = {name: k for k, name in enumerate(table.names)}
    weights = np.zeros((len(frames), len(ARKIT_52)), np.float32)
    lacking = []
    for column, name in enumerate(ARKIT_52):
        if name.lower() in place:
            weights[:, column] = table.numbers[:, place[name.lower()]]
        else:
            lacking.append(name)
    if lacking:
        notes.append(f"{path.name} has no column for {', '.join(lacking)}; they stay at 0.")
    beyond = int(((weights < 0) | (weights > 1)).sum())
    if weights.max() > _PERCENT:
        raise PerformanceFileError(
            f"{path.name} holds weights up to {weights.max():g}, ARKit's are 0 to 1; divide them by 100 if they are "
            "percent."
        )
    if beyond:
        notes.append(f"Weights of {path.name} outside of 0 to 1 were cut off there ({beyond}).")
    eyes = [_rotation(table, names, place) for names in _EYES]
    head = _rotation(table, _HEAD, place)
    return Performance(
        source=path.name,
        times=frames / found,
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
        lines = [line for line in text.splitlines() if line.strip()]
        separator = max(_SEPARATORS, key=lines[0].count) if lines else ","
        rows = [row for row in csv.reader(lines, delimiter=separator) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise PerformanceFileError(f"{path.name} is no CSV ({error}); choose the CSV of a take.") from error
    names = [cell.strip().lower() for cell in rows[0]] if rows else []
    if "timecode" not in names or not any(name.lower() in names for name in ARKIT_52):
        raise PerformanceFileError(
            f"{path.name} is no CSV of Live Link Face: a first line with Timecode and the 52 blend shapes was expected "
            "(commas, semicolons or tabs between them; UTF-8 or UTF-16); choose the file that ends in .csv in the "
            "take's folder."
        )
    body = rows[1:]
    if not body:
        raise PerformanceFileError(f"{path.name} holds no frames; record the take again.")
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise PerformanceFileError(f"{path.name} has two columns named {twice[0][:30]}; leave one of them out.")
    place = names.index("timecode")
    for number, row in enumerate(body, start=2):
        if len(row) < len(names) or any(cell.strip() for cell in row[len(names) :]):
            raise PerformanceFileError(
                f"Line {number} of {path.name} has {len(row)} values instead of {len(names)}; export the take again, "
                "with points in its numbers where commas stand between them."
            )
    return _Table(
        names[:place] + names[place + 1 :],
        [row[place] for row in body],
        _numbers(
            [[cell.replace(",", ".") for cell in (*row[:place], *row[place + 1 : len(names)])] for row in body],
            path.name,
        ),
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


def _rate(parts: list[tuple[int, float]]) -> float:
    """The slowest usual rate whose frame numbers reach as far as those that occur."""
    most = max(frame for _, frame in parts)
    if len(parts) < RATES[0]:  # less than a second tells no rate
        return max(_ARKIT_RATE, most + 1) if most >= RATES[-1] else next(r for r in (_ARKIT_RATE,) if most < r)
    return next((rate for rate in RATES if most < rate), float(np.ceil(most + _BEYOND)))


def _fitting(rate: float, parts: list[tuple[int, float]], name: str) -> float:
    """A rate that was asked for, unless the timecodes count at another."""
    most = int(max(frame for _, frame in parts))
    whole = len({seconds for seconds, _ in parts}) >= _SECONDS
    if most >= rate or (whole and most + 1 < _FULL * rate):
        raise PerformanceFileError(
            f"The timecodes of {name} count frames to {most}, which {rate:g} frames a second do not; leave out the "
            "rate, and they tell it."
        )
    return rate


def _frames(parts: list[tuple[int, float]], rate: float, name: str) -> tuple[Float64[np.ndarray, " F"], list[str]]:
    """Frame numbers (F,), rising, and what is to be told of them.

    A take across midnight goes on counting, and so does one whose clock was set back.
    """
    if len(set(parts)) < _STANDING * len(parts):
        raise PerformanceFileError(f"The timecodes of {name} stand still; export the take again.")
    frames = np.array([seconds * rate + frame for seconds, frame in parts])
    steps, day = np.diff(frames), 24 * 3600 * rate
    added = np.where(steps < -day / 2, day, 0.0)
    back = steps + added <= -1
    added[back] = 1.0 - steps[back]
    frames += np.concatenate([[0.0], np.cumsum(added)]) - frames[0]
    for line in range(1, len(frames)):
        if frames[line] <= frames[line - 1]:  # two frames of one timecode
            frames[line] = frames[line - 1] + _LATER
    lines = ", ".join(str(line) for line in np.flatnonzero(back)[:_TOLD] + 3)
    return frames, [f"The clock of {name} was set back (line {lines}); the take goes on there."] if lines else []


def _rotation(table: _Table, names: tuple[str, str, str], place: dict[str, int]) -> np.ndarray | None:
    if not all(name in place for name in names):
        return None
    yaw, pitch, roll = (table.numbers[:, place[name]] for name in names)
    return from_yaw_pitch_roll(yaw, pitch, roll)
