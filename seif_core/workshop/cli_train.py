"""`seif train`: train the networks on heads made on the fly and on labelled photos, or fill pools of them.

``heads`` draws whole pictures and what each pixel of them shows (`drawing`); ``parsing`` takes them as its ``--pool``.

A run that finds its checkpoint goes on from there. Under `torchrun` (``torchrun --nproc-per-node 8 -m seif_core train
normals ...``) every process takes the GPU of its own rank, and ``draw`` shares the pool's files among the processes.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from typing import TYPE_CHECKING, Any, Final

from ..cli_values import named_path, number, whole_number
from ..device import choose_device
from ..errors import DependencyError, SettingsError
from ..filenames import is_folder
from ..results import output_errors

if TYPE_CHECKING:
    from .training.loop import LoopSettings

    Commands = argparse._SubParsersAction[Any]  # noqa: SLF001 - argparse has no public name for it

_STEP: Final = 64
"""The networks halve their pictures six times at most: sizes must divide by this."""
_POINTS: Final = 4096


def add_commands(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add ``train normals``, ``implicit``, ``parsing``, ``points``, ``draw``, ``heads`` and ``photos``."""
    parser = commands.add_parser("train", help="train the networks on synthetic heads")
    kinds = parser.add_subparsers(
        dest="kind", required=True, metavar="normals|implicit|parsing|points|draw|heads|photos"
    )
    normals = kinds.add_parser("normals", parents=[common], help="the network that sees front normals")
    _add_run(normals)
    told = "of the side that the photo shows, or of the far side (default: %(default)s)"
    normals.add_argument("--side", choices=("front", "back"), default="front", help=told)
    normals.add_argument(
        "--watch", type=named_path, metavar="DIR", help="real portraits on which checkpoints are shown"
    )
    normals.set_defaults(run=_normals)
    implicit = kinds.add_parser("implicit", parents=[common], help="the implicit function")
    _add_run(implicit)
    told = "leave semantic codes and distances out of its inputs, to see what they are worth"
    implicit.add_argument("--without-semantics", action="store_true", help=told)
    implicit.set_defaults(run=_implicit)
    _add_parsing(kinds, common)
    _add_points(kinds, common)
    draw = kinds.add_parser("draw", parents=[common], help="draw samples into a pool that runs can train from")
    draw.add_argument("--pool", type=named_path, required=True, metavar="DIR", help="made if missing")
    draw.add_argument(
        "--samples", type=whole_number, required=True, metavar="N", help="how many, rounded up to whole files"
    )
    _add_common(draw)
    draw.set_defaults(run=_draw)
    heads = kinds.add_parser("heads", parents=[common], help="draw whole pictures of heads and what each pixel shows")
    heads.add_argument(
        "--pool", type=named_path, required=True, metavar="DIR", help="made if missing, gone on with if not"
    )
    heads.add_argument("--pack", type=named_path, required=True, metavar="DIR", help="the MakeHuman pack")
    heads.add_argument(
        "--heads", type=whole_number, required=True, metavar="N", help="in all, rounded up to whole files"
    )
    heads.add_argument("--seed", type=whole_number, default=0, metavar="N", help="default: %(default)s")
    heads.set_defaults(run=_heads)


def _add_parsing(kinds: Commands, common: argparse.ArgumentParser) -> None:
    parsing = kinds.add_parser("parsing", parents=[common], help="the network that parses heads")
    _add_run(parsing)
    told = "samples of real portraits, of seif train photos; --pool adds drawn heads"
    parsing.add_argument("--photos", type=named_path, required=True, metavar="DIR", help=told)
    parsing.set_defaults(run=_parsing)
    photos = kinds.add_parser("photos", parents=[common], help="label real portraits for seif train parsing")
    photos.add_argument("--photos", type=named_path, required=True, metavar="DIR", help="portraits, one person each")
    told = "a teacher's masks of hair, <photo>_hair.png, as large as the photo, 255 = hair"
    photos.add_argument("--hair", type=named_path, required=True, metavar="DIR", help=told)
    photos.add_argument("--out", type=named_path, required=True, metavar="DIR", help="one file for each portrait")
    told = "table of those who may wear glasses or a beard: portrait,glasses,beard; without it all may"
    photos.add_argument("--notes", type=named_path, metavar="CSV", help=told)
    photos.set_defaults(run=_photos)


