"""What runs here: versions, devices, head models, weights, licences. Paste-ready for a bug report."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import sys
from functools import cache
from pathlib import Path
from typing import Any, Final

from . import __version__
from .errors import ModelError
from .folders import weights_folder
from .headmodel import load_head_model
from .headmodel.installed import installed_models

LIBRARIES: Final = (
    "numpy",
    "torch",
    "scipy",
    "scikit-image",
    "opencv-python-headless",
    "pillow",
    "trimesh",
    "libigl",
    "ai-edge-litert",
    "safetensors",
    "onnxruntime",
    "face-alignment",
    "bpy",
)
"""Distributions whose versions matter to a result."""

HEAD_MODELS: Final = ("open",)
CODE_LICENCE: Final = "GPL-3.0-or-later"
SHIPPED_LICENCES: Final = {
    "capture": "CC0-1.0, measured by this project on drawn heads",
    "mediapipe": "Apache-2.0, The MediaPipe Authors",
    "open_head": "CC0-1.0 AND CC-BY-4.0 AND MIT",
    "weights": "GPL-3.0-or-later, trained by this project on synthetic heads",
}
"""Licence of each folder of `vendor/`, as vendor/README.md tells it."""


def versions() -> dict[str, str]:
    """Versions of the project, Python and the libraries; those that are missing are left out."""
    found = {"seif": __version__, "python": platform.python_version()}
    return found | {name: version for name in LIBRARIES if (version := _version(name)) is not None}


@cache
def _version(library: str) -> str | None:
    """A library's version, None without it; looked up once, for each look reads the library's whole description."""
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return None


def devices() -> list[str]:
    """Devices that can be computed on, best first, with their names; only the CPU when torch is missing."""
    cpu = f"cpu ({platform.machine()}, {os.cpu_count()} cores)"
    if importlib.util.find_spec("torch") is None:
        return [cpu]
    import torch

    found = [f"cuda:{i} ({torch.cuda.get_device_name(i)})" for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("mps (Apple GPU)")
    return [*found, cpu]


def head_models() -> list[dict[str, str]]:
    """Head models that can be chosen: name, title, licence, attribution; or what is wrong with them."""
    found = []
    for name in HEAD_MODELS:
        try:
            model = load_head_model(name)
        except ModelError as error:
            found.append({"name": name, "title": str(error), "licence": "", "attribution": ""})
            continue
        found.append({"name": name, "title": model.title, "licence": model.licence, "attribution": model.attribution})
    told = ("name", "title", "licence", "attribution")  # not loaded, which takes seconds
    return found + [{key: getattr(added, key) for key in told} for added in installed_models()]


def shipped_data() -> list[dict[str, Any]]:
    """Folders of third-party data and weights that ship: name, size, licence; vendor/README.md tells the rest."""
    vendor = Path(__file__).resolve().parent.parent / "vendor"
    found = []
    for folder in sorted(path for path in vendor.glob("*") if path.is_dir()):
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        licence = SHIPPED_LICENCES.get(folder.name, "see vendor/README.md")
        found.append({"name": folder.name, "bytes": size, "licence": licence})
    return found


def imported_weights() -> list[dict[str, Any]]:
    """Networks that the user imported with `seif weights import`: file and size; their licence is their authors'."""
    files = sorted(weights_folder().glob("*.safetensors"))
    return [{"name": path.name, "bytes": path.stat().st_size} for path in files]


def collect() -> dict[str, Any]:
    """All of it, ready for JSON."""
    return {
        "versions": versions(),
        "system": platform.platform(),
        "devices": devices(),
        "head_models": head_models(),
        "shipped_data": shipped_data(),
        "imported_weights": imported_weights(),
        "blender_module": importlib.util.find_spec("bpy") is not None,
        "code_licence": CODE_LICENCE,
    }


def as_text() -> str:
    """`collect` as lines that can be pasted into an issue."""
    known = collect()
    lines = [f"SeIF for Blender {__version__} on {known['system']}", "", "versions"]
    lines += [f"  {name:<24} {version}" for name, version in known["versions"].items()]
    lines += ["devices", *(f"  {name}" for name in known["devices"]), "head models"]
    for model in known["head_models"]:
        lines.append(f"  {model['name']:<24} {model['title']}, {model['licence']}. {model['attribution']}")
    lines.append("data and weights that ship")
    for data in known["shipped_data"]:
        lines.append(f"  {data['name']:<24} {data['bytes'] / 1e6:.1f} MB, {data['licence']}")
    imported = known["imported_weights"]
    lines += ["imported weights (licence of their authors)"] if imported else []
    lines += [f"  {data['name']:<32} {data['bytes'] / 1e6:.1f} MB" for data in imported]
    lines.append(f"licence of the code         {CODE_LICENCE}")
    return "\n".join(lines)


def peak_memory() -> int:
    """The most memory that this process has held at once, in bytes; 0 where the system does not tell."""
    if sys.platform == "win32":
        return _peak_memory_windows()
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _peak_memory_windows() -> int:
    import ctypes
    from ctypes import wintypes

    class Counters(ctypes.Structure):
        """PROCESS_MEMORY_COUNTERS of psapi.h."""

        _fields_ = (
            ("cb", wintypes.DWORD),
            ("faults", wintypes.DWORD),
            ("peak", ctypes.c_size_t),
            *((f"unused_{i}", ctypes.c_size_t) for i in range(7)),
        )

    counters = Counters()
    counters.cb = ctypes.sizeof(counters)
    windows = ctypes.windll  # type: ignore[attr-defined]
    windows.kernel32.GetCurrentProcess.restype = wintypes.HANDLE
    asked = windows.psapi.GetProcessMemoryInfo
    asked.argtypes = (wintypes.HANDLE, ctypes.POINTER(Counters), wintypes.DWORD)
    done = asked(windows.kernel32.GetCurrentProcess(), ctypes.byref(counters), counters.cb)
    return int(counters.peak) if done else 0
