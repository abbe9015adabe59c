"""A finished reconstruction in words: the result line, what is seen and what is guessed, diagnostics. No `bpy`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..worker.job import Job
from ..worker.stage_words import stage_words

_SHARES: Final = ("seen", "mirrored", "guessed")
"""Shares of `report.json`'s ``confidence``."""
_MINUTE: Final = 60.0
_TOLD: Final = 3
"""Stages whose times the result line tells, the longest first."""


def has_outcome(job: Job) -> bool:
    """Whether the panel has something to tell of a job that is over: what went wrong, or what a head became.

    A capture or a print that went well has said so in the status bar.
    """
    return bool(job.message) or (job.makes_head and bool(job.report))


def time_words(report: Mapping[str, Any]) -> str:
    """The longest stages with their seconds, empty where the report tells none."""
    seconds = _mapping(report, "seconds")
    longest = sorted(seconds, key=lambda name: -seconds[name])[:_TOLD]
    return ", ".join(f"{stage_words(name).lower()} {seconds[name]:.0f} s" for name in longest)


def progress_words(stage: str, total: float, remaining: float | None) -> str:
    """Text of the progress bar.

    Args:
        stage: name of the stage.
        total: how far the job is, 0..1.
        remaining: seconds that it will take yet, None where nobody can tell.
    """
    left = "" if remaining is None else f", {_duration(remaining)} left"
    return f"{stage}  {total:.0%}{left}"


def _duration(seconds: float) -> str:
    """Seconds in coarse words: an estimate is no stopwatch."""
    if seconds < _MINUTE:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / _MINUTE:.0f} min"


def confidence_table(report: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Rows of how much of each region's colour the photo shows, is mirrored from the other side, or is guessed.

    Returns:
        The column's headings, then a row for each region; nothing where the report tells none.
    """
    found = _mapping(report, "confidence")
    rows = [
        ("Skin" if region == "all" else region.title(), *(f"{shares.get(name, 0.0):.0%}" for name in _SHARES))
        for region, shares in found.items()
    ]
    return [("Colour", *(name.capitalize() for name in _SHARES)), *rows] if rows else []


def _mapping(report: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A part of the report, empty where it is missing or of another kind, as another version's may be."""
    found = report.get(name)
    return found if isinstance(found, Mapping) else {}


def _without_paths(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with files told by their suffix alone: folders may hold names of people."""
    return {
        name: f"*.{value.rsplit('.', 1)[-1]}" if isinstance(value, str) and ("/" in value or "\\" in value) else value
        for name, value in settings.items()
    }


def diagnostics(versions: Mapping[str, str], job: Any, log: Sequence[str]) -> str:  # noqa: ANN401 - a `Job`, or None
    """All that a bug report needs as text: versions, settings, outcome, report, the worker's last lines.

    Args:
        versions: of Blender, the add-on and the system.
        job: the last job, or None. Of its photo only the file's suffix is told.
        log: the worker's last lines.
    """
    lines = [f"{name}: {version}" for name, version in versions.items()]
    if job is not None:
        lines += [
            f"photo: *{job.photo.suffix}",
            f"settings: {json.dumps(_without_paths(job.settings), sort_keys=True)}",
        ]
        lines += [f"outcome: {job.state.value} in {job.seconds:.1f} s, stage {job.stage}"]
        if job.message:
            lines.append(f"message: {job.code}: {job.message}")
        told = {
            name: job.report.get(name) for name in ("versions", "device", "fit", "surface", "seconds", "confidence")
        }
        if job.report:
            lines += [f"report: {json.dumps(told)}", *(f"warning: {words}" for words in job.report.get("warnings", ()))]
    return "\n".join([*lines, "log:", *log]) + "\n"
