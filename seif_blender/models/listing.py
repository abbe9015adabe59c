"""What the preferences remember of the added head models, as the worker last told it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import bpy

from ..addon import preferences


@dataclass(frozen=True)
class AddedModel:
    """A head model in the user's folder.

    Attributes:
        name: short name, as the library takes it.
        title: name and version.
        licence: licence of heads made with it.
    """

    name: str
    title: str
    licence: str


def added_models(context: bpy.types.Context) -> list[AddedModel]:
    """The models that were told last; none where nothing was told or it cannot be read."""
    try:
        told = json.loads(preferences(context).added_models)
        return [AddedModel(str(m["name"]), str(m["title"]), str(m["licence"])) for m in told]
    except (ValueError, KeyError, TypeError):
        return []


def remember(context: bpy.types.Context, report: dict[str, Any]) -> None:
    """Keep the list of an answer to `models`."""
    kept = [{key: model.get(key, "") for key in ("name", "title", "licence")} for model in report.get("models", [])]
    preferences(context).added_models = json.dumps(kept)


def added_flame(context: bpy.types.Context) -> str:
    """Short name of an added FLAME model, empty where there is none."""
    return next((model.name for model in added_models(context) if model.name.startswith("flame")), "")
