"""The rules of the house that no linter checks: one test a rule, which lists all offenders."""

from __future__ import annotations

import ast
import hashlib
import re
import shutil
import subprocess
import sys

import pytest
from source_tree import ADD_ON, CORE, EVERY, ROOT, calls, imports, name, tree_of

LONGEST = 500
MACHINE_PATH = re.compile(r"/(?:root|work|home/\w+|opt/pypi\S*)/|[A-Z]:\\Users\\")
BLENDER = {"bpy", "mathutils", "bmesh", "seif_blender"}
HEAVY = {"torch", "cv2", "skimage", "scipy", "trimesh", "igl"}


def test_core_never_imports_blender():
    assert not [(name(p), i.module) for p in CORE for i in imports(p) if i.module.split(".")[0] in BLENDER]


def test_core_imports_itself_only_relatively():
    assert not [
        (name(p), i.module) for p in CORE for i in imports(p) if i.level == 0 and i.module.split(".")[0] == "seif_core"
    ]


def test_add_on_never_imports_heavy_libraries():
    assert not [(name(p), i.module) for p in ADD_ON for i in imports(p) if i.module.split(".")[0] in HEAVY]


def test_packages_do_not_print():
    assert not [
        name(p) for p in (*CORE, *ADD_ON) for c in calls(p) if isinstance(c.func, ast.Name) and c.func.id == "print"
    ]


def test_packages_load_no_pickles():
    offenders = []
    for path in (*CORE, *ADD_ON):
        for call in calls(path):
            if not (isinstance(call.func, ast.Attribute) and call.func.attr == "load"):
                continue
            owner = ast.unparse(call.func.value)
            keywords = {k.arg: ast.unparse(k.value) for k in call.keywords}
            if (
                owner == "pickle"
                or (owner == "torch" and keywords.get("weights_only") != "True")
                or (owner == "np" and keywords.get("allow_pickle", "False") != "False")
            ):
                offenders.append((name(path), call.lineno))
    assert not offenders


def test_no_error_is_swallowed_whatever_it_is():
    offenders = []
    for path in (*CORE, *ADD_ON):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ExceptHandler):
                caught = "" if node.type is None else ast.unparse(node.type)
                raises_again = any(isinstance(n, ast.Raise) for n in ast.walk(node))
                if caught in {"", "Exception"} or (caught == "BaseException" and not raises_again):
                    offenders.append((name(path), node.lineno))
    assert not offenders


def test_files_hold_one_concept():
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in EVERY}
    assert not {path: lines for path, lines in lengths.items() if lines > LONGEST}


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


def test_light_modules_load_no_torch():
    light = ("seif_core", "seif_core.head", "seif_core.geometry.camera", "seif_core.errors", "seif_core.headmodel")
    for module in (*light, "seif_blender"):
        code = f"import sys, {module}; assert not {{'torch', 'cv2', 'skimage', 'igl'}} & set(sys.modules), '{module}'"
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_every_folder_is_a_package_that_says_what_it_is_for():
    packages = {path.parent for path in CORE if path.parent != ROOT / "seif_core"}
    assert not [name(p) for p in packages if not (p / "__init__.py").exists()]
    assert not [name(p) for p in packages if not ast.get_docstring(tree_of(p / "__init__.py"))]


def test_everything_that_ships_has_its_licence_told():
    from seif_core.info import SHIPPED_LICENCES

    told = (ROOT / "vendor" / "README.md").read_text(encoding="utf-8")
    folders = [path for path in (ROOT / "vendor").iterdir() if path.is_dir()]
    assert not [f.name for f in folders if f.name not in SHIPPED_LICENCES or f"## {f.name}" not in told]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert not [name(f) for f in files if hashlib.sha256(f.read_bytes()).hexdigest() not in told]


def test_tests_are_laid_out_as_the_source_is():
    rooms = {path.name for path in (ROOT / "seif_core").iterdir() if path.is_dir()}
    others = {"blender", "head", "house", "pipeline", "real_window", "support"}
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders <= rooms | others
    assert not [name(p) for p in (ROOT / "tests").glob("test_*.py")]
