"""A user's own normal estimator, as an ONNX file, in place of the embedded normal network.

Written for DAViD (Saleh et al., DAViD: Data-efficient and accurate vision models from synthetic data, ICCV 2025; its
normal models are MIT licensed): 512 x 512 pixels, blue first, 0..1, in, and (1, 3, 512, 512) normals out, beside which
its multi-task model gives depth and foreground. What other estimators take in is told by a JSON file beside theirs,
``NAME.json`` for ``NAME.onnx``: ``channels`` ("rgb" or "bgr"), ``mean`` and ``std`` (three numbers each, of 0..1).

Estimators call their axes as they like. The fitted 3DMM knows the normals well enough to tell which of the 48 ways of
naming and turning three axes is meant.

Convention: in, as `HeadInputs`; out, camera space, x right, y up, z to the viewer. Worked number: of an estimator with
y down and z away from the viewer the vector (0.6, 0, -0.8) means (0.6, 0, 0.8).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations, product
from pathlib import Path
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - torch's own documentation writes F

from ..errors import DependencyError, ModelError
from ..filenames import is_file
from ..shapes import Float, Float32, Float64
from .head_surface import NormalEstimator
from .inputs import HeadInputs

_USUAL_SIZE: Final = 512
_LEAST_AGREEMENT: Final = 0.6
"""Mean cosine to the fitted 3DMM's normals below which the answer is taken for something else than normals."""
_SHORTEST: Final = 0.3
_SIDES: Final = (32, 4096)
"""Pixels a side of the picture that an estimator may take in: fewer show no face, more take gigabytes at once."""
_TYPES: Final = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64}
"""Numbers that an estimator may take in, as onnxruntime names them; a picture in 0..1 is lost in whole numbers."""
_FAILURES: Final = (
    *("Fail", "InvalidProtobuf", "InvalidGraph", "NotImplemented", "InvalidArgument", "NoSuchFile", "NoModel"),
    *("RuntimeException", "EPFail", "ModelLoaded"),
)
"""onnxruntime's own errors, by name; not all of them are Python's RuntimeError."""
_LARGEST_NOTE: Final = 1 << 20
"""Bytes of the JSON file beside a model: 1 MiB; it holds seven values."""


@runtime_checkable
class _Tensor(Protocol):
    """What a session tells of an input or output."""

    name: str
    shape: Sequence[Any]


@runtime_checkable
class Session(Protocol):
    """The part of `onnxruntime.InferenceSession` that is used here."""

    def get_inputs(self) -> Sequence[_Tensor]:
        """The inputs, in order."""
        ...

    def run(self, names: None, feed: dict[str, np.ndarray]) -> Sequence[np.ndarray]:
        """All outputs for one feed."""
        ...


@dataclass(frozen=True)
class OnnxInput:
    """What an estimator wants of the picture.

    Attributes:
        channels: ``rgb`` or ``bgr``.
        mean: subtracted from each channel, in the order of the channels.
        std: then divided by.
    """

    channels: str = "bgr"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)


def load_normal_model(path: str | Path, *, device: str = "cpu") -> NormalEstimator:
    """Open an estimator.

    Args:
        path: the ONNX file.
        device: ``cuda`` takes the GPU where onnxruntime can.

    Raises:
        DependencyError: onnxruntime is not installed.
        ModelError: the file is missing, no ONNX model, or takes in something else than one picture.
    """
    path = Path(path)
    if not is_file(path):
        raise ModelError(f"There is no file {path}; give the path of an ONNX normal estimator.")
    wanted = _read_input(path.with_suffix(".json"))
    return estimator(_open(path, device), wanted, path.name)


def _open(path: Path, device: str) -> Session:
    try:
        import onnxruntime  # type: ignore[import-not-found]
    except ImportError as error:
        raise DependencyError(
            f"The normal model {path.name} needs onnxruntime, which is not installed; install it with 'pip install "
            "onnxruntime' into the Python that runs the reconstruction, or leave the normal model out."
        ) from error
    here = onnxruntime.get_available_providers()
    gpu = ["CUDAExecutionProvider"] if device.startswith("cuda") and "CUDAExecutionProvider" in here else []
    try:
        return onnxruntime.InferenceSession(str(path), providers=[*gpu, "CPUExecutionProvider"])
    except (*_failures(), RuntimeError, ValueError, MemoryError) as error:
        raise ModelError(f"{path.name} is no ONNX model that onnxruntime can open; export or download it again.") from (
            error
        )


