"""The pixel-aligned implicit function: networks and their weights. Importing this loads no torch."""
