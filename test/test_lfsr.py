from edge_adapt.lfsr import Lfsr, step, TAPS
import numpy as np
import pytest


def test_signs_are_the_low_bits_of_successive_states():
    state, expected = 0xDEADBEEF, []
    for _ in range(1000):
        expected.append(1 if state & 1 else -1)
        state = step(state)
    register = Lfsr(0xDEADBEEF)
    np.testing.assert_array_equal(register.signs(1000), expected)
    assert register.state == state


def test_draws_do_not_depend_on_how_they_are_cut():
    whole, parts = Lfsr(7), Lfsr(7)
    np.testing.assert_array_equal(
        whole.signs(300), np.concatenate([parts.signs(n) for n in (1, 99, 0, 200)])
    )


def test_a_low_one_brings_in_the_taps():
    assert step(1) == TAPS
    assert step(2) == 1


@pytest.mark.parametrize('state', [0, 1 << 32, -1])
def test_refuses_a_state_it_would_never_leave_or_hold(state):
    with pytest.raises(ValueError, match='state must be'):
        Lfsr(state)
