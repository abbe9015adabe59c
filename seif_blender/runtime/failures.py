"""What pip said, in words for an artist. Standard library only; `installer.py` imports it from its own folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

NO_NETWORK: Final = "The package index cannot be reached"
BROKEN: Final = "A download broke off"
DAMAGED: Final = "A package arrived incomplete, or is another than the one that was checked"
NO_SPACE: Final = "The disk is full"
NO_BUILD: Final = "There is no build of a package for this system"
LARGER: Final = "PyTorch's small build cannot be had here, only NVIDIA's"

_AGAIN: Final = "what was fetched is kept, so try again and it goes on from there"
_ADVICE: Final = {
    NO_NETWORK: f"check the network, or a proxy in pip's settings; {_AGAIN}",
    BROKEN: _AGAIN,
    DAMAGED: f"{_AGAIN}; if it happens again, something between you and the index changes what it sends",
    NO_SPACE: "free some space and try again",
    LARGER: "it runs on a processor too, so choose NVIDIA to take it, or set a Python that has the libraries",
    NO_BUILD: "choose another accelerator, or set a Python that has the libraries in the preferences",
}
_SIGNS: Final = (
    (NO_SPACE, ("No space left on device", "Errno 28", "not enough space on the disk", "WinError 112")),
    (DAMAGED, ("DO NOT MATCH THE HASHES", "has wrong format", "is not a zip file", "BadZipFile", "Invalid wheel")),
    (BROKEN, ("IncompleteRead", "incomplete-download", "Connection broken", "Read timed out", "ConnectionResetError")),
    (
        NO_NETWORK,
        (
            "Failed to establish a new connection",
            "NewConnectionError",
            "Name or service not known",
            "Temporary failure in name resolution",
            "getaddrinfo failed",
            "nodename nor servname",
            "ConnectTimeoutError",
            "Network is unreachable",
            "Cannot connect to proxy",
            "ProxyError",
            "Connection refused",
        ),
    ),
    (NO_BUILD, ("is not a supported wheel on this platform", "from versions:", "No matching distribution found")),
)
"""Causes with the words by which pip, its urllib3 and the systems tell them; the first that is met counts."""


_PACKAGE: Final = re.compile(r"\s*([\w.-]+)==\S+ from ")
"""How pip names a package whose hash is wrong."""


def explained(lines: Sequence[str]) -> str:
    """What went wrong, out of pip's lines: a cause that is known with pip's own words, or those alone."""
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR")]
    own = errors[0] if errors else (lines[-1] if lines else "pip said nothing")
    if "DO NOT MATCH THE HASHES" in own:  # pip shouts of tampering, where most often a download broke off
        named = next((found[1] for found in map(_PACKAGE.match, lines) if found), "")
        return f"{DAMAGED} ({named})" if named else DAMAGED
    text = "\n".join(lines)
    cause = next((cause for cause, signs in _SIGNS if any(sign in text for sign in signs)), "")
    return f"{cause} ({own.rstrip('.:')})" if cause else own


def sentence(complaint: str) -> str:
    """The complaint as a sentence with what to do."""
    complaint = complaint.strip().rstrip(".")
    for cause, advice in _ADVICE.items():
        if complaint.startswith(cause):
            return f"{complaint}; {advice}."
    if any(sign in complaint for sign in _SIGNS[0][1]):
        return f"{NO_SPACE} ({complaint}); {_ADVICE[NO_SPACE]}."
    return f"The libraries could not be installed ({complaint}); check the network and disk space."
