"""An export for an engine on its way: written a file at a time, so that it can be shown and cancelled."""

from __future__ import annotations

from pathlib import Path

from ..animate.lookup import FoundHead
from ..core import EnginePreset, errors
from .sidecar import write_scene_sidecar
from .write import export_steps, losses_in_scene


class EngineExport:
    """Files of a head that are being written.

    Attributes:
        path: the first of them.
        preset: how they are written.
        done: the share that is written, 0..1.
        losses: sentences on what they do not carry, once they are there.
        failure: why there are none, as a sentence; None otherwise.
        cancelled: whether the artist did not want them.

    Args:
        head: the head.
        preset: how it is written.
        path: the file.
        author: of an avatar.
        lods: with the levels of detail that the head has.
    """

    def __init__(self, head: FoundHead, preset: EnginePreset, path: Path, author: str, *, lods: bool) -> None:
        self.path, self.preset, self.done = path, preset, 0.0
        self.losses: list[str] = []
        self.failure: str | None = None
        self.cancelled = False
        self._head, self._lods = head, lods
        self._steps = export_steps(head, preset, path, author, lods=lods)

    def step(self) -> bool:
        """Write the next file; True once the export is over, well or not."""
        if self.failure is not None:
            return True
        try:
            self.done = next(self._steps)
        except StopIteration:
            return self._listed()
        except errors.SeifError as error:
            self.failure = str(error)
            return True
        return False

    def _listed(self) -> bool:
        """The list of names beside the files, which all are there."""
        try:
            self.losses = losses_in_scene(self._head, self.preset)
            write_scene_sidecar(self._head, self.preset, self.path, self.losses, lods=self._lods)
        except errors.SeifError as error:
            self.failure = str(error)
        return True

    def cancel(self) -> None:
        """Leave nothing of what was written."""
        if self.failure is None:
            self._steps.close()
            self.cancelled, self.failure = True, f"{self.path.name} was not written: cancelled"
