r"""Mesh files that are text, in the one form in which trimesh reads all of them right.

Programs begin them with a byte-order mark, end lines with a carriage return alone, indent, or separate numbers by
tabs; read as they are, the first vertex is lost (and every face names its neighbour's), or all but the first triangle,
without a word. Source of the marks: The Unicode Standard, section 23.8.

Convention: bytes in, bytes out. Worked number: ``EF BB BF 76 09 30 20 30 20 30 0D`` leaves here as ``v 0 0 0\n``.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16's, with which it begins
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_STL_HEADER: Final = 84
"""Bytes of a binary STL before its triangles: 80 of words, 4 of their count."""
_STL_TRIANGLE: Final = 50
"""Bytes of a triangle in a binary STL: twelve 32-bit floats and two bytes."""
_PLY_TEXT: Final = re.compile(rb"\s*ply\s+format\s+ascii\b")


def plain_text(content: bytes, kind: str) -> bytes:
    """A mesh file with plain lines if it is text, and as it is if it is not.

    Args:
        content: the whole file.
        kind: its suffix without the dot.
    """
    unmarked = _without_mark(content)
    if kind == "obj":
        return _plain_lines(unmarked, comments=True)
    if kind == "off" and unmarked.lstrip()[:16].upper().startswith((b"OFF", b"COFF", b"NOFF", b"#")):
        return _plain_lines(unmarked)
    if kind == "stl" and unmarked.lstrip()[:5].lower() == b"solid" and not _is_binary_stl(content):
        return _plain_lines(unmarked)
    if kind == "ply" and _PLY_TEXT.match(unmarked):
        return _plain_lines(unmarked)
    return content


def _without_mark(content: bytes) -> bytes:
    for mark, coding in _MARKS:
        if content.startswith(mark):
            text = content[len(mark) :]
            return text if coding == "utf-8" else text.decode(coding, "replace").encode()
    return content


def _is_binary_stl(content: bytes) -> bool:
    count = int.from_bytes(content[_STL_HEADER - 4 : _STL_HEADER], "little")
    return len(content) == _STL_HEADER + _STL_TRIANGLE * count


def _plain_lines(text: bytes, *, comments: bool = False) -> bytes:
    """Lines that end in a line feed, without tabs and indents, and where it is asked for without comments."""
    text = re.sub(rb"\r\n?", b"\n", text).replace(b"\t", b" ")
    if comments:
        text = re.sub(rb"#[^\n]*", b"", text)
    return re.sub(rb"\n +", b"\n", text.lstrip())
