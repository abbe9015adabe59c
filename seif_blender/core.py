"""The one bridge to `seif_core`: a subpackage inside the installed extension, a neighbour in the repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seif_core import __version__, errors
    from seif_core.camera import Camera
    from seif_core.head import FORMAT_VERSION, Head
    from seif_core.headmodel.skinning import joint_transforms
    from seif_core.headmodel.topology import JOINT_NAMES, JOINT_PARENTS, PART_NAMES
else:
    try:
        from .seif_core import __version__, errors
        from .seif_core.camera import Camera
        from .seif_core.head import FORMAT_VERSION, Head
        from .seif_core.headmodel.skinning import joint_transforms
        from .seif_core.headmodel.topology import JOINT_NAMES, JOINT_PARENTS, PART_NAMES
    except ModuleNotFoundError as missing:
        if missing.name != f"{__package__}.seif_core":
            raise
        from seif_core import __version__, errors
        from seif_core.camera import Camera
        from seif_core.head import FORMAT_VERSION, Head
        from seif_core.headmodel.skinning import joint_transforms
        from seif_core.headmodel.topology import JOINT_NAMES, JOINT_PARENTS, PART_NAMES

__all__ = [
    "FORMAT_VERSION",
    "JOINT_NAMES",
    "JOINT_PARENTS",
    "PART_NAMES",
    "Camera",
    "Head",
    "__version__",
    "errors",
    "joint_transforms",
]
