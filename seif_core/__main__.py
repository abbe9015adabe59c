"""`python -m seif_core` and the command `seif`: it starts here, so that Ctrl-C is heard while libraries load."""

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; 130 where the user stops it before it has begun.

    Args:
        arguments: what stands behind the program's name; those of the process when None.
    """
    try:
        from .cli import main as command

        return command(arguments)
    except KeyboardInterrupt:
        sys.stderr.write("seif: cancelled; nothing half-written was left.\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
