"""Performance capture: a photo, a video, a Live Link CSV or mouth shapes keyed on the active head."""
