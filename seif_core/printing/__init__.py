"""A head as one watertight solid for 3D printers; see docs/print.md. Its names are loaded when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..later import later

if TYPE_CHECKING:
    from .files import write_solid
    from .parts import PrintPart, head_parts
    from .settings import PrintSettings
    from .solid import PrintSolid, print_solid

__all__ = ["PrintPart", "PrintSettings", "PrintSolid", "head_parts", "print_solid", "write_solid"]

__getattr__ = later(
    __name__,
    files="write_solid",
    parts="PrintPart head_parts",
    settings="PrintSettings",
    solid="PrintSolid print_solid",
)
