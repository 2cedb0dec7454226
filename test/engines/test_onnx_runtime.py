"""What engine onnx_runtime promises beyond the integers of the reference."""

from edge_adapt.engines.onnx_runtime import OnnxRuntime
from edge_adapt.engines.reference import Reference
from edge_adapt.errors import UsageError
from edge_adapt.networks.layers import Dense, Head, Threshold
from edge_adapt.networks.model import Model, shipped
from edge_adapt.networks.network import Network
from edge_adapt.records import Weights
import numpy as np
import pytest


def wide_network(weight: int) -> tuple[Network, Weights]:
    layers = (
        Dense(name='wide', n_in=1200, n_out=2),
        Threshold(name='bits', n=2),
        Head(name='head', n_in=2, n_classes=2),
    )
    weights: dict[str, np.ndarray] = {
        'wide.weights': np.full((2, 1200), weight, np.int8),
        'bits.thresholds': np.zeros(2, np.int32),
        'bits.flips': np.zeros(2, np.uint8),
        'head.weights': np.ones((2, 2), np.int8),
        'head.bias': np.array([2**30, -(2**30)], np.int32),
        'head.scale': np.array(1, np.float32),
    }
    return Network('wide', (20, 20, 3), layers, ('a', 'b')), Weights(weights)


def test_sums_that_float32_cannot_hold_are_refused_by_layer() -> None:
    with pytest.raises(UsageError, match=r"sums of layer 'wide' may reach 19507200.*popcount"):
        OnnxRuntime().prepare(*wide_network(127))  # 1200 * 127 * 128 is above 2**24


def test_the_largest_sums_that_fit_are_exact_and_so_is_a_large_bias() -> None:
    network, weights = wide_network(109)  # 1200 * 109 * 128 = 16742400, just below 2**24
    images = np.zeros((2, 20, 20, 3), np.uint8)
    images[1, 0, 0, 0] = 1
    expected = Reference().prepare(network, weights)(images, ['wide'])
    found = OnnxRuntime().prepare(network, weights)(images, ['wide'])
    np.testing.assert_array_equal(found.taps['wide'], expected.taps['wide'])
    np.testing.assert_array_equal(found.logits, expected.logits)


def test_the_provider_that_really_runs_is_told() -> None:
    network, weights = wide_network(1)
    infer = OnnxRuntime().prepare(network, weights)
    assert infer.provider == 'CPUExecutionProvider'  # type: ignore[attr-defined]


@pytest.mark.parametrize('name', shipped())
def test_every_shipped_model_gives_the_references_logits(name: str) -> None:
    model = Model.load(name)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (4, *model.network.input_shape)).astype(np.uint8)
    expected = Reference().prepare(model.network, model.weights)(images).logits
    found = OnnxRuntime().prepare(model.network, model.weights)(images).logits
    np.testing.assert_array_equal(found, expected)
