"""Headspace: 1,519 whole heads in tight latex caps.

Layout: `subjects/<00001..01519>/<12 digits>.obj` with `.mtl` and `.bmp` of the same name, `subject.txt`, and for most
`ldmks<12 digits>.txt`: 68 lines, each the number of a vertex of the mesh, counted from 1, in iBUG's order.

Units: millimetres (3dMDhead). Expression: neutral.

Source: Dai, Pears, Smith and Duncan, Statistical Modeling of Craniofacial Shape and Texture, IJCV 2020;
https://www-users.york.ac.uk/~np7/research/Headspace (folders, formats, terms); the landmark files as public readers of
the data set take them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from .records import ScanDatasetError, ScanLandmarks, ScanRecord, files, picture_beside, subfolders

LAYOUT: Final = "subjects/00001/<12 digits>.obj"
LICENCE: Final = "Headspace user agreement: university-based non-commercial research"
FIRST: Final = 17
"""Landmarks below this are the jaw line, which depends on the view, and are left out."""

_SUBJECT: Final = r"\d{5}"
_ROOT: Final = r"\d{10,16}"


def recognises(root: Path) -> bool:
    """Whether a folder has Headspace's layout (or is its `subjects` folder)."""
    return any(files(subject, (".obj",), _ROOT) for subject in subfolders(_subjects(root), _SUBJECT))


def read(root: Path) -> Iterator[ScanRecord]:
    """Headspace's heads.

    Raises:
        ScanDatasetError: a landmark file holds something else than vertex numbers.
    """
    for subject in subfolders(_subjects(root), _SUBJECT):
        for mesh in files(subject, (".obj",), _ROOT):
            name, marks = f"{subject.name}_{mesh.stem}", _landmarks(mesh)
            picture = picture_beside(mesh)
            yield ScanRecord(
                name, "headspace", mesh, "mm", subject.name, "neutral", LICENCE, landmarks=marks, texture_path=picture
            )


def _subjects(root: Path) -> Path:
    for inner in (root / "headspaceOnline" / "subjects", root / "subjects"):
        if inner.is_dir():
            return inner
    return root


def _landmarks(mesh: Path) -> ScanLandmarks | None:
    path = mesh.with_name(f"ldmks{mesh.stem}.txt")
    if not path.is_file():
        return None
    try:
        numbers = [int(word) - 1 for word in path.read_text(encoding="utf-8").split()[:68]]
    except (OSError, ValueError) as error:
        raise ScanDatasetError(
            f"{path.parent.name}/{path.name} should hold 68 vertex numbers, one a line ({error}); unpack it again."
        ) from error
    if len(numbers) != 68:
        raise ScanDatasetError(
            f"{path.parent.name}/{path.name} holds {len(numbers)} vertex numbers instead of 68; unpack it again."
        )
    return ScanLandmarks(tuple(range(FIRST, 68)), None, tuple(numbers[FIRST:]))
