"""What the worker does with head models and FLAME parameters: docs/worker-protocol.md, `models` and `flame_motion`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from ..errors import ModelError, SettingsError
from ..progress import Progress

STAGES: Final = {"models": {"Download": 0.5, "Head Model": 0.5}, "flame_motion": {"Parameters": 1.0}}
"""Stages of each request with their shares of its time; Prepare is not counted."""
_MOST_FILES: Final = 100_000
"""Files of a sequence, one a frame, as many as `flame_exchange` takes frames."""


def models(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Add, remove or list head models; see docs/worker-protocol.md.

    Raises:
        SettingsError: a field is missing or makes no sense, or a download is not permitted.
        SeifError: whatever `headmodel.installed` raises.
    """
    from ..headmodel.installed import add_from_publisher, add_model, remove_model

    action, told = request.get("action"), ""
    if action == "add":
        path = absolute_path(request, "path")
        with progress.stage("Head Model"):
            model = add_model(path)
        told = f"{model.title} was added: {model.licence}. {model.attribution}"
    elif action == "fetch":
        if request.get("online") is not True:
            raise SettingsError("Nothing is downloaded while going online is not permitted; allow it, or add a file.")
        model, checked = add_from_publisher(progress)
        told = f"{model.title} was added: {model.licence}. {model.attribution} {checked}"
    elif action == "remove":
        name = request.get("name")
        if not isinstance(name, str):
            raise SettingsError("The request has no 'name' of a model.")
        told = f"{remove_model(name).title} was removed."
    elif action != "list":
        raise SettingsError("The request's 'action' is none of add, fetch, remove, list.")
    return {"report": {"told": told, "models": _listed()}}


def flame_motion(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Turn FLAME parameters of other programs into key weights and poses, written as JSON to the request's ``out``.

    Raises:
        SettingsError: a field is missing or makes no sense.
        ModelError: a file holds no FLAME parameters, or no FLAME model is there.
        OutputError: the file cannot be written.
    """
    from ..flame_exchange.import_parameters import read_parameters
    from ..flame_exchange.motion import named_motion
    from ..headmodel import load_head_model
    from ..whole_file import write_whole

    names, paths, out = request.get("key_names"), request.get("paths"), absolute_path(request, "out")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise SettingsError("The request has no list 'key_names'.")
    if not isinstance(paths, list) or not 0 < len(paths) <= _MOST_FILES:
        raise SettingsError("The request has no list 'paths' of files.")
    files = [absolute_path({"path": path}, "path") for path in paths]
    with progress.stage("Parameters"):
        parameters = read_parameters(files)
        model = load_head_model(_flame_name(request))
        motion = named_motion(tuple(names), parameters, model, progress)
    content = {
        "key_names": list(motion.key_names),
        "key_weights": motion.key_weights.tolist(),
        "expression": motion.expression.tolist(),
        "pose": motion.pose.tolist(),
        "translation": None if motion.translation is None else motion.translation.tolist(),
    }
    write_whole(out, json.dumps(content).encode())
    return {"report": {"frames": parameters.frames, "left_out": list(parameters.left_out), "model": model.title}}


def absolute_path(request: dict[str, Any], name: str) -> Path:
    """The path that a request names.

    Raises:
        SettingsError: there is none, or it is not absolute.
    """
    value = request.get(name)
    if not isinstance(value, str) or not value or "\0" in value or not Path(value).is_absolute():
        raise SettingsError(f"The request has no absolute path '{name}'.")
    return Path(value)


def _listed() -> list[dict[str, str]]:
    from ..headmodel.installed import installed_models

    told = ("name", "title", "licence", "attribution")
    return [{key: getattr(model, key) for key in told} for model in installed_models()]


def _flame_name(request: dict[str, Any]) -> str:
    """The FLAME model that the request names, or else an added one; for a FLAME head its own where that is there."""
    from ..headmodel.installed import installed_models

    named, own = request.get("flame", ""), request.get("head_model", "")
    added = [model.name for model in installed_models() if model.name.startswith("flame")]
    if isinstance(named, str) and named:
        return named
    if own in added:
        return str(own)
    if not added:
        raise ModelError("FLAME parameters need a FLAME model, which tells what they mean; add one in the preferences.")
    return added[-1]
