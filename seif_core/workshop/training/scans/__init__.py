"""Licensed scans of real heads, read from their published layouts and registered to the head model; loads no torch."""

from __future__ import annotations

from .datasets import READERS, ScanReader, open_dataset
from .records import ScanDatasetError, ScanLandmarks, ScanRecord
from .register import RegisterSettings, ScanRegistrationError, register_scan
from .registered import RegisteredScan, registered_files

__all__ = [
    "READERS",
    "RegisterSettings",
    "RegisteredScan",
    "ScanDatasetError",
    "ScanLandmarks",
    "ScanReader",
    "ScanRecord",
    "ScanRegistrationError",
    "open_dataset",
    "register_scan",
    "registered_files",
]
