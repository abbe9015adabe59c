"""`prepare.py ROOT [RUNTIME] -- HEAD.npz EXPRESSIONS SPELLING CORRECTIVES`: prints the blueprint of a head.

Runs in the worker's Python when Blender's own has no numpy; standard library only until the path is set.
"""

import importlib.util
import site
import sys
from pathlib import Path


def main() -> int:
    """Make the packages importable under their own names, draw up the blueprint, print it."""
    folders, (head_file, expressions, spelling, correctives) = (
        sys.argv[1 : sys.argv.index("--")],
        sys.argv[sys.argv.index("--") + 1 :],
    )
    sys.path.append(folders[0])
    for runtime in folders[1:]:
        site.addsitedir(runtime)
    package = Path(__file__).resolve().parent.parent
    spec = importlib.util.spec_from_file_location(
        "seif_blender", package / "__init__.py", submodule_search_locations=[str(package)]
    )
    if spec is None:
        raise ImportError("seif_blender")
    sys.modules["seif_blender"] = importlib.util.module_from_spec(spec)
    from seif_blender.build.blueprint import dumps
    from seif_blender.build.plan.draw_up import draw_up
    from seif_blender.build.settings import BuildSettings
    from seif_blender.core import Head, errors

    try:
        blueprint = draw_up(Head.load(Path(head_file)), BuildSettings(expressions, spelling, correctives))
    except errors.SeifError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(dumps(blueprint))
    return 0


if __name__ == "__main__":
    sys.exit(main())
