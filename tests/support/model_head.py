"""A head model's mean head as a `Head`, with the sample head's photo."""

from __future__ import annotations

import dataclasses

import numpy as np
from sample_head import sample_head

from seif_core.head import Head
from seif_core.headmodel.model import HeadModel


def head_of(model: HeadModel) -> Head:
    """The mean head, neutral, without a texture."""
    return dataclasses.replace(
        sample_head(),
        model_name=model.name,
        model_title=model.title,
        vertices=model.template,
        faces=model.faces,
        face_part=model.face_part,
        uvs=model.uvs,
        uv_faces=model.uv_faces,
        joints=(model.joint_regressor @ model.template).astype(np.float32),
        skin_weights=model.skin_weights,
        key_names=model.key_names,
        key_deltas=model.key_basis,
        expression_deltas=model.expression_basis,
        pose_deltas=model.pose_basis,
        combinations=model.combinations,
        regions=model.regions,
        texture=None,
        photo_expression=np.zeros(len(model.expression_basis), np.float32),
        photo_key_weights=np.zeros(len(model.key_names), np.float32),
        photo_shape=np.zeros(len(model.shape_basis), np.float32),
        photo_delta=np.zeros_like(model.template),
    )
