"""Levels of detail of a head that stands in the scene."""
