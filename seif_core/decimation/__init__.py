"""Fewer triangles for the same surface, its texture seams and its shape keys kept: numpy alone, also in Blender."""