def _read_input(path: Path) -> OnnxInput:
    if not is_file(path):
        return OnnxInput()
    try:
        if path.stat().st_size > _LARGEST_NOTE:
            raise ValueError("it is larger than 1 MB")  # noqa: TRY301
        told = json.loads(path.read_text(encoding="utf-8-sig"))
        mean, std = (tuple(float(x) for x in told.get(k, d)) for k, d in (("mean", (0, 0, 0)), ("std", (1, 1, 1))))
        channels = str(told.get("channels", "bgr"))
    except (OSError, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ModelError(f"{path.name} beside the normal model cannot be read ({error}); mend or remove it.") from error
    if (
        channels not in {"rgb", "bgr"}
        or len(mean) != 3
        or len(std) != 3
        or not np.isfinite([*mean, *std]).all()
        or min(std) <= 0
    ):
        raise ModelError(
            f'{path.name} beside the normal model must say "channels" as "rgb" or "bgr", and three numbers each as '
            '"mean" and "std"; mend or remove it.'
        )
    return OnnxInput(channels, mean, std)


def estimator(session: Session, wanted: OnnxInput, name: str) -> NormalEstimator:
    """The estimator that a session makes.

    Args:
        session: an open model.
        wanted: what it wants of the picture.
        name: of the file, for sentences.

    Raises:
        ModelError: it takes in something else than one picture, or whole numbers; or, when called, fails, or answers
            something else than normals.
    """
    inputs = session.get_inputs()
    if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].shape[1] not in {3, "3"}:
        shapes = ", ".join(str(list(one.shape)) for one in inputs)
        raise ModelError(
            f"The normal model {name} takes in {shapes}; one picture of the shape (1, 3, height, width) was expected, "
            "choose another model."
        )
    height, width = (side if isinstance(side, int) and side != -1 else _USUAL_SIZE for side in inputs[0].shape[2:])
    if min(height, width) < _SIDES[0] or max(height, width) > _SIDES[1] or _several(inputs[0].shape[0]):
        raise ModelError(
            f"The normal model {name} takes in pictures of the shape {list(inputs[0].shape)}; one picture of "
            f"{_SIDES[0]} to "
            f"{_SIDES[1]} pixels a side was expected, choose another model."
        )
    kind = str(getattr(inputs[0], "type", "tensor(float)"))
    number = _TYPES.get(kind)
    if number is None:
        raise ModelError(
            f"The normal model {name} takes in {kind}; a picture of floating-point numbers was expected, "
            "choose another model."
        )

    def estimate(head: HeadInputs) -> torch.Tensor:
        picture = F.interpolate(head.photo[None].float(), size=(height, width), mode="bilinear", align_corners=False)
        feed = _normalised(picture.cpu().numpy(), wanted).astype(number)
        found = _normals_among(_answers(session, {inputs[0].name: feed}, name), name)
        size = head.photo.shape[-2:]
        there = F.interpolate(torch.from_numpy(found)[None], size=size, mode="bilinear", align_corners=False)[0]
        guidance = head.guidance.cpu()
        turned = torch.from_numpy(find_axes(there.numpy(), guidance.numpy(), name).astype(np.float32))
        normals = torch.einsum("ab,bhw->ahw", turned, there)
        length = normals.norm(dim=0, keepdim=True)
        # where the estimator saw background inside the mask, the fitted 3DMM stands in, or else the viewer's direction
        facing = torch.where(
            guidance.norm(dim=0, keepdim=True) > _SHORTEST, guidance, torch.tensor([0.0, 0, 1])[:, None, None]
        )
        unit = torch.where(length > _SHORTEST, normals / length.clamp(min=1e-6), facing)
        return (F.normalize(unit, dim=0) * head.mask.cpu()).to(head.photo.device)

    return estimate


