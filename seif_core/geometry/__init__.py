"""Geometry: points, meshes, pictures; arrays in, arrays out. Imports nothing of ours but errors and array types."""