def _add_points(kinds: Commands, common: argparse.ArgumentParser) -> None:
    points = kinds.add_parser("points", parents=[common], help="the network that finds dense points; --pool of heads")
    _add_run(points)
    points.add_argument("--pack", type=named_path, required=True, metavar="DIR", help="the MakeHuman pack of the pool")
    told = "real portraits, one person each, over which the points are not to be off in the mean"
    points.add_argument("--photos", type=named_path, metavar="DIR", help=told)
    points.set_defaults(run=_points)


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", type=named_path, required=True, metavar="DIR", help="checkpoint, curve and pictures go here"
    )
    parser.add_argument("--steps", type=whole_number, default=20_000, metavar="N", help="in all (default: %(default)s)")
    parser.add_argument(
        "--batch", type=whole_number, default=8, metavar="N", help="samples a step (default: %(default)s)"
    )
    parser.add_argument("--rate", type=number, default=1e-3, metavar="X", help="peak rate (default: %(default)s)")
    told = "weights that a fresh run begins with, such as those that ship (safetensors)"
    parser.add_argument("--start", type=named_path, metavar="FILE", help=told)
    parser.add_argument(
        "--pool", type=named_path, metavar="DIR", help="of seif train draw; each sample drawn anew without it"
    )
    _add_common(parser)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="auto", metavar="auto|cpu|cuda", help="default: %(default)s")
    parser.add_argument(
        "--size", type=whole_number, default=256, metavar="PIXELS", help="of the pictures (default: %(default)s)"
    )
    parser.add_argument("--seed", type=whole_number, default=0, metavar="N", help="default: %(default)s")
    told = "registered scans (seif scans register) that take the place of some drawn heads"
    parser.add_argument("--scans", type=named_path, metavar="DIR", help=told)
    parser.add_argument(
        "--scanned", type=number, default=0.3, metavar="SHARE", help="of heads that are scans (default: %(default)s)"
    )
    told = "of scans that are given drawn hair, for scans without their own (default: %(default)s)"
    parser.add_argument("--scan-hair", type=number, default=0.0, metavar="SHARE", help=told)


def _normals(options: argparse.Namespace) -> int:
    device = _prepare(options)
    try:
        from .training.normals import NormalTraining, train_normals
        from .training.synthetic import SyntheticSettings
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    data = SyntheticSettings(size=options.size, **_scans(options))
    settings = NormalTraining(
        _loop(options, device),
        batch=options.batch,
        pool=options.pool,
        watch=options.watch,
        side=options.side,
        data=data,
    )
    with output_errors(options.out):
        _tell(f"checkpoint: {train_normals(settings)}")
    return 0


def _implicit(options: argparse.Namespace) -> int:
    device = _prepare(options)
    try:
        from ..implicit.network import COMPACT, COMPACT_UNCONSTRAINED
        from .training.implicit import ImplicitTraining, train_implicit
        from .training.synthetic import SyntheticSettings
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    settings = ImplicitTraining(
        _loop(options, device),
        batch=options.batch,
        pool=options.pool,
        network=COMPACT_UNCONSTRAINED if options.without_semantics else COMPACT,
        data=SyntheticSettings(size=options.size, points=_POINTS, **_scans(options)),
    )
    with output_errors(options.out):
        _tell(f"checkpoint: {train_implicit(settings)}")
    return 0


def _parsing(options: argparse.Namespace) -> int:
    device = _prepare(options)
    try:
        from .training.parsing import ParsingTraining, train_parsing
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    settings = ParsingTraining(_loop(options, device), options.photos, drawn=options.pool, batch=options.batch)
    with output_errors(options.out):
        _tell(f"checkpoint: {train_parsing(settings)}")
    return 0


def _points(options: argparse.Namespace) -> int:
    device = _prepare(options)
    if options.pool is None:
        raise SettingsError("The points are learned from drawn heads; name a pool of seif train heads with --pool.")
    try:
        from .training.points_run import PointsRun, run_points
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    run = PointsRun(_loop(options, device), options.pool, options.pack, batch=options.batch, photos=options.photos)
    with output_errors(options.out):
        _tell(f"checkpoint: {run_points(run)}")
    return 0


