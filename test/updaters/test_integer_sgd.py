"""Descent in whole numbers is its equations, feature by feature."""

from edge_adapt.lfsr import Lfsr
from edge_adapt.updaters._integer_sgd import BIAS_FEATURE, descend, IntegerHead, LIMIT, logits
import numpy as np


def by_hand(head: IntegerHead, levels, label: int, shift: int, rate: int):
    """Return V and B after a step, one product at a time."""
    errors = [
        (min(max(128 + (int(z) >> shift), 0), 255) - 255 * (j == label)) >> 1
        for j, z in enumerate(logits(head, levels))
    ]
    register, values, biases = Lfsr(head.register), head.values.copy(), head.biases.copy()
    for feature, level in enumerate([*map(int, levels), BIAS_FEATURE]):
        register.signs(8)
        for j, error in enumerate(errors):
            turned = (register.state << 32 | register.state) >> 3 * j % 32
            move = (error * level + (turned & (1 << rate) - 1)) >> rate
            if feature < len(levels):
                values[j, feature] = np.clip(values[j, feature] - move, -LIMIT, LIMIT)
            else:
                biases[j] = np.clip(biases[j] - move, -(1 << 23), (1 << 23) - 1)
    return values, biases, register.state


def test_a_step_is_its_equations() -> None:
    rng = np.random.default_rng(1)
    for rate, shift in ((0, 0), (7, 9), (15, 4)):
        head = IntegerHead(
            rng.integers(-LIMIT, LIMIT + 1, (12, 9)), rng.integers(-(1 << 23), 1 << 23, 12), 77
        )
        levels = rng.integers(-127, 128, 9).astype(np.int8)
        after = descend(head, levels, 3, shift, rate)
        values, biases, register = by_hand(head, levels, 3, shift, rate)
        np.testing.assert_array_equal(after.values, values)
        np.testing.assert_array_equal(after.biases, biases)
        assert after.register == register
