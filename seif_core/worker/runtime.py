"""Which pinned libraries a Python needs to run the worker, on which system and GPU; standard library only.

`build.py` (the repository's own environment) and the add-on's **Install Runtime** ask here, so both install the same.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

PYTHON_TAGS: Final = ("py311", "py313")
"""Pythons that there are requirement files for: Blender 4.2 to 5.0, and 5.1 and newer."""

_ROCM_DEVICE: Final = Path("/dev/kfd")
ACCELERATORS: Final = ("cpu", "cuda", "mps")

DISK_BYTES: Final = {"cpu": 1_500_000_000, "cuda": 6_500_000_000, "mps": 1_500_000_000}
"""What an installed runtime takes on disk. `cpu` measured on Linux (1.46 GB for Python 3.11); `cuda` estimated from the
sizes of its wheels, `mps` taken as `cpu`."""

_INDEX_LINE: Final = re.compile(r"^--extra-index-url (\S+)\n", re.MULTILINE)


PIP_SETTINGS: Final = (
    *("index-url", "extra-index-url", "find-links", "no-index", "trusted-host"),
    *(
        "cert",
        "client-cert",
        "proxy",
        "keyring-provider",
        "timeout",
        "default-timeout",
        "retries",
        "cache-dir",
        "no-cache-dir",
    ),
)
"""Settings of pip that say where packages come from and how they are reached. The user's are heeded for these alone:
every other (``root``, ``target``, ``user``, ``dry-run``, ...) could send them elsewhere or leave some out."""

_SETTING_LINE: Final = re.compile(r"^(?P<section>[\w:.-]+)\.(?P<name>[\w-]+)=(?P<value>.*)$")
_NO_NETWORK: Final = "http://127.0.0.1:9"
"""A proxy that nobody is: the discard port (RFC 863) of this machine."""


def pip_variables(
    base: Mapping[str, str], pip: Sequence[str] = (), *, wheels: bool = False, hidden: Sequence[str] = ()
) -> dict[str, str]:
    """Environment variables for a pip that installs where it is told to, whatever the user's variables and files say.

    Args:
        base: this process's variables.
        pip: the command that runs pip, to ask it for the user's settings; none to heed the variables alone.
        wheels: whether it installs from a folder alone: then it reads no user's setting and reaches no network.
        hidden: further variables to leave out.
    """
    kept = {k: v for k, v in base.items() if k not in hidden and not k.upper().startswith("PIP_")}
    settings = {} if wheels else _pip_settings(base, pip)
    if wheels:
        settings = {"proxy": _NO_NETWORK, "retries": "0", "no-index": "1"}
        kept = {
            k: v for k, v in kept.items() if k.lower() != "no_proxy"
        }  # whose addresses would be reached all the same
    named = {"PIP_" + name.upper().replace("-", "_"): value for name, value in settings.items()}
    return kept | named | {"PIP_CONFIG_FILE": os.devnull}


def _pip_settings(base: Mapping[str, str], pip: Sequence[str]) -> dict[str, str]:
    """The user's `PIP_SETTINGS`, of pip's files and of the variables, which win (as pip's documentation says)."""
    found: dict[str, str] = {}
    if pip:
        asked = [*pip, "config", "list"]
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            told = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False, env=dict(base))
            lines = [_SETTING_LINE.match(line.strip()) for line in told.stdout.splitlines()]
            for order in ("global", "install"):
                for line in (line for line in lines if line is not None and line["section"] == order):
                    with contextlib.suppress(ValueError, SyntaxError):
                        found[line["name"]] = str(ast.literal_eval(line["value"]))
    for variable, value in base.items():
        if variable.upper().startswith("PIP_") and value:
            found[variable[4:].lower().replace("_", "-")] = value
    return {name: " ".join(value.split()) for name, value in found.items() if name in PIP_SETTINGS}


