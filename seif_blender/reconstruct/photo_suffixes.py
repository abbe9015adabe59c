"""Picture files that the library reads."""

from typing import Final

PHOTO_SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".heic", ".heif", ".avif")
"""Picture files that the library reads where its decoder does."""
PHOTO_FILTER: Final = ";".join(f"*{suffix}" for suffix in PHOTO_SUFFIXES)
"""The same for Blender's file browser."""
