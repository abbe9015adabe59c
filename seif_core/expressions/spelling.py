"""How the ARKit keys are spelled: by Apple, by Live Link, or with ``_L`` and ``_R``.

Convention: the names of `arkit.ARKIT_52` are the canonical ones. Worked example: ``mouthSmileLeft`` (apple) is
``MouthSmileLeft`` in Unreal's Live Link (livelink) and ``mouthSmile_L`` in the form that three.js, Face Cap and several
character makers use (short). ``jawLeft`` and ``mouthLeft`` say where something moves, not on which side something is:
they keep their name in the short spelling.

Sources: Live Link's names stand in
https://dev.epicgames.com/documentation/en-us/unreal-engine/recording-face-animation-on-ios-device-in-unreal-engine, the
short ones, beside Apple's, in the table `blendshapesMap` of
https://github.com/mrdoob/three.js/blob/dev/examples/webgl_morphtargets_webcam.html
"""

from __future__ import annotations

from typing import Final

from .arkit import ARKIT_52

DIRECTIONS: Final = ("jawLeft", "jawRight", "mouthLeft", "mouthRight")
"""Movements of a middle part to a side; they have no side themselves."""


def spelled(name: str, spelling: str) -> str:
    """A canonical ARKit name in a spelling of `expression_choice.SPELLINGS`; other sets' names are returned as is."""
    if name not in _KNOWN:
        return name
    return _SPELL[spelling](name)


def canonical(name: str) -> str:
    """Apple's name of a key in any spelling; a name that is none of ARKit's is returned as it is."""
    return _CANONICAL.get(name, name)


def _live_link(name: str) -> str:
    return name[0].upper() + name[1:]


def _short(name: str) -> str:
    if name in DIRECTIONS:
        return name
    for side, letter in (("Left", "_L"), ("Right", "_R")):
        if name.endswith(side):
            return name.removesuffix(side) + letter
    return name


_SPELL: Final = {"apple": str, "livelink": _live_link, "short": _short}
_KNOWN: Final = frozenset(ARKIT_52)
_CANONICAL: Final = {spell(name): name for name in ARKIT_52 for spell in _SPELL.values()}