def _photos(options: argparse.Namespace) -> int:
    for name in ("photos", "hair"):
        if not is_folder(getattr(options, name)):
            raise SettingsError(f"There is no folder {getattr(options, name)} for --{name}; make it first.")
    try:
        from .training.parsing_photos import label_photos
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    with output_errors(options.out):
        count = label_photos(options.photos, options.hair, options.out, options.notes)
    _tell(f"photos: {options.out}, {count} portraits")
    return 0


def _draw(options: argparse.Namespace) -> int:
    if options.samples < 1:
        raise SettingsError(f"{options.samples} samples were asked for; choose at least 1.")
    device = _prepare(options)
    try:
        from ..headmodel import load_head_model
        from .training.pool import SHARD, fill_pool
        from .training.synthetic import SyntheticHeads, SyntheticSettings
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    rank, world = _rank()
    there = len(list(options.pool.glob("*.npz")))  # a pool that grows on must not repeat what it began with
    seed = (options.seed * 1009 + rank) * 1_000_003 + there
    data = SyntheticSettings(size=options.size, points=_POINTS, **_scans(options))
    heads = SyntheticHeads(load_head_model(), data, device, seed)
    shards = -(-options.samples // (SHARD * world))
    with output_errors(options.pool):
        fill_pool(heads, options.pool, samples=shards * SHARD, first=rank, stride=world)
    _tell(f"pool: {options.pool}, {len(list(options.pool.glob('*.npz'))) * SHARD} samples")
    return 0


def _heads(options: argparse.Namespace) -> int:
    if options.heads < 1 or options.seed < 0:
        raise SettingsError(
            f"{options.heads} heads with the seed {options.seed} were asked for; choose at least 1 and at least 0."
        )
    logging.getLogger(__package__).setLevel(logging.INFO)
    try:
        from ..headmodel import load_head_model
        from .drawing.drawer import Drawer
        from .drawing.pool import SHARD, drawn_files, fill_drawn_pool
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    rank, world = _rank()
    drawer = Drawer(load_head_model(), options.pack)
    with output_errors(options.pool):
        fill_drawn_pool(drawer, options.pool, options.heads, options.seed, first=rank, stride=world)
    _tell(f"pool: {options.pool}, {len(drawn_files(options.pool)) * SHARD} heads")
    return 0


def _prepare(options: argparse.Namespace) -> str:
    """Check what all commands share, let the log be seen, and choose this process's device.

    Raises:
        SettingsError: a size, batch or seed that makes no sense, or a folder that does not exist.
        DeviceError: there is no such device.
    """
    if options.size < _STEP or options.size % _STEP:
        raise SettingsError(f"Pictures of {options.size} pixels were asked for; choose a multiple of {_STEP}.")
    if getattr(options, "batch", 1) < 1 or options.seed < 0:
        raise SettingsError(f"The batch must be at least 1 and the seed at least 0, not {options.seed}.")
    if not (0 <= options.scanned <= 1 and 0 <= options.scan_hair <= 1):
        raise SettingsError(
            f"Shares of {options.scanned} scans and {options.scan_hair} with hair were asked for; choose 0 to 1."
        )
    for name in ("scans",) if options.kind == "draw" else ("pool", "watch", "scans", "photos"):
        folder = getattr(options, name, None)
        if folder is not None and not is_folder(folder):
            raise SettingsError(f"There is no folder {folder} for --{name}; make it first or leave the option out.")
    logging.getLogger(__package__).setLevel(logging.INFO)
    device = choose_device(options.device)
    local = os.environ.get("LOCAL_RANK")
    return f"cuda:{local}" if device == "cuda" and local is not None else device


def _loop(options: argparse.Namespace, device: str) -> LoopSettings:
    from .training.loop import LoopSettings

    return LoopSettings(
        options.out,
        device=device,
        steps=options.steps,
        rate=options.rate,
        seed=options.seed,
        start=options.start,
    )


def _scans(options: argparse.Namespace) -> dict[str, Any]:
    """What `SyntheticSettings` is told of scans."""
    return {"scans": options.scans, "scanned": options.scanned, "scan_hair": options.scan_hair}


def _rank() -> tuple[int, int]:
    """This process's number and how many `torchrun` started; 0 and 1 without it."""
    return int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))


def _missing(error: ModuleNotFoundError) -> DependencyError:
    return DependencyError(f"The library {error.name} is not installed; install the runtime first.")


def _tell(text: str) -> None:
    if _rank()[0] != 0:
        return
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
