"""Head models that the artist added: adding, fetching, removing, and the list in the preferences."""
