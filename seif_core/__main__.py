"""`python -m seif_core` is the command `seif`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
