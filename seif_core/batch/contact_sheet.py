"""`batch.jpg`: every photo of a batch at a look, with the head on it and from the side, or why there is none."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont, ImageOps

from ..preview.sheet import FIRST_ROW
from ..results import output_errors
from ..whole_file import whole_file
from .job import PhotoOutcome

_WIDTH: Final = 480
"""Pixels of the width of a photo's pictures. Chosen by eye."""
_ROW: Final = round(_WIDTH * FIRST_ROW)
_CAPTION: Final = 44
"""Pixels of a photo's pictures, and of the two lines below them."""
_COLUMNS: Final = 4
_ROWS: Final = 200
"""Rows of one sheet: a JPEG has at most 65,535 lines."""
_LETTERS: Final = 72
"""That fit into a line."""
_DAMAGED: Final = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)
"""What Pillow raises on files that are not there, or damaged."""
_BACK: Final = (38, 38, 40)
_GREY: Final = (105, 108, 111)
"""Colours of the sheet, and of a photo that cannot be shown; 8 bits. Chosen by eye."""
_COLOURS: Final = {
    "made": (235, 235, 235),
    "kept": (190, 200, 190),
    "failed": (255, 150, 120),
    "not begun": (150, 150, 150),
}


def write_contact_sheets(outcomes: Sequence[PhotoOutcome], out: Path) -> list[Path]:
    """Write ``batch.jpg``, and ``batch-2.jpg``, ... where one sheet does not hold all; returns their paths.

    Args:
        outcomes: in the order of the sheet.
        out: the folder of results.

    Raises:
        OutputError: one cannot be written.
    """
    paths = []
    with output_errors(out):
        for number, first in enumerate(range(0, len(outcomes), _COLUMNS * _ROWS), 1):
            path = out / ("batch.jpg" if number == 1 else f"batch-{number}.jpg")
            with whole_file(path) as unfinished:
                _sheet(outcomes[first : first + _COLUMNS * _ROWS]).save(unfinished, format="JPEG", quality=85)
            paths.append(path)
        _remove_later_sheets(out, len(paths))
    return paths


def _remove_later_sheets(out: Path, written: int) -> None:
    """Sheets of an earlier run over more photos show what this one does not tell of."""
    for number in count(written + 1):
        path = out / f"batch-{number}.jpg"
        if not path.is_file():
            return
        path.unlink()


def _sheet(outcomes: Sequence[PhotoOutcome]) -> Image.Image:
    rows = -(-len(outcomes) // _COLUMNS)
    sheet = Image.new("RGB", (_WIDTH * min(_COLUMNS, len(outcomes)), (_ROW + _CAPTION) * rows), _BACK)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for place, outcome in enumerate(outcomes):
        x, y = place % _COLUMNS * _WIDTH, place // _COLUMNS * (_ROW + _CAPTION)
        picture = _pictures(outcome)
        sheet.paste(picture, (x + (_WIDTH - picture.width) // 2, y))
        lines = (outcome.job.name, outcome.words if outcome.kind != "made" else f"{outcome.seconds:.1f} s")
        for line, text in enumerate(lines):
            short = textwrap.shorten(plain_letters(text), _LETTERS, placeholder="...")
            pen.text((x + 6, y + _ROW + 4 + 19 * line), short, fill=_COLOURS[outcome.kind], font=font)
    return sheet


def plain_letters(text: str) -> str:
    """Text in the letters that Pillow's own font has: accents are left out, what has no likeness becomes "?"."""
    apart = unicodedata.normalize("NFKD", text.replace("\N{LATIN SMALL LETTER SHARP S}", "ss"))
    return "".join(c for c in apart if not unicodedata.combining(c)).encode("ascii", "replace").decode()


def _pictures(outcome: PhotoOutcome) -> Image.Image:
    """The first row of the preview, or the photo alone where there is none."""
    if outcome.kind in ("made", "kept"):
        with suppress(*_DAMAGED), Image.open(outcome.job.target / "preview.png") as preview:
            row = preview.convert("RGB").crop((0, 0, preview.width, round(preview.width * FIRST_ROW)))
            return row.resize((_WIDTH, _ROW), Image.Resampling.LANCZOS)
    with suppress(*_DAMAGED), Image.open(outcome.job.photo) as photo:
        photo.draft("RGB", (_WIDTH, _ROW))
        small = ImageOps.exif_transpose(photo).convert("RGB")
        small.thumbnail((_WIDTH, _ROW))
        return small
    return Image.new("RGB", (_ROW, _ROW), _GREY)
