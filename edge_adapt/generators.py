"""Random generators as plain arrays: a saved learner keeps its generator."""

from __future__ import annotations

import json

from edge_adapt.records import Array, U8
import numpy as np


def generator_to_array(rng: np.random.Generator) -> U8:
    """Return the state of a PCG64 generator as bytes of JSON."""
    return np.frombuffer(json.dumps(rng.bit_generator.state).encode(), np.uint8)


def generator_from_array(array: Array) -> np.random.Generator:
    """Return the generator that `generator_to_array` was given."""
    rng = np.random.default_rng()
    rng.bit_generator.state = json.loads(array.tobytes())
    return rng
