"""The worker process: newline-delimited JSON in, progress and results out."""
