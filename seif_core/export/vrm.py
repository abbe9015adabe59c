"""A VRM 1.0 avatar out of a glTF document with a head: humanoid, expressions, gaze, licence.

Works on the JSON alone, so that it takes a document of this library's writer and one of Blender's exporter. VRM wants a
whole body; bones below the neck are stubs without a mesh, in a T pose of usual proportions, with the feet on y = 0.
The head's joints are lifted with them; inverse bind matrices stay, which moves the mesh by as much.

Sources: VRM Consortium, VRMC_vrm-1.0 (https://github.com/vrm-c/vrm-specification): README, humanoid, expressions,
lookAt, firstPerson, meta. Proportions: Drillis and Contini, Body segment parameters, 1966, as shares of the stature.

Convention: glTF's axes, metres; a VRM 1.0 avatar looks towards +Z with its left at +X, as the head does. Worked number:
a neck joint 1.44 m above the ground belongs to a stature of 1.65 m, whose hips are at 0.875 m.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from ..errors import SettingsError
from ..expressions.vrm import VRM_PRESETS

EXTENSION: Final = "VRMC_vrm"
LICENCE_URL: Final = "https://vrm.dev/licenses/1.0/"
KEY_PREFIX: Final = "vrm_"
"""What the morph targets of the set ``vrm`` begin with (`expressions.named_keys`)."""

STATURE: Final = 1.65
"""Metres: between the mean of women and men; the stubs carry no mesh, so nobody sees it."""
NECK_SHARE: Final = 0.87
"""Height of the base of the neck as a share of the stature."""
_TRUNK: Final = (("hips", None, 0.53), ("spine", "hips", 0.60), ("chest", "spine", 0.70))
_LIMBS: Final = (
    ("UpperArm", "chest", 0.11, 0.818), ("LowerArm", "UpperArm", 0.296, 0.818), ("Hand", "LowerArm", 0.442, 0.818),
    ("UpperLeg", "hips", 0.052, 0.52), ("LowerLeg", "UpperLeg", 0.052, 0.285), ("Foot", "LowerLeg", 0.052, 0.039),
)  # fmt: skip
"""Bones of the body with their parents: height, and before it the distance from the middle, as shares of the stature.
Heights of hips, shoulders, knees and ankles and the lengths of the arms are Drillis and Contini's; spine, chest and
widths are chosen by eye."""

_SIDES: Final = ((1.0, "left"), (-1.0, "right"))
_MOST_GAZE: Final = {"Inner": 25.0, "Outer": 25.0, "Down": 20.0, "Up": 20.0}
"""Degrees that eyes turn: what ARKit's look keys reach, rounded."""
_INPUT: Final = 90.0
"""Degrees of the target's direction at which eyes are turned as far as they go: straight to the side, up or down."""
_EMOTIONS_THAT_CLOSE: Final = ("happy", "relaxed", "surprised")
"""Emotions that move the lids: a blink on top would close them twice."""


@dataclass(frozen=True)
class VrmMeta:
    """The licence of an avatar, as strict as VRM knows it unless the user says otherwise.

    Attributes:
        name: of the avatar.
        authors: who made it, at least one.
        third_party: licences and sources of what it is made of.
        copyright_words: whose it is.
        references: where it comes from.
    """

    name: str
    authors: tuple[str, ...]
    third_party: str = ""
    copyright_words: str = ""
    references: tuple[str, ...] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        """Check the authors.

        Raises:
            SettingsError: there is none.
        """
        if not any(author.strip() for author in self.authors):
            raise SettingsError("A VRM avatar names its author; give one with --author.")

    def as_json(self) -> dict[str, Any]:
        """The extension's object ``meta``."""
        optional = {
            "copyrightInformation": self.copyright_words,
            "thirdPartyLicenses": self.third_party,
            "references": list(self.references),
        }
        return {
            "name": self.name,
            "version": "1",
            "authors": [author for author in self.authors if author.strip()],
            **{name: value for name, value in optional.items() if value},
            "licenseUrl": LICENCE_URL,
            "avatarPermission": "onlyAuthor",
            "allowExcessivelyViolentUsage": False,
            "allowExcessivelySexualUsage": False,
            "commercialUsage": "personalNonProfit",
            "allowPoliticalOrReligiousUsage": False,
            "allowAntisocialOrHateUsage": False,
            "creditNotation": "required",
            "allowRedistribution": False,
            "modification": "prohibited",
        }


def add_vrm(document: dict[str, Any], meta: VrmMeta) -> None:
    """Make an avatar of a document whose joints bear the names `presets.VRM_BONES`; it is changed in place.

    Args:
        document: the glTF object of a head.
        meta: name, authors, licence.

    Raises:
        SettingsError: the document lacks one of the joints, or the keys of an expression.
    """
    nodes = document["nodes"]
    bones = _head_bones(nodes)
    bones |= _add_body(document, bones["neck"])
    extension = {
        "specVersion": "1.0",
        "meta": meta.as_json(),
        "humanoid": {"humanBones": {name: {"node": node} for name, node in sorted(bones.items())}},
        "firstPerson": {
            "meshAnnotations": [
                {"node": i, "type": "thirdPersonOnly"} for i, node in enumerate(nodes) if "mesh" in node
            ]
        },
        "lookAt": _look_at(nodes, bones),
        "expressions": _expressions(document),
    }
    document["extensions"] = {**document.get("extensions", {}), EXTENSION: extension}
    document["extensionsUsed"] = [*document.get("extensionsUsed", []), EXTENSION]


