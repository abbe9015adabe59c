"""Progress and cancellation: one object handed through the pipeline, no globals."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .errors import CancelledError


class Progress:
    """Reports stages and fractions to a listener, and raises `CancelledError` once cancelled.

    Args:
        listener: called with (stage name, fraction of that stage in 0..1); may be None.
        cancelled: asked at every step whether the user has cancelled; may be None.
    """

    def __init__(
        self,
        listener: Callable[[str, float], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self._listener = listener
        self._cancelled = cancelled
        self.seconds: dict[str, float] = {}
        self._stage = ""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage of the pipeline; `step` inside it reports its fraction."""
        self._stage = name
        start = time.perf_counter()
        self.step(0.0)
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
        self.step(1.0)

    def is_cancelled(self) -> bool:
        """Whether the user has cancelled."""
        return self._cancelled is not None and self._cancelled()

    def step(self, fraction: float) -> None:
        """Report the current stage's fraction and stop here if the job was cancelled."""
        if self.is_cancelled():
            raise CancelledError("The reconstruction was cancelled; nothing was written.")
        if self._listener is not None:
            self._listener(self._stage, min(1.0, max(0.0, fraction)))
