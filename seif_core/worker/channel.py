"""The two pipes of the protocol: messages in on standard input, messages out on a descriptor of their own.

Nothing but the standard library; imported before anything that might print.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from ..errors import SeifError
from ..terminal import open_descriptors

PROTOCOL_VERSION: Final = 1
LONGEST_LINE: Final = 1 << 20
"""Bytes of the longest message, its line end included."""


class ProtocolError(SeifError):
    """A message that the protocol does not know."""

    code = "protocol"


def claim_output() -> BinaryIO:
    """Take standard output for the protocol: a duplicate of descriptor 1, which then points at standard error.

    Whatever a library prints from now on, in Python or in C, lands in the log.
    """
    open_descriptors()
    stream = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    return stream


def encode(message: dict[str, Any]) -> bytes:
    """One message as a line.

    Raises:
        ValueError: it holds a number that JSON does not have.
        TypeError: it holds something that JSON does not have.
    """
    return json.dumps(message, ensure_ascii=True, allow_nan=False).encode("ascii") + b"\n"


class Sender:
    """Writes messages, whole lines at a time, from any thread.

    Args:
        stream: where to; unbuffered.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, message: dict[str, Any]) -> None:
        """Send one message; a client that has gone is no error, the reader notices it."""
        self.send_line(encode(message))

    def send_line(self, encoded: bytes) -> None:
        """Send a message that is encoded already."""
        line = memoryview(encoded)
        with self._lock:
            try:
                while line:
                    line = line[self._stream.write(line) :]
            except (BrokenPipeError, ValueError):
                return


def read_messages(stream: BinaryIO) -> Iterator[dict[str, Any] | ProtocolError]:
    """Messages until the stream ends; a line that is none comes as a `ProtocolError`, and reading goes on."""
    while line := stream.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            while line and not line.endswith(b"\n"):
                line = stream.readline(LONGEST_LINE)
            yield ProtocolError("A message was longer than 1 MiB; the add-on and the worker must be of one release.")
            continue
        if line.strip():
            yield _parse(line)


def _parse(line: bytes) -> dict[str, Any] | ProtocolError:
    try:
        message = json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        return ProtocolError(f"A message was no JSON ({error}); the add-on and the worker must be of one release.")
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return ProtocolError("A message was no object with a type; the add-on and the worker must be of one release.")
    return message


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")
