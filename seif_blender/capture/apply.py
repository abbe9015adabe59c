"""A performance becomes keyframes on a head's shape keys and bones: one action.

Convention: turns are told in the library's axes and keyed as quaternions in each bone's own (`build.plan.rig`). Worked
number: the jaw's axis-angle (0.2, 0, 0) is keyed as (0.995, 0.0998, 0, 0), w first, on the bone ``jaw``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import bpy

from ..build.names import BONE_NAMES
from ..compat import new_action
from ..core import canonical, continuous, quaternions

if TYPE_CHECKING:
    import numpy as np

    from ..core import Performance, Playback

_LINEAR: Final = 1
"""Number of the interpolation ``LINEAR`` in Blender's list (``CONSTANT`` 0, ``LINEAR`` 1, ``BEZIER`` 2)."""


def apply_performance(
    scene: bpy.types.Scene,
    mesh: bpy.types.Object,
    rig: bpy.types.Object,
    performance: Performance,
    playback: Playback,
    *,
    first_frame: float = 1.0,
) -> str:
    """Key a performance; the head's earlier action stays in the file and is no longer played.

    Args:
        scene: whose frame rate places the keyframes, and whose end is moved so that all are played.
        mesh: the head's mesh object.
        rig: its armature object.
        performance: what is keyed.
        playback: jaw and eyes by keys or bones, and what turns with the head.
        first_frame: where the performance's first frame comes to lie.

    Returns:
        A sentence for the artist.

    Raises:
        SettingsError: the performance cannot be played so.
    """
    played = playback.of(performance)
    frames = first_frame + performance.times * (scene.render.fps / scene.render.fps_base)
    if len(frames) == 1:
        return _pose(mesh, rig, played, float(frames[0]))
    keys, turns = _keys_of(mesh, performance), _bone_turns(played)
    shapes, bones = new_action(f"{mesh.name} performance", [mesh.data.shape_keys, rig])
    weights = played.for_keys(tuple(canonical(key.name) for key in keys))
    for column, key in enumerate(keys):
        _fill(shapes.new(f"{key.path_from_id()}.value"), frames, weights[:, column])
    for name, quaternion in turns.items():
        bone = rig.pose.bones[name]
        bone.rotation_mode = "QUATERNION"
        for index in range(4):
            _fill(bones.new(f"{bone.path_from_id()}.rotation_quaternion", index=index), frames, quaternion[:, index])
    scene.frame_end = max(scene.frame_end, int(frames[-1] + 0.5))
    return f"{len(frames)} frames of {performance.source} keyed on {len(keys)} keys and {len(turns)} bones"


def _pose(mesh: bpy.types.Object, rig: bpy.types.Object, played: Any, frame: float) -> str:  # noqa: ANN401 - `Played`
    """One frame is no action of its own: it is put on the head as it is, and keyed where the head is keyed."""
    keys, turns = _keys_of(mesh, played.performance), _bone_turns(played)
    for key, weight in zip(keys, played.for_keys(tuple(canonical(key.name) for key in keys))[0], strict=True):
        key.value = float(weight)
        key.keyframe_insert("value", frame=frame)
    for name, quaternion in turns.items():
        bone = rig.pose.bones[name]
        bone.rotation_mode = "QUATERNION"
        bone.rotation_quaternion = quaternion[0].tolist()
        bone.keyframe_insert("rotation_quaternion", frame=frame)
    return f"The expression of {played.performance.source} keyed at frame {frame:g}"


def _keys_of(mesh: bpy.types.Object, performance: Performance) -> list[bpy.types.ShapeKey]:
    """Shape keys that the performance moves, in whatever spelling, but for driven ones."""
    data = mesh.data.shape_keys
    if data is None:
        return []
    driven = {curve.data_path for curve in data.animation_data.drivers} if data.animation_data is not None else set()
    return [
        key
        for key in data.key_blocks[1:]
        if canonical(key.name) in performance.key_names and f"{key.path_from_id()}.value" not in driven
    ]


def _bone_turns(played: Any) -> dict[str, np.ndarray]:  # noqa: ANN401 - `Played`
    """(F, 4) quaternions, w first, in each bone's own axes."""
    from ..build.plan.rig import BONE_AXES

    found = {}
    for joint, turns in played.joint_turns().items():
        name = BONE_NAMES[joint]
        found[name] = continuous(quaternions(turns.astype(float) @ BONE_AXES[name]))
    return found


def _fill(curve: bpy.types.FCurve, frames: np.ndarray, values: np.ndarray) -> None:
    import numpy as np

    points = curve.keyframe_points
    points.add(len(frames))
    points.foreach_set("co", np.column_stack([frames, values]).astype(np.float32).ravel())
    points.foreach_set("interpolation", np.full(len(frames), _LINEAR, np.int32))
    curve.update()
