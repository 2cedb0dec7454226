"""
Many bags, many settings: cells that know nothing of one another, run wherever there is room.

A cell is plain values in and plain values out, so that a process, or a machine, can run it; what
comes out does not depend on where it ran.
"""
