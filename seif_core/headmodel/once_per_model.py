"""What depends on a head model alone is computed once and kept as long as the model lives."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from .model import HeadModel

Found = TypeVar("Found")


def once_per_model(find: Callable[[HeadModel], Found]) -> Callable[[HeadModel], Found]:
    """Remember what `find` returns for a model; the memory goes with the model.

    Args:
        find: takes a model and nothing else, and returns what must not be changed.
    """
    known: WeakKeyDictionary[HeadModel, Found] = WeakKeyDictionary()

    @wraps(find)
    def once(model: HeadModel) -> Found:
        if model not in known:
            known[model] = find(model)
        return known[model]

    return once
