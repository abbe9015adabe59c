"""Mouth cues to a performance: each viseme grows while the one before it fades, as lips do.

Each cue has its peak in its first part, is held while it lasts, and fades until the next has its peak; what lasts less
than a lip needs to arrive is reached in part only (co-articulation: Cohen and Massaro, Modeling coarticulation in
synthetic visual speech, 1993, whose dominance functions these ramps stand for). Closures, p b m and f v, are always
reached, for a mouth that stays open on an m is what is noticed first.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from ..errors import PerformanceFileError
from ..expressions.arkit import ARKIT_52
from ..expressions.visemes import VISEMES
from ..shapes import Float
from .mouth_cues import MouthCues, read_mouth_cues
from .performance import MOST_FRAMES, Performance
from .phonemes import TABLES
from .settings import checked_rate

TRANSITION: Final = 0.12
"""Seconds in which lips go from one shape to the next (Rhubarb's own animation takes two to three frames of 24)."""
_CLOSURES: Final = ("PP", "FF")
_FADE: Final = 0.25
"""Seconds that the last shape takes to fade where the file does not tell its end."""


def read_speech(path: Path, rate: float = 24.0) -> Performance:
    """Read a file of mouth shapes as a performance of `rate` frames a second.

    Raises:
        PerformanceFileError: no such file, none of the forms, an unknown phoneme.
        SettingsError: a rate that makes no sense.
    """
    rate = checked_rate(rate)
    return speak(read_mouth_cues(path, rate), path.name, rate)


def speak(cues: MouthCues, name: str, rate: float) -> Performance:
    """The performance of a file's cues.

    Args:
        cues: what the file tells.
        name: its name.
        rate: frames a second to be made.

    Raises:
        PerformanceFileError: an unknown phoneme, or more frames than a performance may have.
    """
    table = TABLES[cues.kind]
    for cue in cues.cues:
        if cue.shape not in table:
            raise PerformanceFileError(
                f"{name} holds the phoneme '{cue.shape[:30]}'; known are {', '.join(table)}. Export it again with them."
            )
    end = max(cues.end, cues.cues[-1].start) + _FADE
    count = int(np.ceil(end * rate)) + 1
    if count > MOST_FRAMES:
        raise PerformanceFileError(f"{name} would make {count:,} frames, more than {MOST_FRAMES:,}; split it.")
    times = np.arange(count) / rate
    shares = _dominance(np.array([cue.start for cue in cues.cues]), end, times)
    visemes = [table[cue.shape] for cue in cues.cues]
    weights = np.zeros((count, len(ARKIT_52)))
    for viseme, (first, share) in zip(visemes, shares, strict=True):
        for key, weight in VISEMES[viseme].items():
            column = weights[first : first + len(share), ARKIT_52.index(key)]
            column += weight * share
    _close(weights, times, visemes, [cue.start for cue in cues.cues])
    return Performance(
        source=name,
        times=times,
        rate=rate,
        key_names=ARKIT_52,
        weights=np.clip(weights, 0, 1).astype(np.float32),
        head_rotation=np.zeros((count, 3), np.float32),
    )


def _dominance(
    starts: Float[np.ndarray, " C"], end: float, times: Float[np.ndarray, " F"]
) -> list[tuple[int, Float[np.ndarray, " N"]]]:
    """For each cue the first frame in which it is seen, and its share in the frames from there."""
    out = []
    bounds = np.append(starts, end)
    for k, start in enumerate(starts):
        stop = bounds[k + 1]
        first = int(np.searchsorted(times, start - TRANSITION / 2))
        last = int(np.searchsorted(times, stop + TRANSITION / 2, side="right"))
        here = times[first:last]
        rise, fall = _ramp(here - start), 1 - _ramp(here - stop)
        out.append((first, np.minimum(rise, fall) if stop > start else np.zeros_like(here)))
    return out


def _ramp(since: Float[np.ndarray, " N"]) -> Float[np.ndarray, " N"]:
    """0 before, 1 after a transition that is centred on 0 s, smooth at both ends."""
    part = np.clip(since / TRANSITION + 0.5, 0, 1)
    return part * part * (3 - 2 * part)


def _close(weights: np.ndarray, times: np.ndarray, visemes: list[str], starts: list[float]) -> None:
    """Let the frame nearest to each closure's middle show it whole."""
    for k, viseme in enumerate(visemes):
        if viseme not in _CLOSURES:
            continue
        stop = starts[k + 1] if k + 1 < len(starts) else starts[k] + TRANSITION
        frame = int(np.argmin(np.abs(times - (starts[k] + stop) / 2)))
        weights[frame] = 0
        for key, weight in VISEMES[viseme].items():
            weights[frame, ARKIT_52.index(key)] = weight