def _head_bones(nodes: list[dict[str, Any]]) -> dict[str, int]:
    from .presets import VRM_BONES

    found = {node["name"]: i for i, node in enumerate(nodes) if node.get("name") in VRM_BONES and "mesh" not in node}
    missing = [name for name in VRM_BONES if name not in found]
    if missing:
        raise SettingsError(f"The head has no joint named {missing[0]}, which an avatar needs; export it anew.")
    return found


def _add_body(document: dict[str, Any], neck: int) -> dict[str, int]:
    """Append stubs of the body and hang the neck on them; returns the nodes of the humanoid bones."""
    nodes, scene = document["nodes"], document["scenes"][document.get("scene", 0)]
    top = _above(nodes, neck)
    base = [sum(column) for column in zip(*(nodes[n].get("translation", [0, 0, 0]) for n in top), strict=True)]
    found: dict[str, int] = {}

    def add(name: str, parent: str | None, place: tuple[float, float, float]) -> None:
        before = places[parent] if parent is not None else (0.0, 0.0, 0.0)
        places[name] = place
        offset = [round(a - b, 6) for a, b in zip(place, before, strict=True)]
        nodes.append({"name": name, "translation": offset})
        found[name] = len(nodes) - 1
        if parent is not None:
            nodes[found[parent]].setdefault("children", []).append(found[name])

    places: dict[str, tuple[float, float, float]] = {}
    depth = base[2]
    for name, parent, height in _TRUNK:
        add(name, parent, (0.0, height * STATURE, depth))
    for sign, side in _SIDES:
        for name, parent, across, height in _LIMBS:
            above = parent if parent in places else f"{side}{parent}"
            add(f"{side}{name}", above, (sign * across * STATURE, height * STATURE, depth))
    lifted = NECK_SHARE * STATURE
    chest, own = places["chest"], nodes[top[0]].get("translation", [0, 0, 0])
    lift = (0.0, lifted - base[1], 0.0)
    nodes[top[0]]["translation"] = [o + up - c for o, up, c in zip(own, lift, chest, strict=True)]
    nodes[found["chest"]].setdefault("children", []).append(top[0])
    scene["nodes"] = [*(n for n in scene["nodes"] if n != top[0]), found["hips"]]
    return found


def _above(nodes: list[dict[str, Any]], node: int) -> list[int]:
    """A node and what it hangs on, the uppermost first."""
    chain = [node]
    while True:
        parent = next((i for i, other in enumerate(nodes) if chain[0] in other.get("children", [])), None)
        if parent is None:
            return chain
        chain.insert(0, parent)


def _look_at(nodes: list[dict[str, Any]], bones: dict[str, int]) -> dict[str, Any]:
    eyes = [nodes[bones[f"{side}Eye"]]["translation"] for _, side in _SIDES]
    ranges = {
        "rangeMapHorizontalInner": "Inner",
        "rangeMapHorizontalOuter": "Outer",
        "rangeMapVerticalDown": "Down",
        "rangeMapVerticalUp": "Up",
    }
    return {
        "type": "bone",
        "offsetFromHeadBone": [round((a + b) / 2, 6) for a, b in zip(*eyes, strict=True)],
        **{name: {"inputMaxValue": _INPUT, "outputScale": _MOST_GAZE[way]} for name, way in ranges.items()},
    }


def _expressions(document: dict[str, Any]) -> dict[str, Any]:
    """VRM's presets, bound to keys of the set ``vrm`` or else to the ARKit keys that they are made of."""
    mesh_node = next(i for i, node in enumerate(document["nodes"]) if _targets(document, node))
    names = _targets(document, document["nodes"][mesh_node])
    number = {name: i for i, name in enumerate(names)}
    presets = {}
    for name, combination in VRM_PRESETS.items():
        wanted = {f"{KEY_PREFIX}{name}": 1.0} if f"{KEY_PREFIX}{name}" in number else combination
        missing = [key for key in wanted if key not in number]
        if missing:
            raise SettingsError(f"The head has no key {missing[0]}, of which VRM's {name} is made; export it anew.")
        binds = [{"node": mesh_node, "index": number[key], "weight": weight} for key, weight in wanted.items()]
        presets[name] = {
            "morphTargetBinds": binds,
            "isBinary": False,
            "overrideBlink": "blend" if name in _EMOTIONS_THAT_CLOSE else "none",
            "overrideLookAt": "none",
            "overrideMouth": "none",
        }
    own = {
        name: {"morphTargetBinds": [{"node": mesh_node, "index": i, "weight": 1.0}], "isBinary": False}
        for name, i in number.items()
        if not name.startswith(KEY_PREFIX)
    }
    return {"preset": presets, "custom": own}


def _targets(document: dict[str, Any], node: dict[str, Any]) -> list[str]:
    if "mesh" not in node:
        return []
    return document["meshes"][node["mesh"]].get("extras", {}).get("targetNames", [])
