"""SeIF for Blender: one photo becomes a head that can be animated at once. Importing this loads no torch."""

__version__ = "0.1.0"
