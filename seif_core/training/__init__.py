"""Synthetic heads and training loops."""
