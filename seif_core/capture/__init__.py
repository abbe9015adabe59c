"""Performance capture: a photo's expression, a video, a Live Link file or visemes as weights of a head's keys."""
