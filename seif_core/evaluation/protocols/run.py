"""The protocols by name, and `measure`, which runs those that are asked for.

A protocol that cannot be run (no landmarks, another topology) says so in its remark when several are asked for, and
raises when it is the only one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from ...errors import SettingsError
from ...geometry.alignment import Similarity
from .corresponding import measure_corresponding
from .facescape import measure_facescape
from .nonrigid import measure_nonrigid
from .now import measure_now
from .realy import measure_realy
from .results import Measured, Row
from .subject import Subject
from .whole_head import measure_whole_head

Protocol = Callable[[Subject, Subject, Similarity | None], tuple[Row, ...]]
"""Truth, prediction and a start for the alignment without landmarks, to rows."""

PROTOCOLS: Final[dict[str, Protocol]] = {
    "now": measure_now,
    "realy": measure_realy,
    "facescape": measure_facescape,
    "whole-head": measure_whole_head,
    "corresponding": measure_corresponding,
    "nonrigid": measure_nonrigid,
}
"""Protocols by the name of the command line; each one's rule stands at the head of its file."""

IN_CAMERA: Final = ("facescape",)
"""Protocols that count the pose: they want both sides in the photo's camera."""


def measure(
    truth: Subject,
    prediction: Subject,
    names: Sequence[str],
    start: Similarity | None = None,
    *,
    some: bool = False,
) -> list[Measured]:
    """What the named protocols say.

    Args:
        truth: the scan.
        prediction: the head to judge.
        names: keys of `PROTOCOLS`.
        start: carries the prediction near the scan, where landmarks are missing.
        some: these are some of several, so that one that cannot be run says so in its remark.

    Raises:
        SettingsError: no such protocol, or the only one that was asked for cannot be run.
    """
    unknown = [name for name in names if name not in PROTOCOLS]
    if unknown:
        raise SettingsError(f"There is no protocol '{unknown[0]}'; choose of: {', '.join(PROTOCOLS)}.")
    found = []
    for name in names:
        try:
            found.append(Measured(name, PROTOCOLS[name](truth, prediction, start)))
        except SettingsError as error:
            if len(names) == 1 and not some:
                raise
            found.append(Measured(name, (), str(error)))
    return found
