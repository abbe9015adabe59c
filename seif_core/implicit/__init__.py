"""The pixel-aligned implicit function and its networks."""
