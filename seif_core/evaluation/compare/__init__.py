"""`seif compare`: results of other methods beside ours on the same photos, as sheets and under every protocol."""
