"""Registration of one mesh to another: solver, schedule, and the terms of its energy."""
