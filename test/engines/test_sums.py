"""Channel sums from the engine's own pass are the sums of the bits it would give."""

from __future__ import annotations

from edge_adapt import registry
from edge_adapt.engines import Summing, summing
from edge_adapt.networks.layers import Convolution, Dense, Head, MaxPool, Threshold
from edge_adapt.networks.network import Network
import numpy as np
import pytest


def network(n_channels: int, side: int) -> Network:
    half = side // 2
    return Network(
        'summed',
        (side, side, 1),
        (
            Convolution(name='a', n_in=1, n_out=n_channels),
            Threshold(name='a_bits', n=n_channels),
            MaxPool(name='pool'),
            Dense(name='b', n_in=half * half * n_channels, n_out=70),
            Threshold(name='b_bits', n=70),
            Head(name='head', n_in=70, n_classes=3),
        ),
        tuple('012'),
    )


@pytest.mark.parametrize('n_channels', [1, 64, 65, 130])
@pytest.mark.parametrize('side', [3, 8, 21, 70])  # 70 x 70 is more than one round of counting
@pytest.mark.parametrize('engine', ['reference', 'popcount'])
def test_sums_are_those_of_the_bits(random_weights, n_channels, side, engine):
    n_channels = min(n_channels, 26) if side == 70 else n_channels  # at most 32767 inputs
    net = network(n_channels, side)
    infer = registry.load('engines', engine)().prepare(net, random_weights(net))
    images = np.random.default_rng(side).integers(0, 256, (3, side, side, 1), np.uint8)
    names = ('b_bits', 'a_bits')
    expected, found = infer(images, names), summing(infer)(images, names)
    np.testing.assert_array_equal(found.logits, expected.logits)
    for name in names:
        bits = expected.taps[name].reshape(3, -1, expected.taps[name].shape[-1])
        np.testing.assert_array_equal(found.taps[name], bits.sum(axis=1, dtype=np.int64))
        assert found.taps[name].dtype == np.int32


def test_the_native_engine_sums_by_itself(random_weights):
    net = network(64, 8)
    infer = registry.load('engines', 'popcount')().prepare(net, random_weights(net))
    if type(infer).__name__ != 'NativeInfer':
        pytest.skip('the native kernels are not built')
    assert isinstance(infer, Summing)
    images = np.zeros((1, 8, 8, 1), np.uint8)
    with pytest.raises(ValueError, match='no layers'):
        infer.sums(images, ('nothing',))
    with pytest.raises(ValueError, match='only bits'):
        infer.sums(images, ('a',))
    with pytest.raises(ValueError, match='images'):
        infer.sums(images[:, :4], ('a_bits',))
