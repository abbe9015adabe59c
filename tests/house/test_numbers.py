"""Numbers that decide something have a name and a sentence: one test a rule, which lists all offenders."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

from source_tree import ADD_ON, CORE, name, tree_of

RUNTIME = tuple(p for p in (*CORE, *ADD_ON) if "workshop" not in p.parts)
PLAIN = {0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 90.0, 180.0, 360.0, 127.5, 128.0, 255.0, 256.0}
GUARD = 1e-6


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


def is_plain(value: float) -> bool:
    value = abs(value)
    return value <= GUARD or value in PLAIN or (value >= 10 and value == 10.0 ** (len(f"{value:.0f}") - 1))


def is_step(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".step") and bool(node.args)


def unnamed_numbers(path: Path) -> Iterator[str]:
    for function in ast.walk(tree_of(path)):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        shares = {id(call.args[0]) for call in ast.walk(function) if is_step(call)}
        body = [function.body] if isinstance(function, ast.Lambda) else function.body
        for node in (n for part in body for n in ast.walk(part)):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, float) or id(node) in shares:
                continue
            if not is_plain(node.value):
                yield f"{name(path)}:{node.lineno} {node.value!r}"


def test_constants_of_a_module_have_a_sentence():
    """What a number means, its unit and where it comes from stands in a docstring right below it.

    Constants that follow each other line by line belong together: one docstring below the last speaks for all.
    """
    assert not [offender for path in RUNTIME for offender in constants_without_a_sentence(path)]


def test_numbers_inside_functions_have_names():
    """A float inside a function is a constant of the module or a field of a settings class, unless it decides nothing.

    Free are small whole numbers, halves and quarters (means, centres, signs), powers of ten from 10 up (units, per
    cent), whole turns and their parts in degrees, the codes of eight bits and their middle, guards against division by
    zero (at most 1e-6), how full a progress bar is (`Progress.step`), and what a function's own parameter is if nobody
    says otherwise: that number has the parameter's name.
    """
    assert not sorted({offender for path in RUNTIME for offender in unnamed_numbers(path)})
