"""A folder of drawn heads that training reads: files of some heads each, drawn in order, never half written.

What a pool holds depends on its settings and seed alone, not on when it was stopped and gone on with: head `number` is
always drawn from the same random numbers (on one kind of machine).
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

import numpy as np

from ...errors import SettingsError
from .drawer import DrawingSettings, DrawnHead

_LOG = logging.getLogger(__name__)

SHARD: Final = 20
"""Heads a file: some 15 MB."""
RECIPE: Final = "pool.json"
"""File of the pool's settings and seed."""
VERSION: Final = 1
"""Grows when the same settings draw other heads."""


@runtime_checkable
class Draws(Protocol):
    """What a pool asks of who draws: `drawer.Drawer`, or a stand-in."""

    settings: DrawingSettings

    def draw(self, seed: int, number: int) -> DrawnHead:
        """Head `number` of `seed`."""
        ...


def fill_drawn_pool(drawer: Draws, folder: Path, heads: int, seed: int, *, first: int = 0, stride: int = 1) -> None:
    """Draw heads into a folder until it holds `heads`; files that are there already are left as they are.

    Args:
        drawer: who draws.
        folder: made if missing.
        heads: how many in all, rounded up to whole files.
        seed: of the pool.
        first: number of the first file, where several processes fill one pool.
        stride: step between file numbers.

    Raises:
        SettingsError: the folder holds a pool of other settings, another seed or another version.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _check_recipe(drawer, folder, seed)
    for number in range(first, -(-heads // SHARD), stride):
        target = folder / f"{number:06d}.npz"
        if target.exists():
            continue
        part = target.with_suffix(".part")
        with part.open("wb") as stream:
            np.savez(stream, **packed([drawer.draw(seed, number * SHARD + k) for k in range(SHARD)]))
        part.replace(target)
        _LOG.info("%s: %d heads", folder.name, (number + 1) * SHARD)


def _check_recipe(drawer: Draws, folder: Path, seed: int) -> None:
    recipe = {"version": VERSION, "seed": seed, **asdict(drawer.settings)}
    path = folder / RECIPE
    if not path.exists():
        path.write_text(json.dumps(recipe, indent=1) + "\n", encoding="utf-8")
        return
    there = json.loads(path.read_text(encoding="utf-8"))
    other = sorted(key for key in recipe.keys() | there.keys() if recipe.get(key) != there.get(key))
    if other:
        raise SettingsError(
            f"The pool {folder.name} was drawn with another {', '.join(other)}; draw into another folder."
        )


def packed(heads: list[DrawnHead]) -> dict[str, np.ndarray]:
    """Heads as the arrays of one file, each with a first axis of heads; see docs/training-data.md."""
    arrays = {name: np.stack([getattr(head, name) for head in heads]) for name in DrawnHead._fields if name != "words"}
    arrays["photo"] = arrays.pop("picture")
    arrays["normals"] = np.round(arrays["normals"] * 127).astype(np.int8)
    arrays["words"] = np.array([head.words for head in heads])
    return arrays


def drawn_files(folder: Path) -> list[Path]:
    """The files of a pool that may still be growing, in order."""
    return sorted(folder.glob("[0-9]*.npz"))
