"""From portrait, bald head and surface to the hair layer.

HeadParsing, HeadSurface -> Labels -> HairVolume -> Shell -> directions -> texture -> HairLayer
"""

from __future__ import annotations

import logging
from typing import Final, NamedTuple

import cv2
import numpy as np

from ..evidence.photo_evidence import PhotoEvidence
from ..fitting.fit import Fit
from ..hair_layer import HairLayer, HairMesh
from ..implicit.head_surface import HeadSurface
from ..portrait.head_parsing import HeadParsing
from ..portrait.portrait import Portrait
from ..progress import Progress
from ..shapes import Bool, Float, Float32
from .cards import make_cards
from .density import bare_ears, density_of, ends_in_tips
from .directions import hair_directions
from .extension import find_extension
from .guides import make_guides
from .headwear import find_headwear, with_headwear
from .labels import label_surface
from .matte import hair_matte, widened
from .orientation import curliness, hair_orientation
from .seating import seated
from .settings import HairSettings
from .shell import Shell, followed, make_shell, shell_weights
from .shell_texture import hair_colours, shell_texture, worn_share
from .space import HairSpace
from .tracing import ShellField
from .unwrap import unwrap
from .volume import hair_volume

_SURE: Final = 0.5
"""Share from which a pixel shows what it most likely shows."""
_LOG: Final = logging.getLogger(__name__)


class HairModel(NamedTuple):
    """A hair layer and what it was made from, for measurements.

    Attributes:
        layer: the result.
        space: the bald head's.
        shell: the shell about the volume, before it followed the surface and was packed.
        directions: (V, 3) unit, of the hair at its vertices, rest pose.
        orientation: (S, S, 3) of `orientation.hair_orientation`.
    """

    layer: HairLayer
    space: HairSpace
    shell: Shell
    directions: Float[np.ndarray, "V 3"]
    orientation: Float32[np.ndarray, "S S 3"]


