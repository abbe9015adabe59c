"""How long jobs take on this machine: the last run of each kind, kept in a file, by which the time left is told.

A job's progress says how far it is, but not how long each part takes: that differs from machine to machine, and the
first job of a worker also waits for its libraries. So a run that succeeded is kept as pairs of progress and seconds,
and a later run of the same kind is laid over it. No `bpy`.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_KINDS: Final = ("quality", "hair", "texture_size", "detail", "resolution")
"""Settings by which a job's time differs much."""
_TRUST: Final = 0.1
"""Share of a run after which its own speed counts as much as the kept run's: two stages are over by then. By hand."""
_POINTS: Final = 200
"""Pairs of a run that are kept at most."""
_LEAST: Final = 1.0
"""Seconds: what is over sooner is nobody's pace."""


@dataclass(frozen=True)
class Pace:
    """A run that succeeded.

    Attributes:
        totals: progress 0..1, ascending, from 0 to 1.
        seconds: since the worker got the job, at each of these; ascending.
    """

    totals: tuple[float, ...]
    seconds: tuple[float, ...]

    @staticmethod
    def of(samples: Sequence[tuple[float, float]], whole: float) -> Pace | None:
        """The pace of a run, None for one that was over at once.

        Args:
            samples: progress and seconds whenever progress was told, in order.
            whole: seconds of the whole run.
        """
        if whole < _LEAST:
            return None
        totals, seconds = [0.0], [0.0]
        for total, second in samples:
            if totals[-1] < total < 1.0 and seconds[-1] <= second <= whole:
                totals.append(total)
                seconds.append(second)
        step = max(1, -(-len(totals) // _POINTS))
        return Pace((*totals[::step], 1.0), (*seconds[::step], whole))

    def at(self, total: float) -> float:
        """Seconds that this run had taken at that progress."""
        right = min(max(bisect_right(self.totals, total), 1), len(self.totals) - 1)
        low, high = self.totals[right - 1], self.totals[right]
        share = min(max((total - low) / (high - low), 0.0), 1.0) if high > low else 1.0
        return self.seconds[right - 1] + share * (self.seconds[right] - self.seconds[right - 1])

    def remaining(self, total: float, elapsed: float) -> float:
        """Seconds that a run like this will take yet, at `total` after `elapsed` seconds.

        What is left of the kept run, times how much slower or faster this one has been: first hardly at all, for a
        second or two say little, then more and more. A stage that takes longer than it did counts at once.
        """
        whole, expected = self.seconds[-1], self.at(total)
        prior = _TRUST * whole
        return (whole - expected) * (elapsed + prior) / (expected + prior)


def kind_of(settings: Mapping[str, Any], *, first: bool) -> str:
    """The kind of a job: its settings, and whether it is the first of its worker, which loads libraries."""
    return json.dumps([first, *(settings.get(name) for name in _KINDS)])


class PaceFile:
    """The paces of this machine. A file that is missing, damaged or cannot be written costs the estimate alone.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, kind: str) -> Pace | None:
        """The last run of a kind, else of the kind that is most like it: stages share a run alike on one machine."""
        kept = self._all()
        return self._pace(kept.get(kind)) or self._pace(kept.get(_most_like(kind, kept)))

    @staticmethod
    def _pace(rows: Any) -> Pace | None:  # noqa: ANN401 - whatever stands in the file
        try:
            totals, seconds = zip(*((float(total), float(second)) for total, second in rows or ()), strict=True)
        except (TypeError, ValueError):
            return None
        rising = list(totals) == sorted(totals) and list(seconds) == sorted(seconds)
        return Pace(totals, seconds) if len(totals) > 1 and rising and seconds[-1] >= _LEAST else None

    def keep(self, kind: str, pace: Pace) -> None:
        """Keep a run in the place of the last one of its kind."""
        rows = [[round(t, 4), round(s, 2)] for t, s in zip(pace.totals, pace.seconds, strict=True)]
        text = json.dumps(self._all() | {kind: rows})
        partial = self._path.with_suffix(".partial")
        with suppress(OSError):
            partial.write_text(text, encoding="utf-8")
            partial.replace(self._path)

    def _all(self) -> dict[str, Any]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


def _most_like(kind: str, kept: Iterable[str]) -> str:
    """Of the kinds that were kept, the one of the same quality that differs in the fewest settings; empty for none."""
    wanted = _settings_of(kind)
    alike = {name: _settings_of(name) for name in kept}
    alike = {n: own for n, own in alike.items() if len(own) == len(wanted) > 1 and own[1] == wanted[1]}
    return max(alike, key=lambda n: sum(a == b for a, b in zip(alike[n], wanted, strict=True)), default="")


def _settings_of(kind: str) -> list[Any]:
    try:
        found = json.loads(kind)
    except (ValueError, RecursionError):
        return []
    return found if isinstance(found, list) else []
