"""FLAME's parameters on a head that was made here: on a FLAME head by its own components, on others by named keys.

FLAME's components mean nothing on another topology. There each frame's expression is searched in the ARKit keys that a
completed FLAME model has (`headmodel.transfer`), and their weights are given to the head's keys of the same names; jaw,
neck and eyes turn by the head's own joints. Identity is the head's own: the file's is not applied.

Convention: see `parameters`. Two sets of weights, because the jaw's joint and ``jawOpen`` would open the mouth twice:
`key_weights` go with the pose, `joint_free_weights` stand alone. Worked number: a file that only turns the jaw has
`key_weights` of 0, and `joint_free_weights` with ``jawOpen`` above 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from ..errors import ModelError, SettingsError
from ..fitting.keys import ExpressionSpace, bounded_weights
from ..head import Head
from ..headmodel.model import HeadModel
from ..headmodel.skinning import pose_vertices
from ..progress import Progress
from ..shapes import Float, Float32
from .parameters import FlameParameters

_FORMAT: Final = "seif head motion 1"
_FLAME: Final = "flame"
"""How the names of FLAME's releases begin, and no other model's."""
_NOTHING: Final = 1e-6
"""Coefficient below which a component that the head lacks is rounding."""


@dataclass(frozen=True, eq=False)
class HeadMotion:
    """T frames of a head, K keys, E components.

    Attributes:
        key_names: K names of the head's keys.
        key_weights: (T, K) float32 in 0..1, the expression alone: to be used together with `pose`.
        joint_free_weights: (T, K) float32 in 0..1, with what jaw and eyes do: for programs without joints.
        expression: (T, E) float32, coefficients of the head's own components where it is a FLAME head, else (T, 0).
        pose: (T, 5, 3) float32 axis-angle, radians: root, neck, jaw, left eye, right eye.
        translation: (T, 3) float32 metres, or None where the file told none.
        dynamic_offset: (T, V, 3) float32 metres, rest pose, for a FLAME head of as many vertices; else None.
    """

    key_names: tuple[str, ...]
    key_weights: Float32[np.ndarray, "T K"]
    joint_free_weights: Float32[np.ndarray, "T K"]
    expression: Float32[np.ndarray, "T E"]
    pose: Float32[np.ndarray, "T 5 3"]
    translation: Float32[np.ndarray, "T 3"] | None = None
    dynamic_offset: Float32[np.ndarray, "T V 3"] | None = None

    def arrays(self) -> dict[str, Any]:
        """What is written into an .npz; see docs/flame.md."""
        told: dict[str, Any] = {
            "format": _FORMAT,
            "key_names": np.array(self.key_names, np.str_),
            "key_weights": self.key_weights,
            "joint_free_weights": self.joint_free_weights,
            "expression": self.expression,
            "pose": self.pose,
        }
        return told if self.translation is None else told | {"translation": self.translation}


def is_flame_head(head: Head) -> bool:
    """Whether the head's components are FLAME's."""
    return head.model_name.startswith(_FLAME)


def motion_of(head: Head, parameters: FlameParameters, flame: HeadModel | None = None) -> HeadMotion:
    """What the parameters do to a head.

    Args:
        head: any head.
        parameters: T frames.
        flame: a completed FLAME model; needed for a head of another model, where the file holds an expression or turns
            jaw or eyes.

    Raises:
        ModelError: the head is none of FLAME's and no FLAME model is given.
    """
    if flame is not None:
        _check_flame(flame)
    own = is_flame_head(head)
    if not own and flame is None:
        raise ModelError(
            f"The head '{head.name}' was made with {head.model_title}, so a FLAME model is needed to tell what the "
            "components mean; add one with seif models add PATH, or name it with --flame."
        )
    source = model_of_head(head) if own or flame is None else flame
    space = ExpressionSpace.of_model(source)
    joints = head.joints if source is not flame else source.joint_regressor.astype(np.float64) @ source.template
    coefficients = _fitting(parameters.expression, len(source.expression_basis))
    offset = parameters.dynamic_offset
    if not own or offset is None or offset.shape[1] != len(head.vertices):
        offset = None
    weights = np.zeros((2, parameters.frames, len(head.key_names)), np.float32)
    for frame in range(parameters.frames):
        rest = np.tensordot(coefficients[frame].astype(np.float64), source.expression_basis, 1)
        rest = rest if offset is None else rest + offset[frame]
        found = _frame_weights(space, rest, _moved(source, joints, rest, parameters.pose[frame]))
        weights[:, frame] = _by_name(found, source, head.key_names)
    return HeadMotion(
        key_names=head.key_names,
        key_weights=weights[0],
        joint_free_weights=weights[1],
        expression=coefficients if own else np.zeros((parameters.frames, 0), np.float32),
        pose=parameters.pose,
        translation=parameters.translation,
        dynamic_offset=offset,
    )


def named_motion(
    key_names: tuple[str, ...], parameters: FlameParameters, flame: HeadModel, progress: Progress | None = None
) -> HeadMotion:
    """What the parameters are in named keys, for a head of which nothing but its keys' names is known.

    Args:
        key_names: K names of the head's keys, ARKit's in Apple's spelling.
        parameters: T frames.
        flame: a completed FLAME model.
        progress: told the share of the frames; may cancel.

    Returns:
        The motion with FLAME's own coefficients in `expression`, whatever the head's model.

    Raises:
        ModelError: the parameters use components that the model lacks, or the model is none of FLAME's.
        CancelledError: the user cancelled.
    """
    _check_flame(flame)
    space, progress = ExpressionSpace.of_model(flame), progress or Progress()
    joints = flame.joint_regressor.astype(np.float64) @ flame.template
    coefficients = _fitting(parameters.expression, len(flame.expression_basis))
    weights = np.zeros((2, parameters.frames, len(key_names)), np.float32)
    for frame in range(parameters.frames):
        progress.step(frame / parameters.frames)
        rest = np.tensordot(coefficients[frame].astype(np.float64), flame.expression_basis, 1)
        found = _frame_weights(space, rest, _moved(flame, joints, rest, parameters.pose[frame]))
        weights[:, frame] = _by_name(found, flame, key_names)
    return HeadMotion(key_names, weights[0], weights[1], coefficients, parameters.pose, parameters.translation)


def head_in_frame(head: Head, motion: HeadMotion, frame: int = 0) -> Head:
    """The head whose photo's expression, pose and place are those of one frame; identity, texture and camera stay.

    Raises:
        SettingsError: there is no such frame.
    """
    if not 0 <= frame < len(motion.pose):
        raise SettingsError(f"There is no frame {frame}; choose 0 to {len(motion.pose) - 1}.")
    model, weights = model_of_head(head), motion.key_weights[frame].astype(np.float64)
    if motion.expression.shape[1]:
        components = motion.expression[frame]
        rest = np.tensordot(components.astype(np.float64), head.expression_deltas, 1)
        rest = rest if motion.dynamic_offset is None else rest + motion.dynamic_offset[frame]
    else:
        space = ExpressionSpace.of_model(model)
        parameters = weights[space.keys]
        components, rest = space.components(parameters), np.tensordot(parameters, space.basis, 1)
    return replace(
        head,
        photo_pose=motion.pose[frame],
        photo_translation=head.photo_translation if motion.translation is None else motion.translation[frame],
        photo_expression=components,
        photo_key_weights=motion.joint_free_weights[frame],
        photo_delta=_moved(model, head.joints, rest, motion.pose[frame]).astype(np.float32),
    )


def model_of_head(head: Head) -> HeadModel:
    """A head as a model of itself: its neutral as the template, its keys and components; no identity, no landmarks."""
    return HeadModel(
        name=head.model_name,
        title=head.model_title,
        licence=head.model_licence,
        attribution=head.attribution,
        template=head.vertices,
        faces=head.faces,
        face_part=head.face_part,
        shape_basis=np.zeros((0, len(head.vertices), 3), np.float32),
        expression_basis=head.expression_deltas,
        key_names=head.key_names,
        key_basis=head.key_deltas,
        pose_basis=head.pose_deltas,
        joint_regressor=np.zeros((5, len(head.vertices)), np.float32),
        skin_weights=head.skin_weights,
        uvs=head.uvs,
        uv_faces=head.uv_faces,
        regions=head.regions,
    )


def _check_flame(model: HeadModel) -> None:
    """Refuse a model of another family: its components are other movements, and would be taken without a word."""
    if not model.name.startswith(_FLAME):
        raise ModelError(
            f"{model.title} is no FLAME model, and FLAME's components mean nothing on it; name a FLAME file that you "
            "downloaded, or one that seif models list shows."
        )


def _by_name(
    weights: Float32[np.ndarray, "2 N"], model: HeadModel, key_names: tuple[str, ...]
) -> Float32[np.ndarray, "2 K"]:
    """Weights of a model's keys in the order of other names; 0 for those that it lacks."""
    columns = [model.key_names.index(name) if name in model.key_names else -1 for name in key_names]
    return np.where(np.array(columns, np.int64) >= 0, weights[:, columns], 0).astype(np.float32)


