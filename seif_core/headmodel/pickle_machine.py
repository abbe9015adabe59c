"""Python's pickle format, interpreted without `pickle`: a stack machine that builds plain containers and inert records.

The library's own unpickler trusts sizes and numbers in the file: a place in its memo is allocated as large as it is
numbered, a dictionary hashes whatever its keys are (a key of nested tuples takes for ever, or overflows the stack), and
none of it can be interrupted. Here sizes are bounded by the file, memo places are entries of a dictionary, only text
and
small integers can be keys, the number of operations is bounded, and every operation is one step of a Python loop, in
which Ctrl-C
is heard. Classes are only what the caller's table names, and they are called by nothing else than their constructors.

Format facts: https://docs.python.org/3/library/pickletools.html, whose table of operations is used.
"""

from __future__ import annotations

import codecs
import io
import pickle
import pickletools
from collections.abc import Callable
from typing import Any, Final, Protocol, runtime_checkable

_MOST_OPERATIONS: Final = 500_000
"""Operations of one pickle; FLAME's own files take some thousands."""

_MOST_MEMORY: Final = 1 << 29
"""Bytes of one pickle, 512 MiB: FLAME's are 53 to 110 MB."""

_CODES: Final = {operation.code: operation for operation in pickletools.opcodes}
MARK: Final = object()
"""What stands on the stack where a group of items begins."""


@runtime_checkable
class Recorder(Protocol):
    """An object that a pickle may build: it takes any state and does nothing with it."""

    state: Any


class PickleMachine:
    """Interprets one pickle.

    Args:
        stream: the bytes, in memory; reading stops behind the pickle's end.
        find_class: (module, name) -> a class whose instances are `Recorder`s; raises `pickle.UnpicklingError` for
        others.
        persistent: identifier -> object, for references to things outside the pickle; None to refuse them.
    """

    def __init__(
        self,
        stream: io.BytesIO,
        find_class: Callable[[str, str], type[Recorder]],
        persistent: Callable[[object], object] | None = None,
    ) -> None:
        if len(stream.getbuffer()) > _MOST_MEMORY:
            raise pickle.UnpicklingError("it is larger than 512 MB")
        self._stream, self._find, self._persistent = stream, find_class, persistent
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def load(self) -> object:
        """The object that the pickle describes.

        Raises:
            pickle.UnpicklingError: an operation that is not allowed, or too many of them.
            ValueError, LookupError, TypeError: the pickle is damaged.
        """
        for _ in range(_MOST_OPERATIONS):
            code = self._stream.read(1)
            operation = _CODES.get(code.decode("latin1")) if code else None
            if operation is None:
                raise pickle.UnpicklingError("it is no pickle, or ends before its end")
            if operation.name == "STOP":
                return self._pop()
            argument = self._argument(operation)
            handler = _OPERATIONS.get(operation.name)
            if handler is None:
                raise pickle.UnpicklingError(f"it uses {operation.name}, which no file of arrays needs")
            handler(self, argument)
        raise pickle.UnpicklingError(f"it takes more than {_MOST_OPERATIONS} steps")

    def _argument(self, operation: pickletools.OpcodeInfo) -> Any:  # noqa: ANN401
        if operation.arg is None:
            return None
        if operation.name == "STRING":  # quoted and escaped bytes, which `pickletools` takes for ASCII alone
            quoted = self._stream.readline().rstrip(b"\n")
            if len(quoted) < 2 or quoted[:1] != quoted[-1:] or quoted[:1] not in (b"'", b'"'):
                raise ValueError("a text without quotes")
            return codecs.escape_decode(quoted[1:-1])[0].decode("latin1")
        return operation.arg.reader(self._stream)

    def _pop(self) -> Any:  # noqa: ANN401
        value = self._stack.pop()
        if value is MARK:
            raise pickle.UnpicklingError("a group of items where an item belongs")
        return value

    def _items(self) -> list[Any]:
        """The items above the last mark, which is taken off too."""
        for place in range(len(self._stack) - 1, -1, -1):
            if self._stack[place] is MARK:
                items = self._stack[place + 1 :]
                del self._stack[place:]
                return items
        raise pickle.UnpicklingError("a group of items without a beginning")

    def _top(self) -> Any:  # noqa: ANN401
        if self._stack[-1] is MARK:
            raise pickle.UnpicklingError("a group of items where an item belongs")
        return self._stack[-1]

    def _push(self, value: object) -> None:
        self._stack.append(value)

    def _mark(self, _argument: object) -> None:
        self._push(MARK)

    def _tuple(self, count: int) -> None:
        items = [self._pop() for _ in range(count)]
        self._push(tuple(reversed(items)))

    def _append(self, items: list[Any]) -> None:
        target = self._top()
        if isinstance(target, list):
            target.extend(items)
        elif not isinstance(target, Recorder):
            raise pickle.UnpicklingError("items for something that holds none")

    def _set_items(self, items: list[Any]) -> None:
        target = self._top()
        if isinstance(target, dict):
            target.update(_mapping(items))
        elif not isinstance(target, Recorder):
            raise pickle.UnpicklingError("items for something that holds none")

    def _remember(self, number: int) -> None:
        self._memo[number] = self._top()

    def _recall(self, number: int) -> None:
        self._push(self._memo[number])

    def _global(self, argument: str) -> None:
        module, name = argument.split(" ", 1)
        self._push(self._find(module, name))

    def _stack_global(self, _argument: object) -> None:
        name, module = self._pop(), self._pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise pickle.UnpicklingError("a name that is no text")
        self._push(self._find(module, name))

    def _make(self, kind: object, arguments: object, named: object = None) -> None:
        if not isinstance(kind, type) or not isinstance(arguments, tuple) or not isinstance(named, dict | None):
            raise pickle.UnpicklingError("it calls something that is no class")
        self._push(kind(*arguments))

    def _reduce(self, _argument: object) -> None:
        arguments = self._pop()
        self._make(self._pop(), arguments)

    def _new(self, _argument: object) -> None:
        named, arguments = self._pop(), self._pop()
        self._make(self._pop(), arguments, named)

    def _object(self, _argument: object) -> None:
        kind, *arguments = self._items()
        self._make(kind, tuple(arguments))

    def _instance(self, argument: str) -> None:
        arguments = tuple(self._items())
        module, name = argument.split(" ", 1)
        self._make(self._find(module, name), arguments)

    def _build(self, _argument: object) -> None:
        state, target = self._pop(), self._top()
        if isinstance(target, type) or not isinstance(target, Recorder):
            raise pickle.UnpicklingError("a state for something that has none")
        target.state = state

    def _refer(self, identifier: object) -> None:
        if self._persistent is None:
            raise pickle.UnpicklingError("it refers to something outside the file")
        self._push(self._persistent(identifier))

    def _drop(self, _argument: object) -> None:
        self._items()

    def _frozen_set(self, argument: object) -> None:
        self._drop(argument)
        self._recorded_set(argument)

    def _recorded_set(self, _argument: object) -> None:
        self._push(self._find("builtins", "set")())


