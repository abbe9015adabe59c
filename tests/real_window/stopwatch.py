"""How long the add-on's own functions hold Blender up: every function of it that Blender calls is timed.

By `sys.monitoring` (PEP 669, Python 3.12 and later), which leaves the registered classes as they are: replacing methods
of a registered class crashes Blender 4.3.
"""

from __future__ import annotations

import sys
import time
from types import CodeType
from typing import Any

CALLED = ("draw", "poll", "invoke", "execute", "modal", "cancel", "check", "poll_drop")
"""Methods of operators, panels and file handlers that Blender calls."""


class Stopwatch:
    """The longest calls. `calls` maps a name to [count, longest wall seconds, longest processor seconds]."""

    def __init__(self) -> None:
        self.calls: dict[str, list[float]] = {}
        self.names: dict[CodeType, str] = {}
        self.begun: list[tuple[CodeType, float, float]] = []
        self.able = hasattr(sys, "monitoring")
        if not self.able:
            return
        tools = sys.monitoring  # pyright: ignore[reportAttributeAccessIssue]
        self.tool, self.events = tools.PROFILER_ID, tools.events
        tools.use_tool_id(self.tool, "seif real window")
        tools.register_callback(self.tool, self.events.PY_START, self._start)
        tools.register_callback(self.tool, self.events.PY_RETURN, self._return)

    def watch(self, label: str, function: Any) -> None:
        """Time a function, under a label."""
        code = getattr(getattr(function, "__func__", function), "__code__", None)
        if not self.able or code is None or code in self.names:
            return
        self.names[code] = label
        sys.monitoring.set_local_events(self.tool, code, self.events.PY_START | self.events.PY_RETURN)  # pyright: ignore[reportAttributeAccessIssue]

    def watch_classes(self, classes: list[type], inside: str) -> None:
        """Time the methods that Blender calls, of classes and their mixins out of modules whose name holds a text."""
        for cls in classes:
            for base in cls.__mro__:
                for name in CALLED:
                    if inside in base.__module__ and name in base.__dict__:
                        self.watch(f"{base.__name__}.{name}", base.__dict__[name])

    def _start(self, code: CodeType, _offset: int) -> None:
        self.begun.append((code, time.perf_counter(), time.thread_time()))

    def _return(self, code: CodeType, _offset: int, _value: object) -> None:
        while self.begun:
            one, wall, own = self.begun.pop()
            if one is code:  # those above it ended with an exception
                found = self.calls.setdefault(self.names[code], [0, 0.0, 0.0])
                found[0] += 1
                found[1] = max(found[1], time.perf_counter() - wall)
                found[2] = max(found[2], time.thread_time() - own)
                return

    def longest(self, count: int = 12) -> list[tuple[str, int, float, float]]:
        """Name, calls, longest wall and processor milliseconds; the longest first."""
        rows = [(name, int(n), 1000 * wall, 1000 * own) for name, (n, wall, own) in self.calls.items()]
        return sorted(rows, key=lambda row: -row[2])[:count]
