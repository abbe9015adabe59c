"""The functions that do the stages of the main job, each imported when it is first called.

Who has another function for a stage, such as a test or a method of research, hands it to `pipeline.reconstruct` in a
`Stages` of its own. `Stages.load` imports what is needed before there is work, so that the first photo does not wait.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .appearance.baked_texture import BakedTexture
    from .evidence.photo_evidence import PhotoEvidence
    from .fitting.fit import Fit
    from .hair_layer import HairLayer
    from .head import Head
    from .headmodel.model import HeadModel
    from .implicit.head_surface import HeadSurface
    from .portrait.portrait import Portrait
    from .uniformize.uniform_fit import UniformFit


@dataclass(frozen=True)
class Later:
    """A function of this library that is imported when it is first called.

    Attributes:
        module: its module, relative to this package.
        name: its name there.
    """

    module: str
    name: str

    def load(self) -> Callable[..., Any]:
        """Import the function.

        Raises:
            ModuleNotFoundError: a library that it needs is not installed.
        """
        return getattr(import_module(self.module, __package__), self.name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the function's own
        """Call the function, imported first if it was not."""
        return self.load()(*args, **kwargs)


@dataclass(frozen=True)
class Stages:
    """The functions of the main job; each is called as its default's docstring says.

    Attributes:
        load_head_model: short name or path to the head model.
        read_portrait: photo to portrait.
        fit_portrait: portrait to fit.
        fit_same_person: portraits of one person to fits that share the identity.
        look_at_photo: portrait and fit to what the photo shows; None for a head outside the picture.
        make_surface: portrait and fit to the surface, by the shipped networks.
        make_original_surface: the same by the published networks.
        uniform_fit: fit and surface to the fit that has the surface's shape.
        make_hair: portrait, bald fit, surface and evidence to the hair layer; None for a bald head.
        bake_texture: portrait, fit and evidence to the texture.
        assemble_head: portrait, fit and texture to the head.
    """

    load_head_model: Callable[..., HeadModel] = Later(".headmodel.model", "load_head_model")
    read_portrait: Callable[..., Portrait] = Later(".portrait.read", "read_portrait")
    fit_portrait: Callable[..., Fit] = Later(".fitting.portrait_fit", "fit_portrait")
    fit_same_person: Callable[..., list[Fit]] = Later(".fitting.portrait_fit", "fit_same_person")
    look_at_photo: Callable[..., PhotoEvidence | None] = Later(".evidence.photo_evidence", "look_at_photo")
    make_surface: Callable[..., HeadSurface] = Later(".implicit.head_surface", "reconstruct_surface")
    make_original_surface: Callable[..., HeadSurface] = Later(
        ".implicit.original_portrait", "reconstruct_original_surface"
    )
    uniform_fit: Callable[..., UniformFit] = Later(".uniformize.uniform_fit", "uniform_fit")
    make_hair: Callable[..., HairLayer | None] = Later(".hair.layer", "make_hair_layer")
    bake_texture: Callable[..., BakedTexture] = Later(".appearance.bake", "bake_texture")
    assemble_head: Callable[..., Head] = Later(".assembly", "assemble_head")

    def load(self, *, surface: bool = True) -> None:
        """Import what the stages need, so that the first photo does not wait for it.

        Args:
            surface: whether the stages of full quality are wanted too.

        Raises:
            ModuleNotFoundError: a library is not installed.
        """
        left_out = {"make_original_surface"} | (set() if surface else {"make_surface", "uniform_fit", "make_hair"})
        for stage in fields(self):
            function = getattr(self, stage.name)
            if isinstance(function, Later) and stage.name not in left_out:
                function.load()


STANDARD: Final = Stages()
"""The stages as the library does them."""