def make_hair_layer(
    portrait: Portrait,
    fit: Fit,
    surface: HeadSurface | None,
    evidence: PhotoEvidence | None,
    settings: HairSettings | None = None,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> HairLayer | None:
    """Make the hair layer of a bald head; None for one that has hardly any hair, or of which nothing tells.

    Args:
        portrait: the photo; without a parsing there is no layer.
        fit: the bald head, with the surface's shape (`uniform_fit`).
        surface: the head's surface, hair included; without one there is no layer.
        evidence: what the photo shows, for its light, and for a bald crown.
        settings: see `HairSettings`.
        seed: of all that is drawn at random.
        progress: told the fraction done; may cancel.

    Raises:
        CancelledError: the user cancelled.
    """
    made = model_hair(portrait, fit, surface, evidence, settings, seed=seed, progress=progress)
    return None if made is None else made.layer


def model_hair(
    portrait: Portrait,
    fit: Fit,
    surface: HeadSurface | None,
    evidence: PhotoEvidence | None,
    settings: HairSettings | None = None,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> HairModel | None:
    """`make_hair_layer` with what the layer was made from."""
    s, progress = settings or HairSettings(), progress or Progress()
    parsing = portrait.parsing if evidence is None or evidence.parsing is None else evidence.parsing
    bald = None if evidence is None or evidence.bald is None else evidence.bald.on(fit.model)
    kind = None if parsing is None else kind_of_hair(parsing, s, bald=bald is not None)
    if parsing is None or surface is None or kind is None:
        return None
    bald = None if evidence is None or evidence.bald is None else evidence.bald.on(fit.model)
    space = HairSpace.of(
        fit, parsing, ("hair", "headwear"), bald
    )  # under a hat hair looks out, and hair has slides in it
    labels = label_surface(space, surface)
    hat = find_headwear(space, labels) if kind == "headwear" else None
    if hat is not None:
        labels = with_headwear(labels, hat, hair=_some_hair(parsing, s))
    progress.step(0.2)
    extension = find_extension(space, surface)
    if kind == "hair":
        wide = widened(space)
        volume = hair_volume(wide, labels, extension, wider=label_surface(wide, surface))
    else:  # a hat ends at its rim
        volume = hair_volume(space, labels, extension, hat)
    shell = make_shell(space, labels, volume)
    progress.step(0.5)
    if shell is None:
        _LOG.info("the hair that the photo shows fills no space")
        return None
    orientation = hair_orientation(space, portrait.pixels)
    directions = hair_directions(space, shell, orientation)
    matte = hair_matte(space, portrait.pixels)
    fine = followed(space, shell, surface)
    density = density_of(space, fine, bare_ears(space, fine, evidence))
    tips = ends_in_tips(space, labels, fine.vertices)
    if hat is None:
        fine = seated(space, fine, tips=tips, matte=matte, density=density)
    unwrapped = unwrap(space, fine)
    colours, curls = hair_colours(space, portrait.pixels), curliness(space, orientation)
    texture, colour = shell_texture(
        space,
        fine,
        unwrapped,
        directions,
        colours=colours,
        matte=matte,
        density=density,
        tips=tips,
        curls=curls,
        worn=None if hat is None else worn_share(space, fine, hat),
        evidence=evidence,
        size=s.texture_size,
        seed=seed,
    )
    progress.step(0.8)
    mesh = HairMesh(
        vertices=fine.vertices.astype(np.float32),
        faces=shell.quads.astype(np.int32),
        uvs=unwrapped.uvs.astype(np.float32),
        uv_faces=unwrapped.quads.astype(np.int32),
        skin_weights=shell_weights(space, shell).astype(np.float32),
        texture=texture,
    )
    colour = np.clip(colour, 0, 1).astype(np.float32)
    guides = cards = None
    if kind == "hair":
        field = ShellField(shell, directions)
        guides = make_guides(space, labels, volume, shell, field, curls=curls, settings=s, seed=seed)
        if guides is not None:
            contrast = colours.contrast
            cards = make_cards(space, shell, guides, field, colour=colour, contrast=contrast, count=s.cards, seed=seed)
    layer = HairLayer(kind, mesh, guides, cards, colour)
    progress.step(1.0)
    return HairModel(layer, space, shell, directions, orientation)


def kind_of_hair(parsing: HeadParsing, settings: HairSettings, *, bald: bool = False) -> str | None:
    """What a layer would be, of `hair_layer.HAIR_KINDS`; None for a head without hair.

    Args:
        parsing: of the photo.
        settings: tell how much hair is some.
        bald: whether the crown is bald, so that what is left is little.
    """
    own = _joined_to_skin(parsing)
    skin, hair, headwear = (float((parsing.share(name) * own).sum()) for name in ("skin", "hair", "headwear"))
    if bald:  # a hat would hide the crown
        share = parsing.share("hair") * own
        return "hair" if float(share[share > _SURE].sum()) > settings.least_fringe * skin else None
    if headwear > max(settings.least_headwear * skin, settings.headwear_share * hair):
        return "headwear"
    return "hair" if hair + headwear > settings.least_hair * skin else None


def _joined_to_skin(parsing: HeadParsing) -> Bool[np.ndarray, "S S"]:
    """Pixels of the head that hang together with most of its skin, and what lies off the head altogether.

    What is seen in the background as a hat is no part of it.
    """
    head = parsing.share("background", "clothes") < _SURE
    _, pieces = cv2.connectedComponents(head.astype(np.uint8), connectivity=4)
    skin = np.bincount(pieces.ravel(), (parsing.share("skin") * head).ravel())
    return (pieces == int(np.argmax(skin))) | ~head


def _some_hair(parsing: HeadParsing, settings: HairSettings) -> bool:
    """Whether hair is seen under a hat."""
    return float(parsing.share("hair").sum()) > settings.least_fringe * float(parsing.share("skin").sum())
