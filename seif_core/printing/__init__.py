"""A head as one watertight solid for 3D printers; see docs/print.md. Its names are loaded when first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .files import write_solid
    from .parts import PrintPart, head_parts
    from .settings import PrintSettings
    from .solid import PrintSolid, print_solid

_HOME: Final = {
    "PrintPart": "parts",
    "PrintSettings": "settings",
    "PrintSolid": "solid",
    "head_parts": "parts",
    "print_solid": "solid",
    "write_solid": "files",
}

__all__ = ["PrintPart", "PrintSettings", "PrintSolid", "head_parts", "print_solid", "write_solid"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
