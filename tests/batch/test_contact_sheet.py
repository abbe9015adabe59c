"""Names on the contact sheet can be read."""

from __future__ import annotations

import pytest

from seif_core.batch.contact_sheet import plain_letters


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Gro\u00dfe Gruppe.jpg", "Grosse Gruppe.jpg"),
        ("\u00fcml\u00e4ut.png", "umlaut.png"),
        ("\u5199\u771f1.jpg", "??1.jpg"),
    ],
)
def test_names_beyond_ascii_are_no_boxes_on_the_sheet(name: str, shown: str) -> None:
    assert plain_letters(name) == shown
