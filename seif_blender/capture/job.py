"""A capture as a job of the worker; plain data, no `bpy`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from ..worker.job import Job


@dataclass(eq=False)
class CaptureJob(Job):
    """One capture; `photo` is its source, `settings` the request's further fields.

    Attributes:
        kind: ``image`` or ``video``.
    """

    kind: str = "image"
    makes_head: ClassVar[bool] = False

    @property
    def result_file(self) -> Path:
        """Where the worker writes performance.npz."""
        return self.folder / "performance.npz"

    def request(self) -> dict[str, Any]:
        """The message that starts it."""
        return {
            "type": "capture",
            "id": self.id,
            "kind": self.kind,
            "source": str(self.photo),
            "out": str(self.result_file),
            **self.settings,
        }
