"""The drawing of rooms in docs/code-structure.md: every arrow points down, and no circle hides in late imports."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from source_tree import CORE, ROOT, imports, name

PAGE = ROOT / "docs" / "code-structure.md"
LINE = re.compile(r"^\s*(\d+)\s+(.+)$")


@lru_cache(maxsize=1)
def floors() -> dict[str, int]:
    """Room -> floor, from the block ```floors of the page."""
    block = PAGE.read_text(encoding="utf-8").split("```floors\n")[1].split("```")[0]
    found: dict[str, int] = {}
    for line in filter(None, map(LINE.match, block.splitlines())):
        for room in line[2].split():
            assert room not in found, f"{room} is drawn twice"
            found[room] = int(line[1])
    return found


def room_of(module: str) -> str | None:
    """First part of a module below `seif_core`; the package itself, its version, is no room."""
    parts = module.split(".")
    return parts[1] if parts[0] == "seif_core" and len(parts) > 1 else None


def arrows() -> list[tuple[Path, str, str, bool]]:
    found = []
    for path in CORE:
        parts = path.relative_to(ROOT / "seif_core").with_suffix("").parts
        own = parts[0]
        for one in imports(path):
            other = room_of(one.module)
            if other and own not in {other, "__init__"} and one.module != "seif_core" and not one.typing_only:
                found.append((path, own, other, one.eager))
    return found


def test_every_room_is_drawn_and_every_drawn_room_is_there():
    rooms = {p.relative_to(ROOT / "seif_core").with_suffix("").parts[0] for p in CORE} - {"__init__"}
    assert rooms == set(floors())


def test_every_arrow_points_down():
    level = floors()
    assert not sorted({(name(p), f"{a} -> {b}") for p, a, b, _ in arrows() if level[a] <= level[b]})


def test_modules_import_each_other_in_no_circle():
    """Eagerly: what an import runs. Packages whose `__init__` delegates count as their own module."""
    from source_tree import module_name

    graph = {module_name(p): {i.module for i in imports(p) if i.eager} for p in CORE}
    done: set[str] = set()
    circles: list[list[str]] = []

    def visit(module: str, way: list[str]) -> None:
        if module in way:
            circles.append([*way[way.index(module) :], module])
            return
        if module in done or module not in graph:
            return
        for other in sorted(graph[module]):
            visit(other, [*way, module])
        done.add(module)

    for module in sorted(graph):
        visit(module, [])
    assert not circles


def test_geometry_knows_nothing_of_heads():
    allowed = {"geometry", "errors", "shapes"}
    folder = ROOT / "seif_core" / "geometry"
    found = {(name(p), room_of(i.module)) for p in folder.rglob("*.py") for i in imports(p)}
    offenders = [(path, room) for path, room in found if room is not None and room not in allowed]
    assert not offenders


def test_nothing_that_runs_in_the_add_on_needs_the_workshop():
    offenders = [
        (name(p), i.module, i.eager)
        for p in CORE
        for i in imports(p)
        if room_of(i.module) == "workshop" and "workshop" not in p.parts and (i.eager or p.name != "cli.py")
    ]
    assert not offenders
