"""GLB and OBJ without Blender."""
