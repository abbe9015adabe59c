"""Synthetic heads made on the fly and the training loops. Importing this loads no torch."""
