"""Flips of binary weights: children are seeds, and nothing but bits moves."""

from edge_adapt.engines.reference import Reference
from edge_adapt.errors import UsageError
from edge_adapt.networks.layers import Dense
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.updaters._bit_flips import binary_layers, flips, xorshift
from edge_adapt.updaters.bit_flips import BitFlips
import numpy as np
import pytest

LAYERS = [Dense(name='first', n_in=40, n_out=3), Dense(name='second', n_in=3, n_out=2)]


def test_a_mask_is_its_registers_bits_word_by_word() -> None:
    found = flips(LAYERS, seed=7, rate=65535, lanes=32)
    state, words = 7 ^ 0x9E3779B9, []
    for _ in range(3 * 2 + 2):
        turned = [(state << 32 - k | state >> k) & 0xFFFFFFFF for k in (7, 13, 22)]
        words.append(state & turned[0] & turned[1] & turned[2] if state >> 16 < 65535 else 0)
        state = xorshift(state)
    bits = np.array([[word >> 31 - k & 1 for k in range(32)] for word in words], bool)
    np.testing.assert_array_equal(found['first.weights'], bits[:6].reshape(3, 64)[:, :40])
    np.testing.assert_array_equal(found['second.weights'], bits[6:, :3])


def test_only_layers_of_bits_are_flipped(toy) -> None:
    assert [layer.name for layer in binary_layers(toy.network, toy.weights)] == [
        'dense1',
        'dense2',
    ]
    wide = toy.weights.replace({'dense1.weights': toy.weights['dense1.weights'] * np.int8(3)})
    assert [layer.name for layer in binary_layers(toy.network, wide)] == ['dense2']


def test_it_moves_bits_and_nothing_else(toy, digits) -> None:
    objective = EngineObjective(Reference(), toy)
    samples = digits.take(np.arange(40))
    *_, better = BitFlips(rate=1000, n_generations=32).improve(objective, toy.weights, samples)
    moved = [name for name in better if not np.array_equal(better[name], toy.weights[name])]
    assert moved
    assert set(moved) <= {'dense1.weights', 'dense2.weights'}
    assert all(set(np.unique(better[name])) == {-1, 1} for name in moved)


def test_a_network_without_bits_is_refused(toy, digits) -> None:
    names = ('dense1.weights', 'dense2.weights')
    wide = toy.weights.replace({name: toy.weights[name] * np.int8(3) for name in names})
    with pytest.raises(UsageError, match='whose bits could flip'):
        next(BitFlips().improve(EngineObjective(Reference(), toy), wide, digits))


@pytest.mark.parametrize('options', [{'rate': 1 << 16}, {'n_children': 0}, {'n_samples': -1}])
def test_what_the_hardware_has_no_bits_for_is_refused(options) -> None:
    with pytest.raises(UsageError, match=r'of bit_flips must be 1\.\.65535'):
        BitFlips(**options)
