"""A finished job becomes objects in the scene, without holding Blender up for longer than a frame."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

import bpy
from mathutils import Vector

from .. import core
from ..addon import preferences
from ..build.names import FORMAT_PROPERTY
from ..ui import frame_selected, show_textures
from ..worker import registry
from ..worker.job import Job, State
from .head_photo import remember_job

if TYPE_CHECKING:
    from ..build.blueprint import Blueprint
    from ..build.settings import BuildSettings
    from ..worker.environment import WorkerCommand


SPACING: Final = 0.4
"""Metres from head to head along X, so that wide hair keeps apart. Chosen by eye on the sample portraits."""


class HeadInTheMaking:
    """A head on its way from a job that succeeded into the scene.

    The plan is drawn up in a thread, which touches nothing of Blender's; then the objects are built on the main thread,
    a piece at each `step`. Until building begins the job can be cancelled; from then on nobody may undo between steps.

    Args:
        context: Blender's.
        job: a job that succeeded; its files are removed at the end. It fails, with a sentence, if the head cannot be
            built.
    """

    def __init__(self, context: bpy.types.Context, job: Job) -> None:
        from ..build.settings import BuildSettings

        chosen = context.scene.seif
        self.job = job
        self.sentence = ""
        self._settings = BuildSettings(
            chosen.expressions(), chosen.spelling, chosen.correctives, photo_camera=chosen.photo_camera
        )
        self._location = free_place(context.scene)
        self._pieces: Generator[None, None, object] | None = None
        registry.hold(job)
        job.stage = "Building"
        self._plan: Future[Blueprint] = Future()
        try:
            command = preferences(context).command()
        except core.errors.SeifError as error:
            self._plan.set_exception(error)
            return
        beside = ThreadPoolExecutor(1, "blueprint")
        self._plan = beside.submit(_plan, job.head_file, self._settings, command)
        beside.shutdown(wait=False)  # it ends once the plan is there

    @property
    def planned(self) -> bool:
        """Whether building can begin."""
        return self._plan.done()

    @property
    def begun(self) -> bool:
        """Whether objects are being built: nothing may come between."""
        return self._pieces is not None

    def step(self) -> bool:
        """Build a piece; True once the job is over for good: built, failed or cancelled (see its `state`)."""
        if not self.planned:
            return False
        try:
            return self._next_piece()
        except core.errors.SeifError as error:
            self._fail(error.code, str(error))
        except OSError as error:
            self._fail(
                core.errors.OutputError.code,
                f"The photo cannot be read back ({error.strerror or error}); please try again.",
            )
        return True

    def _next_piece(self) -> bool:
        if self.job.state is not State.SUCCEEDED:
            registry.release(self.job)
            return True
        if self._pieces is None:
            self._pieces = self._build(self._plan.result())
        try:
            next(self._pieces)
        except StopIteration:
            registry.release(self.job)
            return True
        return False

    def _build(self, blueprint: Blueprint) -> Generator[None, None, None]:
        from ..build.head_object import build_steps

        photo = self.job.photo_file if self.job.photo_file.is_file() else None
        built = yield from build_steps(blueprint, photo=photo, location=self._location, settings=self._settings)
        remember_job(built.rig, self.job)
        yield
        context = bpy.context
        self.job.discard()
        frame_selected(context)
        if context.scene.seif.show_texture and blueprint.texture:
            show_textures(context)
        origin = blueprint.origin
        self.sentence = f"Head from {origin.photo} in {self.job.seconds:.0f} s; {origin.model}, {origin.licence}"

    def _fail(self, code: str, sentence: str) -> None:
        registry.release(self.job)
        self.job.finish(State.FAILED, code, sentence)


def free_place(scene: bpy.types.Scene) -> tuple[float, float, float]:
    """Where a new head stands (metres): at the 3D cursor, or beside the heads that stand there already."""
    x, y, z = scene.cursor.location
    taken = [ob.matrix_world.translation for ob in scene.objects if ob.type == "ARMATURE" and FORMAT_PROPERTY in ob]
    while any((place - Vector((x, y, z))).length < SPACING / 2 for place in taken):
        x += SPACING
    return x, y, z


def _plan(head_file: Path, settings: BuildSettings, command: WorkerCommand) -> Blueprint:
    from ..build.from_file import blueprint_of_file

    return blueprint_of_file(head_file, settings, command)
