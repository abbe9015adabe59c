"""What the photo shows of the head, found once: light, skin, hair, ears under hair.

Importing the package loads no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .ear_occlusion import EarOcclusion
    from .photo_evidence import PhotoEvidence, look_at_photo
    from .settings import EvidenceSettings

_HOME: Final = {
    "EarOcclusion": "ear_occlusion",
    "EvidenceSettings": "settings",
    "PhotoEvidence": "photo_evidence",
    "look_at_photo": "photo_evidence",
}

__all__ = ["EarOcclusion", "EvidenceSettings", "PhotoEvidence", "look_at_photo"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