def find_accelerator(system: str | None = None) -> str:
    """``mps`` on a Mac, ``cuda`` where NVIDIA's driver answers, ``cpu`` elsewhere.

    Args:
        system: as `platform.system` names it; this machine's when None.
    """
    system = system or platform.system()
    if system == "Darwin":
        return "mps"
    program = shutil.which("nvidia-smi")
    if program is None:
        return "cpu"
    try:
        listed = subprocess.run([program, "-L"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "cpu"
    return "cuda" if listed.returncode == 0 and "GPU" in listed.stdout else "cpu"


def has_rocm_gpu(system: str | None = None) -> bool:
    """Whether AMD's ROCm driver is here: a GPU for which there is no pinned list, since PyPI has no such torch.

    Source: `/dev/kfd`, the device of AMD's compute driver (https://rocm.docs.amd.com, "Running Docker containers").

    Args:
        system: as `platform.system` names it; this machine's when None.
    """
    return (system or platform.system()) == "Linux" and _ROCM_DEVICE.exists()


def requirements_file(accelerator: str, *, python: Sequence[int] | None = None, system: str | None = None) -> Path:
    """The hash-locked requirement file for one Python, system and accelerator.

    Args:
        accelerator: one of `ACCELERATORS`.
        python: (major, minor, ...) of the Python that will run the worker; this one's when None.
        system: as `platform.system` names it; this machine's when None.

    Raises:
        ValueError: no file for that Python or accelerator; the message is a sentence.
    """
    major, minor = tuple(python or sys.version_info)[:2]
    tag = f"py{major}{minor}"
    if tag not in PYTHON_TAGS:
        raise ValueError(f"The worker's libraries are pinned for Python 3.11 and 3.13, not for {major}.{minor}.")
    if accelerator not in ACCELERATORS:
        raise ValueError(f"There is no accelerator '{accelerator}'; choose one of: {', '.join(ACCELERATORS)}.")
    windows = "-windows" if accelerator == "cuda" and (system or platform.system()) == "Windows" else ""
    return Path(__file__).resolve().parent / f"requirements-{tag}-{accelerator}{windows}.txt"


def index_answers(url: str, timeout: float = 6.0) -> bool:
    """Whether a package index can be reached from here."""
    if not url.startswith("https://"):
        return False
    try:
        with urllib.request.urlopen(url + "/", timeout=timeout) as answer:  # noqa: S310 - https only, checked above
            return answer.status == 200
    except (urllib.error.URLError, OSError, ValueError):
        return False


def reachable_requirements(source: Path, folder: Path) -> Path:
    """The requirement file to hand to pip: a copy in `folder` without PyTorch's index where that cannot be reached.

    pip asks every index for every package and waits for each, so an index that does not answer would take minutes;
    the wheels may still come from the user's own index or folder of wheels (pip's ``find-links``).
    """
    text = source.read_text(encoding="utf-8")
    indexes = _INDEX_LINE.findall(text)
    if all(index_answers(url) for url in indexes):
        return source
    copy = folder / source.name
    copy.write_text(_INDEX_LINE.sub("", text), encoding="utf-8")
    return copy


def disk_needed(accelerator: str) -> int:
    """Bytes that must be free to install a runtime: the unpacked libraries and, beside them, what was downloaded."""
    return DISK_BYTES[accelerator] + DISK_BYTES[accelerator] // 2


def candidates(accelerator: str, *, system: str | None = None) -> list[str]:
    """Those of `ACCELERATORS` to try, best first: the registry's build on Linux serves a CPU too, only it is larger."""
    system = system or platform.system()
    order = [accelerator]
    if system == "Linux" and accelerator == "cpu":
        order.append("cuda")
    if system == "Windows" and accelerator == "cuda":
        order.append("cpu")
    return order


def package_count(requirements: Path) -> int:
    """How many packages a requirement file lists (for a progress bar; markers are not weighed)."""
    lines = requirements.read_text(encoding="utf-8").splitlines()
    return sum(1 for line in lines if line and line[0].isalnum())


def lock_hash(files: Sequence[Path]) -> str:
    """Short hash of requirement files: names a runtime folder, tells whether an environment is up to date."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]