def _mapping(items: list[Any]) -> dict[Any, Any]:
    """Keys and values in turn, as a dictionary; keys are text or numbers alone, whose hashes are cheap."""
    keys, values = items[::2], items[1::2]
    if len(keys) != len(values) or not all(_cheap(key) for key in keys):
        raise pickle.UnpicklingError("a table whose keys are neither text nor numbers")
    return dict(zip(keys, values, strict=True))


def _cheap(key: object) -> bool:
    """Whether a dictionary can take in any number of such keys quickly: large integers can be made to collide."""
    return key is None or isinstance(key, str | bytes) or (isinstance(key, int) and abs(key) < 1 << 31)


_Handler = Callable[[PickleMachine, Any], object]

_CONSTANTS: Final = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_VALUES: Final = (
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
)
"""Operations that push their argument."""


# Private methods of the machine above, which is in this module too.
_OPERATIONS: Final[dict[str, _Handler]] = {
    **{name: lambda m, _, value=value: m._push(value) for name, value in _CONSTANTS.items()},  # noqa: SLF001
    **dict.fromkeys(_VALUES, PickleMachine._push),  # noqa: SLF001
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), PickleMachine._remember),  # noqa: SLF001
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), PickleMachine._recall),  # noqa: SLF001
    **{f"TUPLE{n}": lambda m, _, n=n: m._tuple(n) for n in (1, 2, 3)},  # noqa: SLF001
    **dict.fromkeys(("PROTO", "FRAME"), lambda _machine, _argument: None),
    "MARK": PickleMachine._mark,  # noqa: SLF001
    "POP": lambda m, _: m._stack.pop(),  # noqa: SLF001
    "POP_MARK": PickleMachine._drop,  # noqa: SLF001
    "DUP": lambda m, _: m._push(m._top()),  # noqa: SLF001
    "EMPTY_TUPLE": lambda m, _: m._push(()),  # noqa: SLF001
    "TUPLE": lambda m, _: m._push(tuple(m._items())),  # noqa: SLF001
    "EMPTY_LIST": lambda m, _: m._push([]),  # noqa: SLF001
    "LIST": lambda m, _: m._push(m._items()),  # noqa: SLF001
    "APPEND": lambda m, _: m._append([m._pop()]),  # noqa: SLF001
    "APPENDS": lambda m, _: m._append(m._items()),  # noqa: SLF001
    "ADDITEMS": lambda m, _: m._append(m._items()),  # noqa: SLF001
    "EMPTY_DICT": lambda m, _: m._push({}),  # noqa: SLF001
    "DICT": lambda m, _: m._push(_mapping(m._items())),  # noqa: SLF001
    "SETITEM": lambda m, _: m._set_items([m._pop(), m._pop()][::-1]),  # noqa: SLF001
    "SETITEMS": lambda m, _: m._set_items(m._items()),  # noqa: SLF001
    "EMPTY_SET": PickleMachine._recorded_set,  # noqa: SLF001
    "FROZENSET": PickleMachine._frozen_set,  # noqa: SLF001
    "MEMOIZE": lambda m, _: m._remember(len(m._memo)),  # noqa: SLF001
    "GLOBAL": PickleMachine._global,  # noqa: SLF001
    "STACK_GLOBAL": PickleMachine._stack_global,  # noqa: SLF001
    "REDUCE": PickleMachine._reduce,  # noqa: SLF001
    "NEWOBJ": PickleMachine._reduce,  # noqa: SLF001
    "NEWOBJ_EX": PickleMachine._new,  # noqa: SLF001
    "OBJ": PickleMachine._object,  # noqa: SLF001
    "INST": PickleMachine._instance,  # noqa: SLF001
    "BUILD": PickleMachine._build,  # noqa: SLF001
    "PERSID": PickleMachine._refer,  # noqa: SLF001
    "BINPERSID": lambda m, _: m._refer(m._pop()),  # noqa: SLF001
}
"""What each operation does; EXT1 to EXT4, NEXT_BUFFER and READONLY_BUFFER are refused."""
