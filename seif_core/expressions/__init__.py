"""Expression name tables and transfer between head models."""
