"""Where things lie on a head model's surface, told once per model: what skin, lips, brows, beard and eyes need.

Everything is computed from the model's regions and its iBUG-68 embedding on the template, so that it holds for any
head model and moves with every identity and expression.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ...headmodel import PART_NAMES, HeadModel
from ...headmodel.model import triangulate
from ...shapes import Float, Int


@dataclass(frozen=True, eq=False)
class Canvas:
    """Per-vertex fields of a head model on one device.

    Attributes:
        triangles: (T, 3) int64.
        home: (V, 3) template positions, metres: the space in which skin detail is painted.
        lips: (V, 1) 0..1.
        brows: (V, 1) 0..1.
        beard: (V, 1) 0..1, where a full beard grows.
        flush: (V, 1) 0..1, cheeks, nose and ears, where blood shows.
        scalp: (V, 1) 0..1, where hair grows.
        part: (V,) int64, index into `PART_NAMES`.
        eye_angle: (V, 1) radians from the eye's optical axis, for eyeball vertices; pi elsewhere.
        hair_centre: (3,) metres, centre of the hair's polar coordinates.
    """

    triangles: Int[torch.Tensor, "T 3"]
    home: Float[torch.Tensor, "V 3"]
    lips: Float[torch.Tensor, "V 1"]
    brows: Float[torch.Tensor, "V 1"]
    beard: Float[torch.Tensor, "V 1"]
    flush: Float[torch.Tensor, "V 1"]
    scalp: Float[torch.Tensor, "V 1"]
    part: Int[torch.Tensor, " V"]
    eye_angle: Float[torch.Tensor, "V 1"]
    hair_centre: Float[torch.Tensor, "3"]

    def fields(self) -> Float[torch.Tensor, "V 7"]:
        """Lips, brows, beard, flush, scalp, eye angle, part: the first columns of a mesh's fields (`skin`)."""
        columns = (self.lips, self.brows, self.beard, self.flush, self.scalp, self.eye_angle)
        return torch.cat([*columns, self.part[:, None].float()], 1)


def make_canvas(model: HeadModel, device: torch.device | str) -> Canvas:
    """Compute a model's canvas."""
    v = model.template.astype(np.float64)
    triangles, face_of = triangulate(model.faces)
    part = np.zeros(len(v), np.int64)
    for k in range(3):
        part[triangles[:, k]] = model.face_part[face_of]
    marks = model.embeddings["ibug68"].points(v)
    skin = part == 0
    brow = _near(v, marks[17:22], 0.006) + _near(v, marks[22:27], 0.006)
    beard = _beard(v, marks) * skin
    cheeks = np.stack([(marks[3] + marks[31]) / 2, (marks[13] + marks[35]) / 2, marks[30]])
    flush = np.exp(-((np.linalg.norm(v[:, None] - cheeks, axis=2).min(1) / 0.02) ** 2))
    flush = np.maximum(flush, 0.6 * model.regions["ears"])
    joints = model.joint_regressor @ model.template
    eye = np.full(len(v), np.pi)
    for name, joint in (("eye_left", 3), ("eye_right", 4)):
        ids = part == PART_NAMES.index(name)
        axis = v[ids] - joints[joint]
        eye[ids] = np.arccos(np.clip(axis[:, 2] / np.linalg.norm(axis, axis=1), -1, 1))
    scalp = model.regions["scalp"]

    def tensor(a: np.ndarray) -> torch.Tensor:
        return torch.as_tensor(np.asarray(a), dtype=torch.float32, device=device)

    return Canvas(
        triangles=torch.as_tensor(triangles, dtype=torch.int64, device=device),
        home=tensor(v),
        lips=tensor(model.regions["lips"] & skin)[:, None],
        brows=tensor(np.clip(brow, 0, 1) * skin)[:, None],
        beard=tensor(beard)[:, None],
        flush=tensor(flush * skin)[:, None],
        scalp=tensor(scalp & skin)[:, None],
        part=torch.as_tensor(part, device=device),
        eye_angle=tensor(eye)[:, None],
        hair_centre=tensor((v[scalp].min(0) + v[scalp].max(0)) / 2),
    )


def _near(v: np.ndarray, line: np.ndarray, width: float) -> np.ndarray:
    """exp(-(distance to a polyline / width)^2) per vertex."""
    a, b = line[:-1], line[1:]
    t = np.clip(((v[:, None] - a) * (b - a)).sum(2) / np.maximum(((b - a) ** 2).sum(1), 1e-12), 0, 1)
    distance = np.linalg.norm(v[:, None] - (a + t[..., None] * (b - a)), axis=2).min(1)
    return np.exp(-((distance / width) ** 2))


def _beard(v: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Jaw, chin and upper lip: below the ears' lobes and the nose, in front of the ears, not on the lips or cheeks."""
    jaw = _near(v, marks[0:17], 0.022)
    chin = _near(v, marks[5:12] * [1, 1, 1] + (marks[57] - marks[8]) * 0.35, 0.02)
    moustache = _near(v, np.stack([marks[48], (marks[33] + marks[51]) / 2, marks[54]]), 0.008)
    below = 1 / (1 + np.exp((v[:, 1] - marks[33, 1]) / 0.004))
    off_lips = 1 - np.clip(_near(v, marks[[48, 51, 54, 57, 48]], 0.007), 0, 1)
    return np.clip(np.maximum(np.maximum(jaw, chin) * off_lips, moustache) * below, 0, 1)