def _several(batch: object) -> bool:
    """Whether a model's batch is fixed at something else than one picture."""
    return isinstance(batch, int) and batch not in (1, -1)


def _answers(session: Session, feed: dict[str, np.ndarray], name: str) -> list[np.ndarray]:
    """What the model answers: arrays of numbers alone.

    Raises:
        ModelError: it fails.
    """
    try:
        answers = session.run(None, feed)
    except (*_failures(), RuntimeError, ValueError, TypeError, MemoryError) as error:
        raise ModelError(f"The normal model {name} failed ({_first_line(error)}); choose another model.") from error
    return [answer for answer in answers if isinstance(answer, np.ndarray) and answer.dtype.kind in "fiu"]


def _failures() -> tuple[type[Exception], ...]:
    """What onnxruntime raises; none where it is not installed."""
    try:
        from onnxruntime.capi import onnxruntime_pybind11_state as state  # type: ignore[import-not-found]
    except ImportError:
        return ()
    return tuple(getattr(state, kind) for kind in _FAILURES if hasattr(state, kind))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _normalised(picture: Float32[np.ndarray, "1 3 H W"], wanted: OnnxInput) -> Float32[np.ndarray, "1 3 H W"]:
    ordered = picture[:, ::-1] if wanted.channels == "bgr" else picture
    mean, std = (np.array(v, np.float32)[None, :, None, None] for v in (wanted.mean, wanted.std))
    return np.ascontiguousarray((ordered - mean) / std, np.float32)


def _normals_among(outputs: Sequence[np.ndarray], name: str) -> Float32[np.ndarray, "3 H W"]:
    """The first output of three channels, as (3, H, W) in -1..1."""
    for output in outputs:
        if output.ndim == 4 and output.shape[1] == 3:
            found = output[0]
        elif output.ndim == 4 and output.shape[3] == 3:
            found = output[0].transpose(2, 0, 1)
        else:
            continue
        found = np.ascontiguousarray(found, np.float32)
        if found.size == 0 or not np.isfinite(found).all():
            raise ModelError(f"The normal model {name} answers values that are not numbers; choose another model.")
        return found * 2 - 1 if found.min() >= 0 else found  # coded as a picture: heads have normals of either sign
    shapes = ", ".join(str(output.shape) for output in outputs)
    raise ModelError(
        f"The normal model {name} answers {shapes}; normals of the shape (1, 3, height, width) were expected, choose "
        "another model."
    )


def find_axes(
    normals: Float32[np.ndarray, "3 H W"], guidance: Float[np.ndarray, "3 H W"], name: str = "the model"
) -> Float64[np.ndarray, "3 3"]:
    """The signed permutation (3, 3) that turns an estimator's vectors into ours, by the fitted 3DMM's normals.

    Args:
        normals: (3, H, W) in the estimator's axes.
        guidance: (3, H, W) unit normals in ours, 0 where unknown.
        name: of the model, for the sentence.

    Raises:
        ModelError: no way of naming the axes agrees with the 3DMM.
    """
    length = np.linalg.norm(normals, axis=0)
    known = (np.linalg.norm(guidance, axis=0) > _SHORTEST) & (length > _SHORTEST)
    theirs = normals[:, known] / np.maximum(length[known], 1e-6)
    together = guidance[:, known].astype(np.float64) @ theirs.T.astype(np.float64) / max(1, int(known.sum()))
    best, agreement = np.eye(3), -1.0
    for order, signs in product(permutations(range(3)), product((1.0, -1.0), repeat=3)):
        cosine = sum(sign * together[axis, order[axis]] for axis, sign in enumerate(signs))
        if cosine > agreement:
            agreement, best = float(cosine), np.eye(3)[list(order)] * np.array(signs)[:, None]
    if agreement < _LEAST_AGREEMENT:
        raise ModelError(
            f"What {name} answers agrees with no normals of a head (cosine {agreement:.2f} to the fitted head); choose "
            "a model that estimates normals, or leave it out."
        )
    return best
