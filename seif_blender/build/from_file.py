"""The blueprint of a head file, whether or not Blender's Python has numpy."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path
from typing import Final

from .. import core
from ..worker.environment import WorkerCommand, worker_environment
from .blueprint import Blueprint, loads
from .settings import BuildSettings

_PREPARE: Final = Path(__file__).resolve().with_name("prepare.py")
_PATIENCE: Final = 60.0
"""Seconds that planning may take in the worker's Python, which reads one file. Chosen by hand."""


def blueprint_of_file(head_file: Path, settings: BuildSettings, command: WorkerCommand) -> Blueprint:
    """Read a head file and plan what to build.

    Args:
        head_file: a `head.npz`.
        settings: choices.
        command: the worker, whose Python does it where Blender's has no numpy (some distributions leave it out).

    Raises:
        HeadFormatError: the file is no head, or the blueprint could not be made.
        SettingsError: unknown expression sets, or ones that need keys that the head lacks.
    """
    if importlib.util.find_spec("numpy") is None:
        return _elsewhere(head_file, settings, command)
    from .plan.draw_up import draw_up

    return draw_up(core.Head.load(head_file), settings)


def _elsewhere(head_file: Path, settings: BuildSettings, command: WorkerCommand) -> Blueprint:
    runtime = [str(command.runtime)] if command.runtime else []
    arguments = [str(command.python), "-s", "-P", str(_PREPARE), str(command.root), *runtime, "--", str(head_file)]
    arguments += [settings.expressions, settings.spelling, settings.correctives]
    try:
        done = subprocess.run(arguments, capture_output=True, env=worker_environment(), timeout=_PATIENCE, check=False)
        if done.returncode == 0:
            return loads(done.stdout)
        reason = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        reason = [str(error)]
    raise core.errors.HeadFormatError(
        f"The head could not be prepared for Blender ({' '.join(reason).rstrip('.')}); please try again."
    )
