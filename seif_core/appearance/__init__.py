"""Albedo from the photo, unseen areas, eyes, mouth."""
