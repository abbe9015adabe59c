"""The client of the worker process: docs/worker-protocol.md. Nothing here imports `bpy`."""
