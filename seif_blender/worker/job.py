"""A job as the panel sees it; plain data, no `bpy`."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar

from ..orphan import runs
from .pace import Pace, PaceFile, kind_of
from .stage_words import stage_words


class State(Enum):
    """Where a job is."""

    STARTING = "Starting"
    RUNNING = "Running"
    CANCELLING = "Cancelling"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELLED = "Cancelled"


_OVER = (State.SUCCEEDED, State.FAILED, State.CANCELLED)


_PREFIX = "seif-"
"""Of the jobs' temporary folders; the process' id follows, by which `sweep` knows those that nobody owns any more."""
_TELLING = 0.1
"""Share of a job after which its speed tells how long the rest takes. Chosen, not measured: the stages before are
short."""


@dataclass(eq=False)
class Job:
    """One reconstruction.

    Attributes:
        photo: the picture.
        settings: as the protocol wants them.
        id: unique name.
        state: where it is.
        stage: what the stage that runs is called, see `stage_words`.
        total: fraction of the whole job, 0..1.
        code: of the error, see `seif_core.errors`.
        message: sentence for the artist once it failed.
        report: contents of report.json once it succeeded.
        started: seconds, `time.monotonic`.
        began: seconds, when the worker got it: before, it may have had to start.
        corrections: landmarks that were moved by hand: number, x, y in pixels of the upright photo.
        seconds: how long the job took, once it is over.
        paces: how long such jobs took on this machine, where that is kept.
    """

    photo: Path
    settings: dict[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    state: State = State.STARTING
    stage: str = "Starting the worker"
    total: float = 0.0
    code: str = ""
    message: str = ""
    report: dict[str, Any] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    began: float = field(default_factory=time.monotonic)
    corrections: list[tuple[int, float, float]] = field(default_factory=list)
    paces: PaceFile | None = None
    _folder: Path | None = None
    _kind: str = ""
    _pace: Pace | None = None
    _samples: list[tuple[float, float]] = field(default_factory=list)
    makes_head: ClassVar[bool] = True
    """Whether its result is a head: the panel goes on telling of it when another kind of request has ended."""

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in _OVER

    @property
    def remaining(self) -> float | None:
        """Seconds that the job will take yet: as long as the last such job here took, corrected by how this one goes.

        Without such a job, at its speed so far; None as long as too little is done to tell.
        """
        elapsed = time.monotonic() - self.began
        if self.over or self.state is State.STARTING:
            return None
        if self._pace is not None:
            return self._pace.remaining(self.total, elapsed)
        return elapsed * (1.0 - self.total) / self.total if self.total >= _TELLING else None

    def begin(self, *, first: bool) -> None:
        """The worker gets it now; `first` of its jobs, for which it loads its libraries."""
        self.state, self.stage, self.began = State.RUNNING, "Reading the photo", time.monotonic()
        if self.paces is not None:
            self._kind = kind_of(self.settings, first=first)
            self._pace = self.paces.read(self._kind)

    def go_on(self, stage: str, total: float) -> None:
        """The worker told how far it is."""
        self.stage, self.total = stage_words(stage), max(self.total, total)
        self._samples.append((self.total, time.monotonic() - self.began))

    @property
    def folder(self) -> Path:
        """Folder for its results, made on first use; `discard` removes it."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        return self._folder

    @property
    def head_file(self) -> Path:
        """Where the worker writes head.npz."""
        return self.folder / "head.npz"

    @property
    def result_file(self) -> Path | None:
        """The file without which the job has not succeeded, or None."""
        return self.head_file

    @property
    def photo_file(self) -> Path:
        """Where the worker writes the upright photo."""
        return self.folder / "photo.jpg"

    def request(self) -> dict[str, Any]:
        """The message that starts it."""
        return {
            "type": "reconstruct",
            "id": self.id,
            "photo": str(self.photo),
            "out": str(self.head_file),
            "photo_out": str(self.photo_file),
            "settings": self.settings,
            **({"corrections": [list(row) for row in self.corrections]} if self.corrections else {}),
        }

    def finish(self, state: State, code: str = "", message: str = "") -> None:
        """Set the final state; a failed or cancelled job leaves no files."""
        self.state, self.code, self.message = state, code, message
        self.seconds = time.monotonic() - self.started
        if state is not State.SUCCEEDED:
            self.discard()
        elif self.paces is not None and self._kind:
            pace = Pace.of(self._samples, time.monotonic() - self.began)
            if pace is not None:
                self.paces.keep(self._kind, pace)

    def discard(self) -> None:
        """Remove its files."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def sweep() -> None:
    """Remove the folders of jobs whose Blender was killed and so could not."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}[0-9]*-*"):
        owner = folder.name.split("-")[1]
        if owner.isdigit() and not runs(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)
