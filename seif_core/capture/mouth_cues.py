"""Files that tell when which mouth shape is shown: Rhubarb Lip Sync's and Papagayo's (Moho's switch).

Rhubarb (https://github.com/DanielSWolf/rhubarb-lip-sync, README, "Output formats") writes its shapes A to H and X as

    TSV    0.05<tab>D                                         seconds at which a shape begins
    XML    <mouthCue start="0.05" end="0.27">D</mouthCue>     inside <rhubarbResult><mouthCues>
    JSON   {"mouthCues": [{"start": 0.05, "end": 0.27, "value": "D"}]}

Papagayo (https://www.lostmarble.com/papagayo) and Papagayo-NG export Moho's switch data: a line ``MohoSwitch1``, then
lines of a frame number, counted from 1, and a phoneme of the Preston Blair set: ``12 AI``.
"""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple
from xml.parsers import expat

from ..errors import PerformanceFileError
from .text_file import text_of

_LARGEST: Final = 1 << 24
"""Bytes of the largest file that is read: some hours of speech."""
_MOST: Final = 1_000_000
"""Seconds, or frames, that a cue may begin at."""
_TSV: Final = re.compile(r"^\s*(\d+(?:\.\d+)?)[\t ]+([A-HX])\s*$")
_SWITCH: Final = re.compile(r"^\s*(\d+)\s+(\S+)\s*$")


class MouthCue(NamedTuple):
    """A mouth shape begins.

    Attributes:
        start: seconds.
        shape: name of the shape, as the file spells it.
    """

    start: float
    shape: str


class MouthCues(NamedTuple):
    """What a file tells.

    Attributes:
        kind: ``rhubarb`` or ``preston-blair``: which table of `phonemes` the shapes belong to.
        cues: in order of time.
        end: seconds at which the last shape ends; its start where the file does not tell.
    """

    kind: str
    cues: tuple[MouthCue, ...]
    end: float


def read_mouth_cues(path: Path, rate: float = 24.0) -> MouthCues:
    """Read a file of Rhubarb or Papagayo; what it is, its content tells.

    Args:
        path: the file.
        rate: frames a second of Moho's switch data, which tells none; Papagayo's own default is 24.

    Raises:
        PerformanceFileError: no such file, none of the forms, a line that is damaged.
    """
    text = _text(path)
    start = text.lstrip()[:1]
    if start == "{":
        cues, end = _json(text, path.name)
    elif start == "<":
        cues, end = _xml(text, path.name)
    elif text.lstrip().startswith("MohoSwitch"):
        return _switch(text, path.name, rate)
    elif path.suffix.lower() == ".dat":
        raise PerformanceFileError(f"{path.name} does not begin with the line MohoSwitch1; export the voice again.")
    else:
        cues, end = _tsv(text, path.name)
    return MouthCues("rhubarb", _ordered(cues, path.name), max([end, *(cue.start for cue in cues)]))


def _text(path: Path) -> str:
    text = text_of(path, _LARGEST, "Rhubarb's TSV, XML or JSON, or a .dat")
    if "\ufffd" in text:
        raise PerformanceFileError(f"{path.name} is no text; choose Rhubarb's TSV, XML or JSON, or a .dat.")
    return text


def _ordered(cues: list[MouthCue], name: str) -> tuple[MouthCue, ...]:
    if not cues:
        raise PerformanceFileError(f"{name} holds no mouth shapes; export it again.")
    if any(not 0 <= cue.start <= _MOST for cue in cues):
        raise PerformanceFileError(f"{name} holds a time outside of 0 to {_MOST:,} s; export it again.")
    late = next((b for a, b in pairwise(cues) if b.start < a.start), None)
    if late is not None:
        raise PerformanceFileError(
            f"{name} is out of order: {late.shape} begins at {late.start:g} s, before the shape in front of it; "
            "export it again."
        )
    return tuple(cues)


def _tsv(text: str, name: str) -> tuple[list[MouthCue], float]:
    cues = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        match = _TSV.match(line)
        if match is None:
            raise PerformanceFileError(
                f"Line {number} of {name} is '{line.strip()[:30]}'; a time and a shape A to H or X was expected. "
                "Choose Rhubarb's TSV, XML or JSON, or Moho's .dat of Papagayo."
            )
        cues.append(MouthCue(float(match[1]), match[2]))
    return cues, 0.0


def _json(text: str, name: str) -> tuple[list[MouthCue], float]:
    try:
        told: Any = json.loads(text)
        rows = told["mouthCues"]
        cues = [MouthCue(float(row["start"]), str(row["value"])) for row in rows]
        ends = [float(row["end"]) for row in rows]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise PerformanceFileError(
            f"{name} is no JSON of Rhubarb ({type(error).__name__}: {error}); mouthCues with start, end and value were "
            "expected."
        ) from error
    return _known_shapes(cues, ends, name), min(max(ends, default=0.0), float(_MOST))


def _xml(text: str, name: str) -> tuple[list[MouthCue], float]:
    """Read by the event parser with its entities switched off: nothing in the file can make it grow."""
    cues: list[MouthCue] = []
    ends: list[float] = []
    inside: list[str] = []
    parser = expat.ParserCreate()

    def begin(tag: str, attributes: dict[str, str]) -> None:
        if tag == "mouthCue":
            inside[:] = [attributes.get("start", ""), ""]
            ends.append(float(attributes.get("end", "0")))

    def letters(data: str) -> None:
        if inside:
            inside[1] += data

    def finish(tag: str) -> None:
        if tag == "mouthCue":
            cues.append(MouthCue(float(inside[0]), inside[1].strip()))
            inside.clear()

    def refuse(*_entity: object) -> None:
        raise ValueError("it declares entities")

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = begin, finish, letters
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(text, True)  # noqa: FBT003 - expat takes no keyword here
    except (expat.ExpatError, ValueError) as error:
        raise PerformanceFileError(f"{name} is no XML of Rhubarb ({error}); export it again.") from error
    return _known_shapes(cues, ends, name), min(max(ends, default=0.0), float(_MOST))


def _known_shapes(cues: list[MouthCue], ends: list[float], name: str) -> list[MouthCue]:
    for cue, end in zip(cues, ends, strict=True):
        if not cue.start <= end:
            raise PerformanceFileError(
                f"{name} holds a shape {cue.shape[:30]} from {cue.start:g} s that ends at {end:g} s; export it again."
            )
        if cue.shape not in set("ABCDEFGHX"):
            raise PerformanceFileError(f"{name} holds the mouth shape '{cue.shape[:30]}'; Rhubarb has A to H and X.")
    return cues


def _switch(text: str, name: str, rate: float) -> MouthCues:
    if not 0 < rate <= 1000:
        raise PerformanceFileError(f"{rate:g} frames a second make no sense; choose a number from 1 to 1000.")
    cues = []
    for number, line in enumerate(text.splitlines()[1:], start=2):
        if not line.strip():
            continue
        match = _SWITCH.match(line)
        if match is None or int(match[1]) > _MOST:
            raise PerformanceFileError(
                f"Line {number} of {name} is '{line.strip()[:30]}'; a frame and a phoneme was expected. Export "
                "the voice again."
            )
        cues.append(MouthCue(max(0, int(match[1]) - 1) / rate, match[2]))
    ordered = _ordered(cues, name)
    return MouthCues("preston-blair", ordered, ordered[-1].start)
