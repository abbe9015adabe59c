"""Under which names programs save FLAME's parameters, and how their numbers are meant.

| program | identity | expression | pose |
|---|---|---|---|
| FLAME_PyTorch | shape_params | expression_params | pose_params (root, jaw), neck_pose, eye_pose, transl |
| DECA | shape | exp | pose (root, jaw) |
| EMOCA | shapecode; shape.npy | expcode; exp.npy | posecode (root, jaw); pose.npy |
| SMIRK | shape_params | expression_params | pose_params (root), jaw_params, neck_pose_params, eye_pose_params |
| MICA | identity.npy, pred_shape_code | | |
| metrical-tracker (MICA), pixel3dmm | flame/shape | flame/exp | flame/jaw, eyes, neck: rows of six numbers |
| VHAP, GaussianAvatars | shape | expr | rotation, neck_pose, jaw_pose, eyes_pose, translation |

Sources: soubhiksanyal/FLAME_PyTorch, flame_pytorch/flame.py (`FLAME.forward`); yfeng95/DECA, decalib/utils/config.py
(`model.param_list`); radekd91/emoca, gdl_apps/EMOCA/utils/io.py (`save_codes`); georgeretsi/smirk, src/FLAME/FLAME.py
(`forward`); Zielon/MICA, demo.py; Zielon/metrical-tracker, tracker.py (`save_checkpoint`); ShenhanQian/VHAP,
vhap/export_as_nerf_dataset.py (`write_flame_param`).

Convention: a rotation of three numbers is an axis-angle in radians, one of six the first two rows of its matrix (as
pytorch3d.transforms.matrix_to_rotation_6d writes it; Zhou et al., CVPR 2019), one of nine the matrix, row by row.
Worked number: (1, 0, 0, 0, 1, 0) is no turn, (1, 0, 0, 0, 0, -1) a quarter turn about +X, which carries +Y to +Z.
"""

from __future__ import annotations

from typing import Final

SHAPE: Final = ("shape", "shapecode", "shape_params", "betas", "identity", "pred_shape_code")
EXPRESSION: Final = ("expr", "exp", "expcode", "expression_params", "expression")
ROOT_AND_JAW: Final = ("pose", "posecode", "pose_params")
"""Of 3 numbers (root), 6 (root, jaw) or 15 (root, neck, jaw, left eye, right eye)."""
ROOT: Final = ("rotation", "global_pose")
NECK: Final = ("neck_pose", "neck_pose_params", "neck")
JAW: Final = ("jaw_pose", "jaw_params", "jaw")
EYES: Final = ("eyes_pose", "eye_pose", "eye_pose_params", "eyes")
"""Left eye, right eye."""
TRANSLATION: Final = ("translation", "transl")
STATIC: Final = ("static_offset",)
DYNAMIC: Final = ("dynamic_offset",)

JOINTS: Final = (
    "pose of the root",
    "pose of the neck",
    "pose of the jaw",
    "pose of the left eye",
    "pose of the right eye",
)
"""What sentences call the five rotations."""

GROUPS: Final = ("flame", "codedict", "flame_params", "flame_param", "params")
"""Dictionaries inside a file that hold the parameters; what lies beside them is then not looked at."""

UNUSED: Final = (
    *("eyelids", "eyelid_params", "cam", "camera", "opencv", "R", "t"),
    *("tex", "texcode", "light", "lightcode", "detail", "detailcode"),
)
"""Names that are told as left out: lids and details that FLAME's own file has no components for, the head's place in
weak-perspective and other cameras (metrical-tracker turns the camera, not the head), textures and lights."""

ALL: Final = (
    *(*SHAPE, *EXPRESSION, *ROOT_AND_JAW, *ROOT, *NECK, *JAW, *EYES, *TRANSLATION),
    *(*STATIC, *DYNAMIC, *UNUSED),
)
