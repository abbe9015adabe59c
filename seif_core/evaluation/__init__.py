"""Metrics: angular error of normal maps, scan-to-mesh distance. Its names are loaded when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..later import later

if TYPE_CHECKING:
    from .normals import AngularError, NormalsTable, angular_error
    from .normals_of_photos import evaluate_normals
    from .scan import ScanComparison, ScanDistance, ScanSettings, compare_with_scan
    from .scan_files import evaluate_scan

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

__getattr__ = later(
    __name__,
    normals="AngularError NormalsTable angular_error",
    normals_of_photos="evaluate_normals",
    scan="ScanComparison ScanDistance ScanSettings compare_with_scan",
    scan_files="evaluate_scan",
)
