"""What each place of the skin may do while the model is drawn onto a surface: one table, and shares of its rows.

A place plays one or several roles, each by a share of 0..1 (`role_shares`); the table says what a role means:

| role             | follow | stiff | hold  | reach | where                                                        |
|------------------|--------|-------|-------|-------|--------------------------------------------------------------|
| `bare`           | 1      | 0     | prior | 0.045 | skin of the face; everywhere that no other role is played     |
| `neck`           | 1      | 0     | prior | 0.06  | the neck, about which landmarks say little                    |
| `beard`          | 1      | 0     | prior | 0.11  | the lower face                                                |
| `hair`           | 1      | 0     | 0     | 0.5   | scalp, nape, below the hairline; nowhere on a bald head       |
| `hollow`         | 0      | 1     | 0     |       | what is hardly seen: mouth, eye sockets, nostrils             |
| `rim`            | 0      | 0     | 0     |       | the open border of the neck, where surfaces are capped        |
| `lids`           | 0.03   | 1     | 0     |       |                                                              |
| `lips`           | 0.15   | 1     | 0     |       |                                                              |
| `mouth_interior` | 0      | 1     | 0     |       |                                                              |
| `ear_shown`      | 0.2    | 1     | 0.02  |       | an ear that the surface shows: it goes there as a whole       |
| `ear_unseen`     | 0      | 1     | 0.05  |       | one that it shows badly: keeps the fit's shape                |
| `ear_under_hair` | 1      | 0     | 0     |       | one that hair covers: a part of the hair                      |
| `skull`          | 0      | 0     | 1     |       | of a bald head: scalp and nape                                |

Where roles meet, the one that follows least and the stiffest decide; holds add up; reaches fade into each other. All
numbers were chosen by eye on the sample portraits and on the rough heads of `benchmarks/uniformize.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from ..headmodel.anatomy import anatomy_of
from ..shapes import Float
from .ears import Ears
from .role_shares import hairy_places, role_shares
from .settings import UniformizeSettings
from .skin_mesh import SkinMesh


class Role(NamedTuple):
    """What a place of the skin may do.

    Attributes:
        follow: weight of the surface, 0..1.
        stiff: stiffness from 0, as soft as can be, to 1, `UniformizeSettings.stiffness` times as stiff.
        hold: weight of the fit itself against the surface's 1; without one `UniformizeSettings.prior`, for as much as
            the place follows.
        reach: head heights from the fit within which the surface may be the place's own skin; None says nothing.
    """

    follow: float
    stiff: float
    hold: float | None
    reach: float | None


ROLES: Final[dict[str, Role]] = {
    "bare": Role(1.0, 0.0, None, 0.045),
    "neck": Role(1.0, 0.0, None, 0.06),
    "beard": Role(1.0, 0.0, None, 0.11),
    "hair": Role(1.0, 0.0, 0.0, 0.5),
    "hollow": Role(0.0, 1.0, 0.0, None),
    "rim": Role(0.0, 0.0, 0.0, None),
    "lids": Role(0.03, 1.0, 0.0, None),
    "lips": Role(0.15, 1.0, 0.0, None),
    "mouth_interior": Role(0.0, 1.0, 0.0, None),
    "ear_shown": Role(0.2, 1.0, 0.02, None),
    "ear_unseen": Role(0.0, 1.0, 0.05, None),
    "ear_under_hair": Role(1.0, 0.0, 0.0, None),
    "skull": Role(0.0, 0.0, 1.0, None),
}
"""The table of this module's docstring, in its order; reaches fade in this order too."""

_EARS: Final = ("ear_shown", "ear_unseen", "ear_under_hair")
"""Roles that share out one ear among them; all others may overlap."""
_FADE_RINGS: Final = 2
"""Rings over which stiffness and the hold of ears fade."""
_SHAVEN: Final = 0.002
"""Metres that a bald head's skin may rise above the fit where hair may grow: the rest is beard, brow or fringe."""
_SLOPE: Final = 0.015
"""Metres that it may rise more where the places of hair fade out."""
_FREE: Final = 1.0
"""Metres: no limit."""


