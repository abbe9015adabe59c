"""Names of a package that are loaded when they are first used, so that importing the package loads no torch."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


def later(package: str, **names: str) -> Callable[[str], Any]:
    """The function that a package calls ``__getattr__`` (PEP 562).

    Args:
        package: its ``__name__``.
        names: for each of its modules the names that come from there, with blanks between them.
    """
    home = {name: module for module, known in names.items() for name in known.split()}

    def find(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f".{home[name]}", package), name)

    return find
