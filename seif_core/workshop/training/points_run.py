"""From a pool of drawn heads to a measured network of the dense points."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ...errors import PhotoError, SettingsError
from ...headmodel import load_head_model
from ...portrait import PortraitSettings, read_portrait
from ...portrait.portrait import Portrait
from ..drawing.drawer import Drawer
from ..drawing.pool import RECIPE, drawn_files
from .loop import LoopSettings
from .points import PointsTraining, train_points
from .points_measured import measured_checkpoint
from .points_samples import point_samples
from .points_truth import write_truth

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True)
class PointsRun:
    """One run from pool to network.

    Attributes:
        loop: course of the training.
        pool: folder of drawn heads (`drawing.pool`).
        pack: the MakeHuman pack that they were drawn with.
        batch: samples a step.
        photos: folder of real portraits over which the points are not to be off in the mean; None to leave that out.
    """

    loop: LoopSettings
    pool: Path
    pack: Path
    batch: int = 16
    photos: Path | None = None


def run_points(run: PointsRun) -> Path:
    """Work out where the points of the pool are, train, measure; returns the measured checkpoint.

    Raises:
        SettingsError: the pool holds no heads, or there is no pack.
        ModelError: the checkpoint is damaged or of another network.
    """
    model = load_head_model()
    shards = _with_truth(run, Drawer(model, run.pack))
    checkpoint = train_points(PointsTraining(run.loop, shards, batch=run.batch), model)
    kept_back = [one for pair in shards for one in point_samples(*pair, kept_back=True)]
    target = run.loop.folder / "measured.pt"
    measured_checkpoint(checkpoint, target, model, kept_back, [] if run.photos is None else _people(run.photos))
    return target


def _with_truth(run: PointsRun, drawer: Drawer) -> tuple[tuple[Path, Path], ...]:
    """The pool's files, each with the file of its points, which is made where it is missing."""
    files = drawn_files(run.pool)
    if not files:
        raise SettingsError(f"The pool {run.pool.name} holds no drawn heads; draw some with seif train heads.")
    seed = int(json.loads((run.pool / RECIPE).read_text(encoding="utf-8"))["seed"])
    folder = run.loop.folder / "truth"
    folder.mkdir(parents=True, exist_ok=True)
    pairs = []
    for shard in files:
        target = folder / shard.name
        if not target.exists():
            write_truth(drawer, shard, seed, target)
        pairs.append((shard, target))
    return tuple(pairs)


def _people(folder: Path) -> list[Portrait]:
    """Real portraits; those without a face are left out."""
    settings = PortraitSettings(refinements=2, dense_points=False)
    out = []
    for path in sorted(path for path in folder.iterdir() if path.suffix.lower() in (".jpg", ".jpeg", ".png")):
        try:
            out.append(read_portrait(path, settings=settings))
        except PhotoError as error:
            _LOG.info("left out: %s", error)
    return out
