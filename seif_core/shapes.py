"""Array annotations: jaxtyping where it is installed, plain `object` where it is not (inside Blender's Python)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Float32, Float64, Int, Int32, Int64, Integer, UInt8
else:
    try:
        from jaxtyping import Bool, Float, Float32, Float64, Int, Int32, Int64, Integer, UInt8
    except ImportError:  # Blender ships numpy alone; annotations are checked in the tests, not there

        class _Any:
            def __class_getitem__(cls, _item: object) -> type:
                return object

        Bool = Float = Float32 = Float64 = Int = Int32 = Int64 = Integer = UInt8 = _Any

__all__ = ["Bool", "Float", "Float32", "Float64", "Int", "Int32", "Int64", "Integer", "UInt8"]
