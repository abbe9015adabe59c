"""What the photo shows of the head, found once: light, skin, hair, ears under hair.

Importing the package loads no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..later import later

if TYPE_CHECKING:
    from .ear_occlusion import EarOcclusion
    from .photo_evidence import PhotoEvidence, look_at_photo
    from .settings import EvidenceSettings

__all__ = ["EarOcclusion", "EvidenceSettings", "PhotoEvidence", "look_at_photo"]

__getattr__ = later(
    __name__, ear_occlusion="EarOcclusion", photo_evidence="PhotoEvidence look_at_photo", settings="EvidenceSettings"
)
