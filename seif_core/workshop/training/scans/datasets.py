"""The data sets that are read, and which of them a folder holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ....evaluation.scan_files import UNITS
from ....filenames import is_folder
from . import coma, facescape, faceverse, folder, headspace, i3dmm, now
from .records import ScanDatasetError, ScanRecord

AUTO: Final = "auto"
"""The kind that recognises the layout by itself."""


@dataclass(frozen=True)
class ScanReader:
    """One data set's layout.

    Attributes:
        title: its name as people write it.
        layout: an example of its files, for messages.
        recognises: whether a folder has this layout.
        read: its scans, opened one after the other.
    """

    title: str
    layout: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path], Iterator[ScanRecord]]


READERS: Final = {
    "facescape": ScanReader("FaceScape", facescape.LAYOUT, facescape.recognises, facescape.read),
    "coma": ScanReader("CoMA", coma.LAYOUT, coma.recognises, coma.read),
    "headspace": ScanReader("Headspace", headspace.LAYOUT, headspace.recognises, headspace.read),
    "faceverse": ScanReader("FaceVerse", faceverse.LAYOUT, faceverse.recognises, faceverse.read),
    "i3dmm": ScanReader("i3DMM", i3dmm.LAYOUT, i3dmm.recognises, i3dmm.read),
    "now": ScanReader("NoW", now.LAYOUT, now.recognises, now.read),
    "folder": ScanReader("a plain folder of scans", folder.LAYOUT, folder.recognises, folder.read),
}
"""Readers by the data set's short name, in the order in which a layout is recognised; the plain folder comes last."""


def open_dataset(path: Path, kind: str = AUTO, *, unit: str | None = None) -> Iterator[ScanRecord]:
    """The scans of a folder, told one by one without opening their meshes.

    Args:
        path: the folder.
        kind: key of `READERS`, or `auto` to recognise the layout.
        unit: `m`, `cm` or `mm` for a data set that does not tell its own.

    Raises:
        ScanDatasetError: no such folder, another layout than asked for, or no layout that is known.
    """
    if kind != AUTO and kind not in READERS:
        raise ScanDatasetError(f"There is no data set '{kind}'; choose one of: {AUTO}, {', '.join(READERS)}.")
    if unit is not None and unit not in UNITS:
        raise ScanDatasetError(f"There is no unit '{unit}'; choose one of: {', '.join(UNITS)}.")
    if not is_folder(path):
        raise ScanDatasetError(f"There is no folder {path}; give the folder into which the data set was unpacked.")
    name = _recognised(path) if kind == AUTO else kind
    if name is None:
        expected = "; ".join(f"{reader.title}: {reader.layout}" for reader in READERS.values())
        raise ScanDatasetError(f"{path.name} has no layout that is known ({expected}); {_found(path)}.")
    reader = READERS[name]
    if not reader.recognises(path):
        other = _recognised(path)
        hint = f" It looks like {READERS[other].title}; ask for the kind {other}." if other else ""
        raise ScanDatasetError(
            f"{path.name} is not laid out like {reader.title} ({reader.layout}); {_found(path)}.{hint}"
        )
    return _records(reader, path, unit)


def _records(reader: ScanReader, path: Path, unit: str | None) -> Iterator[ScanRecord]:
    for record in reader.read(path):
        yield record if unit is None or record.unit is not None else replace(record, unit=unit)


def _recognised(path: Path) -> str | None:
    return next((name for name, reader in READERS.items() if reader.recognises(path)), None)


def _found(path: Path) -> str:
    """What lies in a folder, in words."""
    names = sorted(p.name + "/" * p.is_dir() for p in path.iterdir() if not p.name.startswith("."))
    if not names:
        return "it is empty"
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return f"it holds {', '.join(names[:4])}{more}"
