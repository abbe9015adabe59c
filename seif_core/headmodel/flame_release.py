"""Which release of FLAME a file is, and the licence that follows.

FLAME's files do not say it. So a file is taken for the openly licensed release only where its own contents name that
licence, or where it bears, exactly, the name that this release was published under, which is what the user says of
it. A
folder's name says nothing of a licence: everybody sorts files as they like. In doubt the restricted licence holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np


@dataclass(frozen=True)
class FlameRelease:
    """A release of FLAME and the licence that applies to heads made with it.

    Attributes:
        name: short name of the model in a `Head`.
        title: as shown to a user.
        licence: SPDX identifier, or what the licence is called.
    """

    name: str
    title: str
    licence: str


_RESTRICTED: Final = "FLAME Model License (non-commercial research only, https://flame.is.tue.mpg.de/modellicense.html)"

OPEN: Final = FlameRelease("flame2023open", "FLAME 2023 Open", "CC-BY-4.0")
"""The one release under an open licence (https://flame.is.tue.mpg.de, "FLAME 2023 Open")."""

_OPEN_NAME: Final = re.compile(r"flame[ _-]?2023[ _-]?open(?: ?\(\d+\))?\.(?:pkl|npz)", re.IGNORECASE)
"""The name that FLAME 2023 Open was published under, also as NPZ or as a browser's second copy."""

_OPEN_WORDS: Final = re.compile(r"\bcc[ -]by[ -]4\.0\b|creativecommons\.org/licenses/by/4\.0", re.IGNORECASE)
_OTHER_WORDS: Final = re.compile(
    r"non[ -]?commercial|\bnc\b|research|\bnot?\b|n't\b|except|unless|instead|other than", re.IGNORECASE
)

_DATED: Final = (
    ("2023", FlameRelease("flame2023", "FLAME 2023", _RESTRICTED)),
    ("2020", FlameRelease("flame2020", "FLAME 2020", _RESTRICTED)),
    ("2019", FlameRelease("flame2019", "FLAME 2019", _RESTRICTED)),
)
RESTRICTED: Final = {release.name: release for _, release in _DATED}
"""The dated releases by their short names, all under the non-commercial licence; a user may say that a file is one."""
_UNKNOWN: Final = FlameRelease("flame", "FLAME (release unknown)", _RESTRICTED)


def release_of(path: Path, contents: Mapping[str, Any] | None = None) -> FlameRelease:
    """The release that a file is taken for.

    Args:
        path: where the file lies; years in its name or its folder's tell the restricted releases apart.
        contents: what the file holds; an entry ``licence`` or ``license`` that is text goes before the name.
    """
    told = _told_licence(contents or {})
    if told is not None:
        return OPEN if _OPEN_WORDS.search(told) and not _OTHER_WORDS.search(told) else _dated(path)
    return OPEN if _OPEN_NAME.fullmatch(path.name) else _dated(path)


def release_titled(title: str) -> FlameRelease:
    """The release of a title, as a cached model holds it."""
    known = (OPEN, *(release for _, release in _DATED))
    return next((release for release in known if release.title == title), _UNKNOWN)


def _dated(path: Path) -> FlameRelease:
    for text in (path.name, path.parent.name):
        for year, release in _DATED:
            if year in text:
                return release
    return _UNKNOWN


def _told_licence(contents: Mapping[str, Any]) -> str | None:
    for name, value in contents.items():
        text = value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value
        if name.lower() in {"licence", "license"} and isinstance(text, str) and text.strip():
            return text
    return None
