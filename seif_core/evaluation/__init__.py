"""Metrics: angular error of normal maps, scan-to-mesh distance. Its names are loaded when first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .normals import AngularError, NormalsTable, angular_error
    from .normals_of_photos import evaluate_normals
    from .scan import ScanComparison, ScanDistance, ScanSettings, compare_with_scan
    from .scan_files import evaluate_scan

_HOME: Final = {
    "AngularError": "normals",
    "NormalsTable": "normals",
    "ScanComparison": "scan",
    "ScanDistance": "scan",
    "ScanSettings": "scan",
    "angular_error": "normals",
    "compare_with_scan": "scan",
    "evaluate_normals": "normals_of_photos",
    "evaluate_scan": "scan_files",
}

__all__ = [
    "AngularError",
    "NormalsTable",
    "ScanComparison",
    "ScanDistance",
    "ScanSettings",
    "angular_error",
    "compare_with_scan",
    "evaluate_normals",
    "evaluate_scan",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
