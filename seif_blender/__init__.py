"""SeIF for Blender, the add-on: one photo becomes a head that can be animated at once.

Importing this imports neither `bpy` nor torch: `registration` does the work inside Blender.
"""


def register() -> None:
    """Called by Blender when the add-on is enabled."""
    from . import registration

    registration.register()


def unregister() -> None:
    """Called by Blender when the add-on is disabled or Blender ends."""
    from . import registration

    registration.unregister()
