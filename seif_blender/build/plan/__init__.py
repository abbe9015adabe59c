"""From a `Head` to a `Blueprint`: numpy, no `bpy`."""
