"""One file a method: what its own program writes for a photo, made an upright mesh.

A folder of results is read by the adapter whose key its name begins with, for example ``deca`` and ``deca-detail`` by
DECA's; by `plain` where there is none.
"""

from __future__ import annotations

from typing import Final

from ..method_mesh import Adapter
from . import deca, deep3d, emoca, fitted, hifi3dface, mgcnet, mica, plain, prnet, seif, tddfa_v2

PLAIN: Final = "plain"

ADAPTERS: Final[dict[str, Adapter]] = {
    "prnet": prnet.ADAPTER,
    "deep3d": deep3d.ADAPTER,
    "3ddfa": tddfa_v2.ADAPTER,
    "mgcnet": mgcnet.ADAPTER,
    "deca": deca.ADAPTER,
    "hifi3d": hifi3dface.ADAPTER,
    "mica": mica.ADAPTER,
    "emoca": emoca.ADAPTER,
    "seif": seif.ADAPTER,
    PLAIN: plain.ADAPTER,
}
"""Adapters by the beginning of a folder's name, in the order of the paper's tables."""


OWN: Final = {"mean": fitted.ADAPTER, "fit": fitted.ADAPTER}
"""Adapters by a folder's whole name: FitMe is another method."""


def adapter_of(folder_name: str) -> Adapter:
    """The adapter for a folder of results."""
    plain_name = folder_name.lower()
    if plain_name in OWN:
        return OWN[plain_name]
    return next((one for key, one in ADAPTERS.items() if plain_name.startswith(key)), ADAPTERS[PLAIN])
