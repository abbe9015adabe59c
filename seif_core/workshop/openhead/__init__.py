"""Builds `vendor/open_head/open_head.npz` from MakeHuman's CC0 assets; build time only, not part of the extension."""
