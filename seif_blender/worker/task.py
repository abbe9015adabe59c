"""A request of the worker other than a reconstruction; plain data, no `bpy`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from .job import Job


@dataclass(eq=False)
class Task(Job):
    """One request; `photo` is the file that it is about, for sentences.

    Attributes:
        kind: the message's type.
        fields: its further fields.
        output: name of the file in the job's folder that the worker writes, under ``out``; empty for none.
        gives_way: whether it is a quick look that nobody should wait for: jobs queue up behind it.
    """

    kind: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    output: str = ""
    gives_way: bool = False
    makes_head: ClassVar[bool] = False

    @property
    def result_file(self) -> Path | None:
        """The file without which the task has not succeeded, or None."""
        return self.folder / self.output if self.output else None

    def request(self) -> dict[str, Any]:
        """The message that starts it."""
        out = {} if self.result_file is None else {"out": str(self.result_file)}
        return {"type": self.kind, "id": self.id, **self.fields, **out}
