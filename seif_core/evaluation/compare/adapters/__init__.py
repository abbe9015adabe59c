"""What a method's own program writes for a photo, made an upright mesh: a row of `layouts`, or a file of its own.

A folder of results is read by the adapter whose key its name begins with, for example ``deca`` and ``deca-detail`` by
DECA's; by the plain one where there is none.
"""

from __future__ import annotations

from typing import Final

from ..method_mesh import Adapter
from . import layouts, prnet, seif

PLAIN: Final = "plain"

ADAPTERS: Final[dict[str, Adapter]] = {
    "prnet": prnet.ADAPTER,
    "deep3d": layouts.DEEP3D,
    "3ddfa": layouts.TDDFA_V2,
    "mgcnet": layouts.MGCNET,
    "deca": layouts.DECA,
    "hifi3d": layouts.HIFI3DFACE,
    "mica": layouts.MICA,
    "emoca": layouts.EMOCA,
    "seif": seif.ADAPTER,
    PLAIN: layouts.PLAIN,
}
"""Adapters by the beginning of a folder's name, in the order of the paper's tables."""


OWN: Final = {"mean": layouts.IN_PART, "fit": layouts.IN_PART}
"""Adapters by a folder's whole name: FitMe is another method."""


def adapter_of(folder_name: str) -> Adapter:
    """The adapter for a folder of results."""
    plain_name = folder_name.lower()
    if plain_name in OWN:
        return OWN[plain_name]
    return next((one for key, one in ADAPTERS.items() if plain_name.startswith(key)), ADAPTERS[PLAIN])
