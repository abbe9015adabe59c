"""Non-rigid registration of triangle meshes: one solver and schedule, correspondences, and a file per energy term.

All terms are quadratic energies that add up (`quadratic_energy`); `solver` minimises them, `schedule` repeats match and
solve, level by level. Arrays in, arrays out: what a vertex means is told by who calls.
"""
