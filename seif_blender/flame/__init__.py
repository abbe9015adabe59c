"""FLAME parameters of other programs onto a head in the scene."""
