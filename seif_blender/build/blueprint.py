"""What is to be built, in Blender's axes and ready to be handed to Blender: plain numbers, standard library only.

`plan` makes it from a `Head` with numpy; the other modules of this package make Blender's data of it without. Some
distributions ship a Blender whose Python has no numpy; there the worker's Python makes the blueprint, which travels as
text (`dumps`, `loads`).
"""

from __future__ import annotations

import base64
import json
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Final


@dataclass(frozen=True)
class MeshPlan:
    """The mesh.

    Attributes:
        points: 3 floats a vertex, metres.
        corners: vertex of each face corner, int.
        starts: first corner of each face, int.
        slots: material slot of each face, int.
        uvs: 2 floats a corner.
        confidence: 4 floats a vertex, red guessed, green seen, blue mirrored; empty for none.
    """

    points: array
    corners: array
    starts: array
    slots: array
    uvs: array
    confidence: array = field(default_factory=lambda: array("f"))


@dataclass(frozen=True)
class GroupPlan:
    """A vertex group, sorted into runs of equal weight.

    Attributes:
        name: name of the group.
        weights: weight of each run, float.
        starts: first member of each run, int.
        members: vertices, int.
    """

    name: str
    weights: array
    starts: array
    members: array


@dataclass(frozen=True)
class KeyPlan:
    """A shape key.

    Attributes:
        name: name of the key.
        points: 3 floats a vertex, metres, the vertices at value 1.
        low: least value of the slider.
        high: largest value of the slider.
    """

    name: str
    points: array
    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True)
class DriverPlan:
    """A key that follows a bone's rotation.

    Attributes:
        key: name of the key.
        bone: name of the bone.
        expression: simple expression in w, x, y, z, the bone's rotation as a unit quaternion in its own axes.
    """

    key: str
    bone: str
    expression: str


@dataclass(frozen=True)
class ProductPlan:
    """A key whose value follows those of two others, where their sum has to be corrected.

    Attributes:
        key: name of the key.
        first: name of the one key.
        second: name of the other.
        expression: simple expression in a and b, the two keys' values, and in w, x, y, z as in `DriverPlan` where there
            is a bone.
        bone: that does what the second key does as well, or none.
    """

    key: str
    first: str
    second: str
    expression: str = "a*b"
    bone: str = ""


@dataclass(frozen=True)
class SliderPlan:
    """A key that follows a custom property of the rig, from 0 to 1.

    Attributes:
        key: name of the key.
        property: name of the custom property.
        description: what the slider does, for its tooltip.
    """

    key: str
    property: str
    description: str


@dataclass(frozen=True)
class BonePlan:
    """A bone.

    Attributes:
        name: name of the bone.
        parent: name of its parent, empty for none.
        head: metres.
        tail: metres.
        roll_axis: direction that its Z axis is turned to.
        outline: 3 floats a point, metres: the closed line that it is shown as; empty for Blender's own display.
    """

    name: str
    parent: str
    head: tuple[float, ...]
    tail: tuple[float, ...]
    roll_axis: tuple[float, ...]
    outline: array = field(default_factory=lambda: array("f"))


@dataclass(frozen=True)
class CameraPlan:
    """The photo's camera.

    Attributes:
        matrix: 16 floats, row by row: the camera in the axes of the head object, metres.
        focal: pixels.
        cx: principal point, pixels from the left.
        cy: principal point, pixels from the top.
        width: of the photo, pixels.
        height: of the photo, pixels.
    """

    matrix: tuple[float, ...]
    focal: float
    cx: float
    cy: float
    width: int
    height: int


@dataclass(frozen=True)
class SkinnedPlan:
    """A mesh of the hair layer that hangs on the head's rig.

    Attributes:
        mesh: see `MeshPlan`.
        groups: vertex groups of the bones that move it.
        texture: PNG file with alpha.
    """

    mesh: MeshPlan
    groups: tuple[GroupPlan, ...]
    texture: bytes


@dataclass(frozen=True)
class StrandsPlan:
    """Guides of the hair.

    Attributes:
        points: 3 floats a point, metres, each strand from root to tip.
        sizes: points of each strand, int.
        root_uvs: 2 floats a strand, where its root stands in the head's UV map.
        seen: 1 where the photo shows the strand, else 0, int.
        area: square metres of skin on which hair grows.
        curly: whether they wind, so that strands between some of them would be straight.
        strips: 4 floats a strip of the cards' atlas: u of its left edge, v of the roots, u of its right edge, v of the
            tips; empty without an atlas.
        card_width: metres.
    """

    points: array
    sizes: array
    root_uvs: array
    seen: array
    area: float
    curly: bool
    strips: array
    card_width: float


