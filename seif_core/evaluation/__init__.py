"""Metrics: angular error of normal maps, scan-to-mesh distance."""
