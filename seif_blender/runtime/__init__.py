"""The worker's Python and libraries: where they are, and installing them on request."""
