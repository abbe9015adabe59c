"""How long enabling the add-on takes in a fresh Blender, and that it loads no torch.

Builds the zip, installs it into a scratch user folder, then enables it in several fresh processes. Last figures
(2 quiet cores, bpy 5.0.1, best of 7): 34 ms, 34 ms of it processor time; heavy modules in
Blender's process: none.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import stage_extension  # noqa: E402 - after the path is set

REPEATS = 7
INSTALL = """
import bpy, sys
bpy.ops.extensions.package_install_files(filepath=sys.argv[1], repo="user_default", enable_on_install=False)
"""
ENABLE = """
import bpy, sys, time
start, cpu = time.perf_counter(), time.process_time()
bpy.ops.preferences.addon_enable(module="bl_ext.user_default.seif_blender")
seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
assert hasattr(bpy.types, "SEIF_PT_head")
heavy = {"torch", "cv2", "skimage", "scipy", "ai_edge_litert"} & set(sys.modules)
print("RESULT", 1000 * seconds, 1000 * cpu, ",".join(sorted(heavy)) or "none")
"""


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as scratch:
        target = stage_extension.build(Path(scratch))
        variables = os.environ | {"BLENDER_USER_RESOURCES": str(Path(scratch) / "user")}
        subprocess.run([sys.executable, "-c", INSTALL, str(target)], env=variables, check=True, capture_output=True)
        rows = []
        for _ in range(REPEATS):
            command = [sys.executable, "-c", ENABLE]
            done = subprocess.run(command, env=variables, check=True, capture_output=True, text=True)
            line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT"))
            rows.append(line.split()[1:])
    wall, cpu = (min(float(row[i]) for row in rows) for i in (0, 1))
    print(f"enabling: best {wall:.0f} ms, {cpu:.0f} ms of processor time; heavy modules: {rows[0][2]}")


if __name__ == "__main__":
    main()
