"""Messages of the worker protocol, version 1: docs/worker-protocol.md."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

PROTOCOL: Final = 1
MAX_LINE: Final = 1 << 20
"""Bytes a line may have, its end included."""


class ProtocolError(ValueError):
    """A line that is no message of the protocol."""


@dataclass(frozen=True)
class Ready:
    """The worker is there.

    Attributes:
        protocol: version of the protocol it speaks.
        version: version of its `seif_core`.
        python: version of its Python.
    """

    protocol: int
    version: str
    python: str


@dataclass(frozen=True)
class Progressed:
    """A job went on.

    Attributes:
        job: id of the job.
        stage: name of the stage, fit to be shown.
        fraction: of the stage, 0..1.
        total: of the job, 0..1.
    """

    job: str
    stage: str
    fraction: float
    total: float


@dataclass(frozen=True)
class Finished:
    """A job succeeded.

    Attributes:
        job: id of the job.
        head: path of head.npz; empty for jobs that write none.
        photo: path of the upright photo; empty where none was asked for.
        report: contents of report.json.
    """

    job: str
    head: str
    photo: str
    report: dict[str, Any]


@dataclass(frozen=True)
class Failed:
    """A job failed, or (job empty) a request could not be understood.

    Attributes:
        job: id of the job, may be empty.
        code: see `seif_core.errors`.
        message: one sentence.
        ending: whether the worker ends after it.
    """

    job: str
    code: str
    message: str
    ending: bool = False


Message = Ready | Progressed | Finished | Failed


def encode(message: dict[str, Any]) -> bytes:
    """One message to the worker as a line; in ASCII, so that a path may hold bytes that are not UTF-8 (PEP 383)."""
    return json.dumps(message, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> Message:
    """One line from the worker.

    Raises:
        ProtocolError: it is no message of the protocol.
    """
    if len(line) > MAX_LINE or not line.endswith(b"\n"):
        raise ProtocolError("a line that is too long or has no end")
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"a line that is no JSON: {_excerpt(line)}") from error
    try:
        return _READERS[fields["type"]](fields)
    except (KeyError, TypeError, ValueError) as error:
        raise ProtocolError(f"a line that is no message: {_excerpt(line)}") from error


def _ready(fields: dict[str, Any]) -> Ready:
    return Ready(int(fields["protocol"]), str(fields["version"]), str(fields.get("python", "")))


def _progress(fields: dict[str, Any]) -> Progressed:
    fraction, total = (min(1.0, max(0.0, float(fields[name]))) for name in ("fraction", "total"))
    return Progressed(str(fields["id"]), str(fields["stage"]), fraction, total)


def _result(fields: dict[str, Any]) -> Finished:
    report = fields.get("report") or {}
    if not isinstance(report, dict):
        raise TypeError("report is no object")
    return Finished(str(fields["id"]), str(fields.get("head") or ""), str(fields.get("photo") or ""), report)


def _error(fields: dict[str, Any]) -> Failed:
    return Failed(str(fields["id"] or ""), str(fields["code"]), str(fields["message"]), fields.get("ending") is True)


_READERS: Final = {"ready": _ready, "progress": _progress, "result": _result, "error": _error}


def _excerpt(line: bytes) -> str:
    return repr(line[:60].decode("utf-8", "replace"))
