"""`seif evaluate`: results measured against reference normals and against scans, by the field's protocols."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any, Final

from . import cli_reconstruct
from .cli_values import named_path
from .settings import ReconstructionSettings
from .terminal import tell

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[Any]  # noqa: SLF001 - argparse has no public name for it

AREA: Final = "area"
"""The protocol that is used where none is named: NoW's, within 95 mm of the nose tip, without landmarks too."""
PROTOCOLS: Final = (AREA, "now", "realy", "facescape", "whole-head", "corresponding", "nonrigid", "all")
"""What `--protocol` takes; all but the first and last are `evaluation.protocols.run.PROTOCOLS`."""


def add_commands(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add ``evaluate``."""
    parser = commands.add_parser("evaluate", help="measure results against references")
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="normals|scan")
    normals = kinds.add_parser("normals", parents=[common], help="normal maps of photos against reference normal maps")
    normals.add_argument(
        "--reference", type=named_path, required=True, metavar="DIR", help="photos and their normal maps"
    )
    normals.add_argument("--device", default="auto", metavar="auto|cpu|cuda|mps", help="default: %(default)s")
    cli_reconstruct.add_shape_options(normals)
    normals.add_argument("--json", action="store_true", help="as JSON")
    normals.set_defaults(run=_evaluate_normals)
    scan = kinds.add_parser("scan", parents=[common], help="a mesh against a scan, by the field's protocols")
    scan.add_argument("--scan", type=named_path, required=True, metavar="FILE", help="the scan")
    scan.add_argument("--prediction", type=named_path, required=True, metavar="FILE", help="the mesh to judge")
    scan.add_argument(
        "--protocol",
        action="append",
        choices=PROTOCOLS,
        help=f"how to measure, more than once for several (default: {AREA}: within 95 mm of the nose tip)",
    )
    scan.add_argument(
        "--landmarks", type=named_path, metavar="FILE", help="7, 51 or 68 landmarks on the scan, in its unit"
    )
    scan.add_argument("--prediction-landmarks", type=named_path, metavar="FILE", help="the same on the mesh")
    for name in ("scan", "prediction"):
        scan.add_argument(f"--{name}-unit", choices=("m", "dm", "inch", "cm", "mm"), help="found out if left out")
    scan.add_argument("--json", action="store_true", help="as JSON")
    scan.set_defaults(run=_evaluate_scan)


def _evaluate_normals(options: argparse.Namespace) -> int:
    from .evaluation import evaluate_normals

    table = evaluate_normals(options.reference, ReconstructionSettings(**cli_reconstruct.shape_settings(options)))
    tell(table.as_json() if options.json else str(table))
    return 0


def _evaluate_scan(options: argparse.Namespace) -> int:
    from .evaluation import evaluate_scan
    from .evaluation.protocols.files import measure_files

    chosen = options.protocol or [AREA]
    where = {
        "landmarks": options.landmarks,
        "prediction_landmarks": options.prediction_landmarks,
        "scan_unit": options.scan_unit,
        "prediction_unit": options.prediction_unit,
    }
    named = [name for name in chosen if name != AREA]
    area = evaluate_scan(options.scan, options.prediction, **where) if AREA in chosen or "all" in chosen else None
    measured = measure_files(options.scan, options.prediction, named, **where) if named else []
    if not options.json:
        tell("\n\n".join(str(one) for one in ([] if area is None else [area]) + measured))
    elif not named and area is not None:
        tell(area.as_json())
    else:
        whole = {} if area is None else {AREA: area.as_dict()}
        tell(json.dumps(whole | {one.protocol: one.as_dict() for one in measured}, indent=2))
    return 0
