"""Small networks that keep working when the robot's world changes."""

import os

# Heads and batches are small: where cores are busy, threads of BLAS wait for one another a hundred
# times as long as they compute. Read by numpy when it is imported; who sets it decides.
os.environ.setdefault('OPENBLAS_NUM_THREADS', '1')
