"""A module whose import takes long, for tests that interrupt it."""

import time

for _ in range(2000):
    time.sleep(0.01)
