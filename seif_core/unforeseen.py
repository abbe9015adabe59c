"""Errors that nobody foresaw, where one piece of work must not end the others (photos of a run, jobs of the worker)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from .errors import SeifError, UnforeseenError

_LONGEST: Final = 300
"""Characters of a library's own words that are shown; the log has all of them."""


@contextmanager
def unforeseen_in_words() -> Iterator[None]:
    """Turn whatever a library raises into a typed error; its cause keeps where it came from.

    Raises:
        UnforeseenError: something inside raised what is none of the project's errors.
        SeifError: as it was raised.
        KeyboardInterrupt: as it was raised; the signals of `signals` are of this kind.
    """
    try:
        yield
    except (SeifError, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # also SystemExit of a library, and what Rust's panics become
        raise UnforeseenError(
            f"An error that nobody foresaw ({describe(error)}); please report it with the log (--verbose, or Copy "
            "Worker Log in Blender)."
        ) from error


def describe(error: BaseException) -> str:
    """Kind and words of an error on one line."""
    words = " ".join(str(error).split())
    text = f"{type(error).__name__}: {words}" if words else type(error).__name__
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
