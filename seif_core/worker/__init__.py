"""The worker process: newline-delimited JSON in, progress and results out (docs/worker-protocol.md)."""
