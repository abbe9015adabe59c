"""Names of result folders on Windows, tried by name here: what Windows cannot name, nobody there gets."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

import pytest

from seif_core import filenames
from seif_core.results import RESULT_FILES

RESERVED = ("con", "PRN", "aux", "nul", "COM1", "lpt9")


@pytest.mark.parametrize("photo", [*(f"{name}.jpg" for name in RESERVED), "con.photo.png", "a:b.jpg", 'wh"at?.png'])
def test_no_photo_gets_a_folder_that_windows_cannot_make(monkeypatch, photo):
    path = Path(photo)
    monkeypatch.setattr(filenames.os, "name", "nt")
    name = filenames.folder_name(path)
    monkeypatch.undo()
    assert not PureWindowsPath(name).is_reserved()
    assert not set(name) & set('<>:"/\\|?*')
    assert name.rstrip(" .") == name != ""


def test_an_ordinary_name_stays_on_windows(monkeypatch):
    path = Path("Ada Lovelace (1).jpg")
    monkeypatch.setattr(filenames.os, "name", "nt")
    assert filenames.folder_name(path) == "Ada Lovelace (1)"


def test_no_result_has_a_name_that_windows_reserves_or_that_differs_from_another_by_its_case():
    assert not [name for name in RESULT_FILES if PureWindowsPath(name).is_reserved()]
    assert len({name.casefold() for name in RESULT_FILES}) == len(RESULT_FILES)
