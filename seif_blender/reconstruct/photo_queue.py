"""Photos that wait for their turn: order, state of each, what became of it. Plain data, no `bpy`.

One queue a Blender, owned by this module, so that redrawing a panel or ending an operator loses nothing; another file
clears it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from ..worker.job import Job, State


class Turn(Enum):
    """Where a photo of the queue is."""

    WAITING = "Waiting"
    RUNNING = "Running"
    DONE = "Done"
    FAILED = "Failed"
    CANCELLED = "Cancelled"


_ENDS = {State.SUCCEEDED: Turn.DONE, State.FAILED: Turn.FAILED, State.CANCELLED: Turn.CANCELLED}


@dataclass(eq=False)
class QueuedPhoto:
    """One photo.

    Attributes:
        photo: the picture file.
        settings: of the request, as they were when it was added.
        turn: where it is.
        message: sentence once it failed or was cancelled.
        job: its job once it runs.
    """

    photo: Path
    settings: dict[str, Any] = field(default_factory=dict)
    turn: Turn = Turn.WAITING
    message: str = ""
    job: Job | None = None


class PhotoQueue:
    """Photos in the order in which they were added; one runs at a time, and one that fails stops no other."""

    def __init__(self) -> None:
        self.photos: list[QueuedPhoto] = []

    def add(self, photos: Iterable[Path], settings: dict[str, Any]) -> list[QueuedPhoto]:
        """Photos to the end of the queue; one that waits already is not added twice.

        Args:
            photos: picture files.
            settings: of the requests; copied.
        """
        waiting = {one.photo for one in self.photos if one.turn is Turn.WAITING}
        new = [QueuedPhoto(photo, dict(settings)) for photo in dict.fromkeys(photos) if photo not in waiting]
        self.photos += new
        return new

    @property
    def running(self) -> QueuedPhoto | None:
        """The photo whose turn it is."""
        return next((one for one in self.photos if one.turn is Turn.RUNNING), None)

    @property
    def waiting(self) -> int:
        """How many photos wait."""
        return sum(one.turn is Turn.WAITING for one in self.photos)

    @property
    def over(self) -> bool:
        """Whether none waits or runs."""
        return self.running is None and not self.waiting

    def begin_next(self) -> QueuedPhoto | None:
        """The next photo with a job to be submitted, None when none waits or one runs."""
        if self.running is not None:
            return None
        one = next((one for one in self.photos if one.turn is Turn.WAITING), None)
        if one is not None:
            one.turn, one.job = Turn.RUNNING, Job(one.photo, one.settings)
        return one

    def end(self, one: QueuedPhoto) -> None:
        """Take in how a photo's job ended."""
        if one.job is None or not one.job.over:
            return
        one.turn, one.message = _ENDS[one.job.state], one.job.message

    def remove(self, number: int, cancel: Callable[[], None]) -> None:
        """Take a photo out: one that waits or is over leaves the list, one that runs is cancelled and stays.

        Args:
            number: its place in the list.
            cancel: cancels the job that runs.
        """
        if not 0 <= number < len(self.photos):
            return
        if self.photos[number].turn is Turn.RUNNING:
            cancel()
        else:
            del self.photos[number]

    def cancel_all(self, cancel: Callable[[], None]) -> None:
        """Cancel the photo that runs and all that wait."""
        for one in self.photos:
            if one.turn is Turn.WAITING:
                one.turn, one.message = Turn.CANCELLED, "Cancelled before its turn."
        if self.running is not None:
            cancel()

    def move(self, number: int, by: int) -> None:
        """Let a waiting photo change places with its neighbour, if that waits too."""
        other = number + by
        if not (0 <= number < len(self.photos) and 0 <= other < len(self.photos)):
            return
        pair = self.photos[number], self.photos[other]
        if all(one.turn is Turn.WAITING for one in pair):
            self.photos[other], self.photos[number] = pair

    def forget_finished(self) -> None:
        """Keep only the photos that wait or run."""
        self.photos = [one for one in self.photos if one.turn in (Turn.WAITING, Turn.RUNNING)]

    def clear(self) -> None:
        """Forget all; a job that runs is whose who started it."""
        self.photos = []


QUEUE = PhotoQueue()
"""The queue of this Blender."""
