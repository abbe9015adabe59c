"""Every error that a user can cause: a sentence of what came, what was expected, and what to do.

`code` is stable and travels through the worker protocol; `exit_code` is the command line's answer.
"""

from __future__ import annotations

from typing import ClassVar


class SeifError(Exception):
    """Base of the project's errors; `str(error)` is a sentence fit to show to an artist."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1


class PhotoError(SeifError):
    """The photo cannot be used."""

    code = "photo"
    exit_code = 2


class PhotoNotFoundError(PhotoError):
    """No such file, or it is a directory."""

    code = "photo-not-found"


class PhotoUnreadableError(PhotoError):
    """The file is no picture that can be decoded, or is damaged."""

    code = "photo-unreadable"


class PhotoUnsuitableError(PhotoError):
    """The picture is readable but no head can be made of it (no face, too small, too large)."""

    code = "photo-unsuitable"


class OutputError(SeifError):
    """The result cannot be written (folder not writable, disk full)."""

    code = "output"
    exit_code = 3


class ModelError(SeifError):
    """A head model or weights file is missing, damaged or of the wrong kind."""

    code = "model"
    exit_code = 4


class DependencyError(SeifError):
    """A library that this step needs is not installed."""

    code = "dependency"
    exit_code = 5


class DeviceError(SeifError):
    """The chosen device does not exist or ran out of memory."""

    code = "device"
    exit_code = 6


class BusyError(SeifError):
    """Another job is running."""

    code = "busy"
    exit_code = 7


class HeadFormatError(SeifError):
    """A head.npz cannot be read: not one, damaged, or of a newer version."""

    code = "head-format"
    exit_code = 8


class SettingsError(SeifError):
    """A setting has a value that makes no sense."""

    code = "settings"
    exit_code = 9


class RegistrationError(SeifError):
    """The head model cannot be drawn onto a surface (no surface, or one that would fold the mesh)."""

    code = "registration"
    exit_code = 10


class PerformanceFileError(SeifError):
    """A video, a Live Link CSV or a file of visemes cannot be used: unreadable, of another kind, without a face."""

    code = "performance"
    exit_code = 11


class UnforeseenError(SeifError):
    """A library failed in a way that nobody foresaw: a fault of this project, to be reported."""

    code = "unforeseen"


class CancelledError(SeifError):
    """The user cancelled the job."""

    code = "cancelled"
    exit_code = 130
