"""A head in Blender's asset browser."""
