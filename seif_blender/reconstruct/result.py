"""A finished job becomes objects in the scene, in one go on the main thread."""

from __future__ import annotations

import bpy

from .. import core
from ..addon import preferences
from ..ui import frame_selected, show_textures
from ..worker.job import Job, State


def build_result(context: bpy.types.Context, job: Job, *, location: tuple[float, float, float] | None = None) -> str:
    """Build the head of a job that succeeded and frame it; removes the job's files.

    Args:
        context: Blender's.
        job: the finished job.
        location: metres, where the head comes to stand; the 3D cursor when None.

    Returns:
        A sentence for the artist.

    Raises:
        HeadFormatError: the head file is damaged.
        OutputError: the photo cannot be read back.
    """
    from ..build.from_file import blueprint_of_file
    from ..build.head_object import build_blueprint
    from ..build.settings import BuildSettings

    chosen = context.scene.seif
    settings = BuildSettings(
        chosen.expressions(), chosen.spelling, chosen.correctives, photo_camera=chosen.photo_camera
    )
    place = tuple(context.scene.cursor.location) if location is None else location
    photo = job.photo_file if job.photo_file.is_file() else None
    try:
        blueprint = blueprint_of_file(job.head_file, settings, preferences(context).command())
        build_blueprint(blueprint, photo=photo, location=place, settings=settings)
    except core.errors.SeifError as error:
        job.finish(State.FAILED, error.code, str(error))
        raise
    except OSError as error:
        sentence = f"The photo cannot be read back ({error.strerror or error}); please try again."
        job.finish(State.FAILED, core.errors.OutputError.code, sentence)
        raise core.errors.OutputError(sentence) from error
    job.discard()
    frame_selected(context)
    if chosen.show_texture and blueprint.texture:
        show_textures(context)
    origin = blueprint.origin
    return f"Head from {origin.photo} in {job.seconds:.0f} s; {origin.model}, {origin.licence}"