@dataclass(frozen=True)
class HairPlan:
    """The hair layer.

    Attributes:
        colour: linear 0..1.
        shell: the closed surface.
        strands: guides, None for headwear.
        cards: ribbons, None where the layer has none.
    """

    colour: tuple[float, ...]
    shell: SkinnedPlan
    strands: StrandsPlan | None
    cards: SkinnedPlan | None


@dataclass(frozen=True)
class Origin:
    """Where a head comes from.

    Attributes:
        photo: file name of the source photo.
        photo_sha256: of its bytes.
        model: head model's name and version.
        licence: licence that applies to this head.
        attribution: sentence that names the model's source.
        format_version: of the head file.
    """

    photo: str
    photo_sha256: str
    model: str
    licence: str
    attribution: str
    format_version: int


@dataclass(frozen=True)
class HeightsPlan:
    """A displacement map.

    Attributes:
        picture: PNG file of 16 bits of grey; the middle is no displacement.
        metres: from black to white.
    """

    picture: bytes
    metres: float


@dataclass(frozen=True)
class Blueprint:
    """Everything that `head_object.build_blueprint` needs.

    Attributes:
        name: of the head.
        mesh: see `MeshPlan`.
        groups: vertex groups, the bones' first.
        keys: shape keys in order, without the basis.
        drivers: drivers of the pose correctives.
        products: keys that act where two others act together.
        sliders: keys that follow custom properties of the rig.
        bones: parents before their children.
        camera: the photo's camera.
        texture: PNG file, empty for none.
        light: Radiance HDR file of the photo's light on the texture, empty for none.
        relief: PNG file of the skin's normal map, empty for none.
        heights: the skin's displacement map, None for none.
        hair: the hair layer, None for a head without one.
        origin: where it comes from.
    """

    name: str
    mesh: MeshPlan
    groups: tuple[GroupPlan, ...]
    keys: tuple[KeyPlan, ...]
    drivers: tuple[DriverPlan, ...]
    products: tuple[ProductPlan, ...]
    sliders: tuple[SliderPlan, ...]
    bones: tuple[BonePlan, ...]
    camera: CameraPlan
    texture: bytes
    light: bytes
    relief: bytes
    heights: HeightsPlan | None
    hair: HairPlan | None
    origin: Origin


_CLASSES: Final[dict[str, Callable[..., Any]]] = {
    cls.__name__: cls
    for cls in (
        *(Blueprint, MeshPlan, GroupPlan, KeyPlan, DriverPlan, ProductPlan, SliderPlan, BonePlan, CameraPlan, Origin),
        HeightsPlan,
        *(SkinnedPlan, StrandsPlan, HairPlan),
    )
}
_KIND: Final = "kind"


def dumps(blueprint: Blueprint) -> str:
    """The blueprint as JSON text; arrays as base64 of the machine's own bytes, for a neighbour process only."""
    return json.dumps(blueprint, default=_plain)


def loads(text: str | bytes) -> Blueprint:
    """Read what `dumps` wrote.

    Raises:
        ValueError: the text is no blueprint.
    """
    try:
        made = json.loads(text, object_hook=_revive)
    except (KeyError, TypeError) as error:
        raise ValueError(f"no blueprint: {error}") from error
    if not isinstance(made, Blueprint):
        raise ValueError("no blueprint")  # noqa: TRY004 - it is the text that is wrong
    return made


def _plain(value: object) -> dict[str, Any]:
    if is_dataclass(value):
        return {_KIND: type(value).__name__} | {f.name: getattr(value, f.name) for f in fields(value)}
    if isinstance(value, array):
        return {_KIND: value.typecode, "data": base64.b64encode(value.tobytes()).decode()}
    if isinstance(value, bytes):
        return {_KIND: "bytes", "data": base64.b64encode(value).decode()}
    raise TypeError(f"{type(value).__name__} has no place in a blueprint")


def _revive(plain: dict[str, Any]) -> object:
    kind = plain.pop(_KIND)
    if kind in _CLASSES:
        return _CLASSES[kind](**{k: tuple(v) if isinstance(v, list) else v for k, v in plain.items()})
    data = base64.b64decode(plain["data"])
    return data if kind == "bytes" else array(kind, data)
