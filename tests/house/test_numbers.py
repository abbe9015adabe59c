"""Numbers that decide something have a name and a sentence: one test a rule, which lists all offenders."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from source_tree import ADD_ON, CORE, name, tree_of

RUNTIME = tuple(p for p in (*CORE, *ADD_ON) if "workshop" not in p.parts)


def is_number(node: ast.expr) -> bool:
    """Whether an expression is a number, or a tuple or list of numbers, written out."""
    match node:
        case ast.Constant(value=value):
            return isinstance(value, int | float) and not isinstance(value, bool)
        case ast.UnaryOp(operand=operand):
            return is_number(operand)
        case ast.BinOp(left=left, right=right):
            return is_number(left) and is_number(right)
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return bool(elements) and all(is_number(e) for e in elements)
    return False


def is_text(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return bool(text.strip())
    return False


def constants_without_a_sentence(path: Path) -> Iterator[str]:
    group: list[tuple[str, int]] = []
    end = 0
    for statement in tree_of(path).body:
        if group and is_text(statement) and statement.lineno == end + 1:
            group = []
        match statement:
            case (
                ast.AnnAssign(target=ast.Name(id=target), value=value)
                | ast.Assign(targets=[ast.Name(id=target)], value=value)
            ) if value is not None and is_number(value):
                if statement.lineno != end + 1:
                    yield from (f"{name(path)}:{line} {offender}" for offender, line in group)
                    group = []
                group.append((target, statement.lineno))
                end = statement.end_lineno or statement.lineno
            case _:
                yield from (f"{name(path)}:{line} {offender}" for offender, line in group)
                group = []
    yield from (f"{name(path)}:{line} {offender}" for offender, line in group)


def test_constants_of_a_module_have_a_sentence():
    """What a number means, its unit and where it comes from stands in a docstring right below it.

    Constants that follow each other line by line belong together: one docstring below the last speaks for all.
    """
    assert not [offender for path in RUNTIME for offender in constants_without_a_sentence(path)]
