"""
Versions of the weights: as bytes that can be signed, and as a folder that survives any cut.

What leaves a process or arrives from outside is a container (`container.py`); what a robot keeps
is a store (`weight_store.py`).
"""
