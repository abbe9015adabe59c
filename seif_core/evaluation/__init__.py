"""Metrics: angular error of normal maps, scan-to-mesh distance."""

from .scan import ScanComparison, ScanDistance, ScanSettings, compare_with_scan
from .scan_files import evaluate_scan

__all__ = ["ScanComparison", "ScanDistance", "ScanSettings", "compare_with_scan", "evaluate_scan"]
