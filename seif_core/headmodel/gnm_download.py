"""Fetching GNM Head's file from its publisher, when the user permits it: `seif models add gnm --online`.

Published by Google at https://huggingface.co/google/gnm-v3 under Apache-2.0. The project never had the file itself: its
size and checksum are as others report them, and several checksums are about for the same numbers. So what came is told
by its checksum and judged by its schema (`gnm_file`), within a bound on its size.
"""

from __future__ import annotations

import http.client
import io
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from ..errors import ModelError
from ..progress import Progress


@dataclass(frozen=True)
class Publication:
    """A file that a publisher offers.

    Attributes:
        title: as shown to a user.
        licence: SPDX identifier.
        address: where it lies.
        file_name: what it is called.
        size: bytes, about.
        sha256: checksum as reported.
        largest: bytes beyond which the download is broken off.
    """

    title: str
    licence: str
    address: str
    file_name: str
    size: int
    sha256: str
    largest: int


GNM_HEAD: Final = Publication(
    title="GNM Head 3.0 by Google",
    licence="Apache-2.0",
    address="https://huggingface.co/google/gnm-v3/resolve/main/v3_0/gnm_head.npz",
    file_name="gnm_head.npz",
    size=53_328_601,
    sha256="61d78bbfb4ad8e0b38495804a4caef3214d3df00f8c3f68761e63b41ce3747eb",
    largest=1 << 27,
)
"""The address is the default of Google's own loader; size and checksum are quoted by five unrelated repositories."""
_BLOCK: Final = 1 << 18
"""Bytes read at once, between which a cancellation is heard."""
_PATIENCE: Final = 30.0
"""Seconds without an answer, or without a byte."""
_AGENT: Final = "seif-blender"


def offer(publication: Publication | None = None) -> str:
    """What is asked before anything is fetched: what, how much, from where, under which licence."""
    publication = publication or GNM_HEAD
    host = urlsplit(publication.address).hostname
    return f"{publication.title} ({publication.size / 1e6:.0f} MB, {publication.licence}) from {host}"


def fetch(folder: Path, progress: Progress | None = None, *, publication: Publication | None = None) -> Path:
    """Download the file into a folder; the caller has asked the user, and checks what came by its schema.

    Args:
        folder: exists; the file is written there under its name.
        progress: told the share that has come; may cancel.
        publication: what is fetched; None for GNM Head.

    Returns:
        The file.

    Raises:
        ModelError: there is no network, the publisher gives no such file, or what it gives is too large or cut off.
        OSError: the folder cannot be written.
        CancelledError: the user cancelled.
    """
    publication = publication or GNM_HEAD
    host, progress, target = (
        urlsplit(publication.address).hostname,
        progress or Progress(),
        folder / publication.file_name,
    )
    opener = urllib.request.build_opener(_SafeRedirects())
    request = urllib.request.Request(publication.address, headers={"User-Agent": _AGENT})  # noqa: S310 - a constant
    with progress.stage("Download"):
        try:
            with opener.open(request, timeout=_PATIENCE) as answer, target.open("wb") as out:
                _copy(answer, answer.headers.get("Content-Length"), out, progress, publication)
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            reason = error if isinstance(error, urllib.error.HTTPError) else getattr(error, "reason", None) or error
            raise ModelError(
                f"{publication.title} could not be downloaded from {host} ({reason}); "
                f"try again later, or download {publication.address} yourself and give the file's path."
            ) from error
    return target


def checksum_in_words(sha256: str, publication: Publication = GNM_HEAD) -> str:
    """A sentence on the checksum of what came."""
    if sha256 == publication.sha256:
        return f"Its checksum is the one that is known of the published file (sha256 {sha256})."
    return (
        f"Its checksum (sha256 {sha256}) is not the one that is known of an earlier copy; copies with other checksums "
        "and the same numbers are about, so it was taken for what it holds."
    )


def _copy(
    answer: io.BufferedIOBase, length: str | None, out: io.BufferedIOBase, progress: Progress, publication: Publication
) -> None:
    expected = int(length) if length is not None and length.isdigit() else None
    if expected is not None and expected > publication.largest:
        raise ModelError(
            f"{publication.title} is {expected / 1e6:.0f} MB there, more than it can be; nothing was kept."
        )
    come = 0
    while block := answer.read(_BLOCK):
        come += len(block)
        if come > publication.largest:
            raise ModelError(
                f"{publication.title} goes on beyond {publication.largest / 1e6:.0f} MB; nothing was kept."
            )
        out.write(block)
        progress.step(come / (expected or publication.size))
    if expected is not None and come != expected:
        raise ModelError(f"{publication.title} was cut off after {come / 1e6:.1f} MB; try again.")


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirection (files lie on another host) unless it leaves https for something else."""

    def redirect_request(self, req: urllib.request.Request, *rest: Any, **named: Any) -> urllib.request.Request | None:  # noqa: ANN401
        """The request to follow, or None."""
        newurl = named.get("newurl", rest[-1] if rest else "")
        if urlsplit(req.full_url).scheme == "https" and urlsplit(newurl).scheme != "https":
            raise urllib.error.URLError("it was redirected to an address that is not https")
        if urlsplit(newurl).scheme not in {"http", "https"}:
            raise urllib.error.URLError("it was redirected to an address that is not https")
        return super().redirect_request(req, *rest, **named)
