"""Portrait, fit and texture to the finished `Head`.

Convention: see `head`. The photo's expression is stored as one displacement of the neutral head, so that one slider
brings it back: the jaw's and the eyes' rotations are in it, the head's rotation is not. Worked number: a photo with a
closed mouth and a gaze straight ahead has a photo_delta of zero at the eyeballs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .expressions.lips import keep_lips_apart
from .expressions.own_keys import key_factors, own_keys
from .filenames import as_text
from .fitting.fit import Fit
from .head import Head
from .headmodel.skinning import pose_vertices
from .portrait.portrait import Portrait
from .shapes import Float32

if TYPE_CHECKING:
    from .appearance.baked_texture import BakedTexture


def assemble_head(portrait: Portrait, fit: Fit, texture: BakedTexture | None, *, keep_lips_whole: bool = True) -> Head:
    """Put a head together from what the stages found.

    Args:
        portrait: the photo.
        fit: the head model fitted to it.
        texture: colours, light and relief in the model's UVs, or None.
        keep_lips_whole: whether keys are mended that would draw this head's lips through themselves.
    """
    model = fit.model
    joints = fit.rest_joints
    keys, pairs = own_keys(model, fit.neutral, joints)
    factors = key_factors(model, fit.neutral, joints)
    if keep_lips_whole:
        keys, pairs = keep_lips_apart(model, fit.neutral, keys, pairs)
    landmarks = model.embeddings.get("ibug68")
    return Head(
        name=as_text(Path(portrait.name).stem) or "head",
        model_name=model.name,
        model_title=model.title,
        model_licence=model.licence,
        attribution=model.attribution,
        vertices=fit.neutral,
        faces=model.faces,
        face_part=model.face_part,
        uvs=model.uvs,
        uv_faces=model.uv_faces,
        joints=joints,
        skin_weights=model.skin_weights,
        key_names=model.key_names,
        key_deltas=keys,
        combinations=pairs,
        expression_deltas=model.expression_basis,
        pose_deltas=model.pose_basis,
        regions=model.regions,
        texture=None if texture is None else texture.colour,
        photo_name=as_text(portrait.name),
        photo_sha256=portrait.sha256,
        photo_camera=fit.camera,
        photo_pose=fit.pose,
        photo_translation=fit.translation,
        photo_shape=fit.shape,
        photo_expression=fit.expression,
        photo_key_weights=np.clip(fit.key_weights / factors, 0, 1) if len(fit.key_weights) else fit.key_weights,
        photo_delta=photo_delta(fit, joints),
        landmark_vertices=None if landmarks is None else landmarks.vertex_ids,
        landmark_weights=None if landmarks is None else landmarks.weights,
        texture_light=None if texture is None else texture.light,
        confidence=None if texture is None else texture.confidence,
        texture_normals=None if texture is None else texture.normals,
        texture_heights=None if texture is None else texture.heights,
    )


def photo_delta(fit: Fit, joints: Float32[np.ndarray, "5 3"]) -> Float32[np.ndarray, "V 3"]:
    """What turns the neutral head into the photo's expression, metres: expression, jaw and gaze, no head rotation.

    Args:
        fit: the fitted model.
        joints: (5, 3) joints of the neutral head.
    """
    model = fit.model
    still = fit.pose.copy()
    still[:2] = 0  # root and neck
    posed = pose_vertices(fit.expressed, joints, model.skin_weights, still, model.pose_basis)
    return (posed - fit.neutral).astype(np.float32)
