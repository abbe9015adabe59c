"""What the worker's Python runs: `bootstrap.py ROOT [RUNTIME]` makes `seif_core` importable and starts the server.

Runs outside Blender, in the worker's own Python; standard library only.
"""

import runpy
import signal
import site
import sys


def main() -> None:
    """Add the runtime's and the project's folders to the path, then run `seif_core.worker` as the main module."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever was inherited, the client interrupts with it
    root, *runtime = sys.argv[1:]
    for folder in runtime:
        before = list(sys.path)
        site.addsitedir(folder)
        added = [entry for entry in sys.path if entry not in before]
        sys.path[:] = added + before  # the runtime's numpy wins over the one Blender ships
    sys.path.append(root)
    sys.argv[:] = sys.argv[:1]
    runpy.run_module("seif_core.worker", run_name="__main__")


main()
