"""FLAME's parameters to and from other programs: what a head is in them, and what a tracker's file does to a head."""
