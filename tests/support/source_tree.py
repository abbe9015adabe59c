"""The project's source files as syntax trees, each read once, for tests of rules that no linter checks."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
CORE: Final = tuple(sorted((ROOT / "seif_core").rglob("*.py")))
ADD_ON: Final = tuple(sorted((ROOT / "seif_blender").rglob("*.py")))
EVERY: Final = (
    *CORE,
    *ADD_ON,
    ROOT / "build.py",
    *sorted((ROOT / "tools").glob("*.py")),
    *sorted((ROOT / "benchmarks").glob("*.py")),
    *sorted((ROOT / "tests").rglob("*.py")),
)


@dataclass(frozen=True)
class Import:
    """One import of one module.

    Attributes:
        module: absolute name, for example ``seif_core.geometry.edges`` or ``numpy``.
        level: 0 for an absolute import, dots of a relative one.
        eager: whether it runs when the importing module is imported.
        typing_only: whether only type checkers see it.
    """

    module: str
    level: int
    eager: bool
    typing_only: bool = False


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def modules() -> frozenset[str]:
    return frozenset(module_name(path) for path in (*CORE, *ADD_ON))


def imports(path: Path) -> list[Import]:
    """Every import of a file, wherever it stands; names of submodules count as the submodule."""
    found: list[Import] = []
    _collect(tree_of(path), path, eager=True, typing_only=False, found=found)
    return found


def _collect(node: ast.AST, path: Path, *, eager: bool, typing_only: bool, found: list[Import]) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            found.extend(Import(alias.name, 0, eager, typing_only) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            base = _absolute(child, path)
            for alias in child.names:
                inner = f"{base}.{alias.name}"
                found.append(Import(inner if inner in modules() else base, child.level, eager, typing_only))
        runs = not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        checked = typing_only or (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test))
        _collect(child, path, eager=eager and runs and not checked, typing_only=checked, found=found)


def _absolute(node: ast.ImportFrom, path: Path) -> str:
    if node.level == 0:
        return node.module or ""
    parts = module_name(path).split(".")
    own = parts if path.name == "__init__.py" else parts[:-1]
    base = own[: len(own) - (node.level - 1)]
    return ".".join([*base, *([node.module] if node.module else [])])


def calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)]