@dataclass(frozen=True, eq=False)
class VertexRoles:
    """The roles of a skin's S vertices, and what follows from them.

    Attributes:
        shares: (S,) in 0..1 for each name of `ROLES`.
        data: (S,) 0..1, how much a vertex follows the surface.
        stiffness: (S,) 1 and more.
        hold: (S,) weight of the fit.
        ceiling: (S,) metres, how far it may rise above the fit.
        reach: (S,) metres from the fit beyond which the surface is something else.
        bare: (S,) in 0..1, 1 where no hair of the head grows, which may be inclined in any way.
    """

    shares: dict[str, Float[np.ndarray, " S"]]
    data: Float[np.ndarray, " S"]
    stiffness: Float[np.ndarray, " S"]
    hold: Float[np.ndarray, " S"]
    ceiling: Float[np.ndarray, " S"]
    reach: Float[np.ndarray, " S"]
    bare: Float[np.ndarray, " S"]


def vertex_roles(
    skin: SkinMesh, settings: UniformizeSettings, exposed: Float[np.ndarray, " S"], ears: Ears | None = None
) -> VertexRoles:
    """The roles of a model's skin.

    Args:
        skin: the skin.
        settings: what was chosen.
        exposed: (S,) its `exposure`.
        ears: how they are seen; shown wholly where left out.
    """
    shares = role_shares(skin, settings, exposed, ears or Ears.shown_wholly(skin))
    data, bare = _follow(shares), 1 - shares["hair"]
    return VertexRoles(
        shares=shares,
        data=data,
        stiffness=np.exp(np.log(settings.stiffness) * _stiff(skin, shares)),
        hold=_hold(skin, shares, settings) + settings.prior * data * bare,
        ceiling=np.full(len(data), _FREE) if settings.hair else _ceiling(skin),
        reach=anatomy_of(skin.model).head_height * _reach(shares),
        bare=bare,
    )


def _follow(shares: dict[str, np.ndarray]) -> Float[np.ndarray, " S"]:
    kept_back = {name: (1 - role.follow) * shares[name] for name, role in ROLES.items()}
    ear = sum((kept_back.pop(name) for name in _EARS), start=np.zeros(()))
    return 1 - np.maximum(ear, np.max(list(kept_back.values()), axis=0))


def _stiff(skin: SkinMesh, shares: dict[str, np.ndarray]) -> Float[np.ndarray, " S"]:
    stiff = {name: role.stiff * shares[name] for name, role in ROLES.items()}
    ear = sum((stiff.pop(name) for name in _EARS), start=np.zeros(()))
    return skin.faded(np.maximum(ear, np.max(list(stiff.values()), axis=0)), _FADE_RINGS)


def _hold(skin: SkinMesh, shares: dict[str, np.ndarray], settings: UniformizeSettings) -> Float[np.ndarray, " S"]:
    """The holds that the table tells, without the prior."""
    held = {name: role.hold * shares[name] for name, role in ROLES.items() if role.hold}
    ear = [skin.faded(held.pop(name), _FADE_RINGS) for name in _EARS if name in held]
    return sum(held.values(), start=np.zeros(len(skin.ids))) + settings.ear_hold * settings.hair * sum(ear)


def _reach(shares: dict[str, np.ndarray]) -> Float[np.ndarray, " S"]:
    """Head heights; on a logarithmic scale each role draws what stands before it towards its own by its share."""
    reach = np.ones(len(shares["bare"]))
    for name, role in ROLES.items():
        if role.reach is not None:
            reach = reach * (role.reach / reach) ** shares[name]
    return reach


def _ceiling(skin: SkinMesh) -> Float[np.ndarray, " S"]:
    hairy = hairy_places(skin)
    return np.where(hairy > 0, _SHAVEN + _SLOPE * (1 - hairy) ** 2, _FREE)
