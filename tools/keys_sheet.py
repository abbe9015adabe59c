"""The sheet of every key at 1 on several heads, `docs/pictures/keys.jpg`.

Run: ``python tools/keys_sheet.py HEAD.npz... --out keys.jpg [--keys jawOpen,mouthFunnel] [--columns 13]``. A head a
block, seen half from its left in clay with its relief;
`mouthClose` acts on an open jaw, whose lips it closes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seif_core.head import Head
from seif_core.preview.surface import Surface
from seif_core.preview.views import View, render

YAW: Final = 20.0
"""Degrees; a mouth is judged by both its width and its depth."""
WHOLE: Final = (200, 240)
"""Pixels of a whole view, width and height."""
FACE: Final = (slice(34, 178), slice(38, 156))
"""Rows and columns of it that show the face."""
GAP: Final = 6
"""White pixels between heads."""


def cell(head: Head, name: str) -> np.ndarray:
    """A key at 1 on a head, with its name."""
    keys = dict(zip(head.key_names, head.key_deltas, strict=True))
    title = "mouthClose+jawOpen" if name == "mouthClose" else name
    moved = sum((keys[part] for part in title.split("+")), head.vertices)
    view = View(YAW, 0.0, *WHOLE)
    picture = render(Surface.of_head(head).with_vertices(moved), view, frame=head.vertices, supersample=2)[FACE]
    picture = np.ascontiguousarray(picture)
    return cv2.putText(picture, title, (3, len(picture) - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.3, (255,) * 3, 1, cv2.LINE_AA)


def block(head: Head, names: list[str], columns: int) -> np.ndarray:
    """All keys of a head."""
    cells = [cell(head, name) for name in names]
    cells += [np.full_like(cells[0], 255)] * (-len(cells) % columns)
    return np.vstack([np.hstack(cells[i : i + columns]) for i in range(0, len(cells), columns)])


def main() -> None:
    """Write the sheet."""
    parser = argparse.ArgumentParser(allow_abbrev=False, description=__doc__)
    parser.add_argument("heads", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--keys", help="names with commas; all of the first head without it")
    parser.add_argument("--columns", type=int, default=13)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    heads = [Head.load(path) for path in arguments.heads]
    names = arguments.keys.split(",") if arguments.keys else list(heads[0].key_names)
    blocks = [block(head, names, arguments.columns) for head in heads]
    gap = np.full((GAP, blocks[0].shape[1], 3), 255, np.uint8)
    sheet = np.vstack([row for one in blocks for row in (one, gap)][:-1])
    cv2.imwrite(str(arguments.out), sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])


if __name__ == "__main__":
    main()
