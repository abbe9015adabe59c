"""Building the Blender object from a `Head`."""
