"""Where the data that ships lies: the `vendor` folder beside the package, in the repository and in the extension."""

from __future__ import annotations

from pathlib import Path

from .errors import ModelError


def vendor_path(*parts: str) -> Path:
    """Path of a shipped file, checked to exist.

    Args:
        parts: path components below `vendor/`, for example ``("open_head", "open_head.npz")``.

    Raises:
        ModelError: the file is missing, so the installation is incomplete.
    """
    path = Path(__file__).resolve().parent.parent.joinpath("vendor", *parts)
    if not path.exists():
        raise ModelError(
            f"The shipped file {'/'.join(parts)} is missing from the installation; install the add-on or package again."
        )
    return path
