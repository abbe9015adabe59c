"""The rules of the house that no linter checks."""

from __future__ import annotations

import ast
import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = sorted((ROOT / "seif_core").rglob("*.py"))
ADD_ON = sorted((ROOT / "seif_blender").rglob("*.py"))
EVERY = [
    *CORE,
    *ADD_ON,
    ROOT / "build.py",
    *sorted((ROOT / "tools").glob("*.py")),
    *sorted((ROOT / "tests").glob("*.py")),
]
LONGEST = 500
MACHINE_PATH = re.compile(r"/(?:root|work|home/\w+|opt/pypi\S*)/|[A-Z]:\\Users\\")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> list[tuple[str, int]]:
    """(module, level) of every import, wherever it stands; level 0 is absolute."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(alias.name, 0) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append((node.module or "", node.level))
    return found


def calls(path: Path) -> list[ast.Call]:
    return [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)]


@pytest.mark.parametrize("path", CORE, ids=name)
def test_core_never_imports_blender_and_itself_only_relatively(path):
    for module, level in imports(path):
        assert module.split(".")[0] not in {"bpy", "mathutils", "bmesh", "seif_blender"}
        assert level > 0 or module.split(".")[0] != "seif_core"


@pytest.mark.parametrize("path", ADD_ON, ids=name)
def test_add_on_never_imports_torch(path):
    assert all(
        module.split(".")[0] not in {"torch", "cv2", "skimage", "scipy", "trimesh"} for module, _ in imports(path)
    )


@pytest.mark.parametrize("path", [*CORE, *ADD_ON], ids=name)
def test_packages_do_not_print_nor_load_pickles(path):
    for call in calls(path):
        if isinstance(call.func, ast.Name):
            assert call.func.id != "print"
        if isinstance(call.func, ast.Attribute) and call.func.attr == "load":
            owner = ast.unparse(call.func.value)
            keywords = {k.arg: ast.unparse(k.value) for k in call.keywords}
            assert owner != "pickle"
            if owner == "torch":
                assert keywords.get("weights_only") == "True"
            if owner == "np":
                assert keywords.get("allow_pickle", "False") == "False"


@pytest.mark.parametrize("path", [*CORE, *ADD_ON], ids=name)
def test_no_error_is_swallowed_whatever_it_is(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            caught = "" if node.type is None else ast.unparse(node.type)
            raises_again = any(isinstance(n, ast.Raise) for n in ast.walk(node))
            assert caught not in {"", "Exception"}
            assert caught != "BaseException" or raises_again


@pytest.mark.parametrize("path", EVERY, ids=name)
def test_files_hold_one_concept(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_nothing_names_a_folder_of_one_machine():
    git = shutil.which("git") or pytest.skip("git lists the files that count")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False).stdout.decode()
    paths = [ROOT / p for p in listed.split("\0") if p] or EVERY
    kinds = {".py", ".md", ".toml", ".txt", ".json", ".sh", ""}
    found = []
    for path in paths:
        if path.suffix not in kinds or not path.is_file() or path.name in {"LICENSE", "test_house.py"}:
            continue
        found += [
            name(path)
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
            if MACHINE_PATH.search(line)
        ]
    assert not found


@pytest.mark.parametrize(
    "module",
    [
        "seif_core",
        "seif_core.head",
        "seif_core.geometry.camera",
        "seif_core.errors",
        "seif_core.headmodel",
        "seif_blender",
    ],
)
def test_light_modules_load_no_torch(module):
    code = f"import sys, {module}; assert not {{'torch', 'cv2', 'skimage'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize("package", sorted({p.parent for p in CORE if p.parent != ROOT / "seif_core"}), ids=name)
def test_every_folder_is_a_package_that_says_what_it_is_for(package):
    assert ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8")))


def test_everything_that_ships_has_its_licence_told():
    from seif_core.info import SHIPPED_LICENCES

    told = (ROOT / "vendor" / "README.md").read_text(encoding="utf-8")
    for folder in (path for path in (ROOT / "vendor").iterdir() if path.is_dir()):
        assert folder.name in SHIPPED_LICENCES
        assert f"## {folder.name}" in told
        for path in (p for p in folder.rglob("*") if p.is_file()):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            assert digest in told, f"vendor/README.md has another sum for {path.name}"