def _frame_weights(
    space: ExpressionSpace, rest: Float[np.ndarray, "V 3"], moved: Float[np.ndarray, "V 3"]
) -> Float32[np.ndarray, "2 K"]:
    """Weights of the model's keys for the expression alone (`rest`), and for it with jaw and gaze (`moved`), metres."""
    count = len(space.model.key_names)
    searched = np.zeros(count, bool)
    searched[space.keys] = space.bounded
    if not searched.any():
        return np.zeros((2, count), np.float32)
    parameters = bounded_weights(space.model, rest, searched)
    alone = np.zeros(count, np.float32)
    alone[space.keys] = parameters
    return np.stack([alone, space.key_weights(parameters, moved)])


def _moved(
    model: HeadModel, joints: Float[np.ndarray, "5 3"], rest: Float[np.ndarray, "V 3"], pose: Float[np.ndarray, "5 3"]
) -> Float[np.ndarray, "V 3"]:
    """What an expression `rest` and the turns of jaw and eyes add to the model's template, metres; no head rotation."""
    still = pose.astype(np.float64)
    still[:2] = 0
    neutral = model.template.astype(np.float64)
    posed = pose_vertices(neutral + rest, joints.astype(np.float64), model.skin_weights, still, model.pose_basis)
    return posed - neutral


def _fitting(expression: Float32[np.ndarray, "T N"], count: int) -> Float32[np.ndarray, "T E"]:
    """Coefficients of `count` components: zeros behind, or none of those that the model lacks.

    Raises:
        ModelError: components that the model lacks are used.
    """
    if np.abs(expression[:, count:]).max(initial=0) > _NOTHING:
        raise ModelError(
            f"The parameters use {expression.shape[1]} components of expression, the model has {count}; use FLAME's "
            "own file, which has 100."
        )
    return np.pad(expression[:, :count], ((0, 0), (0, max(0, count - expression.shape[1]))))
