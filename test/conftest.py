"""A network that needs no training: random binary features of digits, and a head by ridge."""

from collections.abc import Callable

from edge_adapt.bits import signs
from edge_adapt.networks.layers import Dense, Head, Threshold
from edge_adapt.networks.model import Model
from edge_adapt.networks.network import Network
from edge_adapt.records import Samples, Weights
import numpy as np
import pytest

N_HIDDEN = 128
SHRINKAGE = 200.0
SHARPNESS = 10.0


@pytest.fixture(scope='session')
def digits():
    """Return 1,797 real images (8, 8, 1) uint8 in a fixed random order."""
    datasets = pytest.importorskip('sklearn.datasets')
    data = datasets.load_digits()
    order = np.random.default_rng(5).permutation(len(data.target))
    images = np.rint(data.images[order] * (255 / 16)).astype(np.uint8)[..., None]
    return Samples(images, data.target[order].astype(np.int64))


@pytest.fixture(scope='session')
def toy(digits):
    """Return a model of about 90 % on digits; its statistics are of the first 1,000."""
    rng = np.random.default_rng(6)
    clean = digits.take(np.arange(1000))
    weights: dict[str, np.ndarray] = {}
    statistics: dict[str, np.ndarray] = {}
    values = clean.images.reshape(len(clean), -1).astype(np.int64) - 128
    for depth in (1, 2):
        kernel = signs(rng.normal(size=(N_HIDDEN, values.shape[1])))
        sums = values @ kernel.T.astype(np.int64)
        thresholds = np.median(sums, axis=0).astype(np.int32)
        values = np.where(sums >= thresholds, 1, -1)
        weights |= {
            f'dense{depth}.weights': kernel,
            f'threshold{depth}.thresholds': thresholds,
            f'threshold{depth}.flips': np.zeros(N_HIDDEN, np.uint8),
        }
        statistics |= {
            f'threshold{depth}.mean': sums.mean(axis=0).astype(np.float32),
            f'threshold{depth}.deviation': sums.std(axis=0).astype(np.float32),
            f'threshold{depth}.rate': (values > 0).mean(axis=0).astype(np.float32),
        }
    targets = np.eye(10)[clean.labels] - 0.1
    square = values.T @ values + SHRINKAGE * np.eye(N_HIDDEN)
    head = np.linalg.solve(square, values.T @ targets).T
    step = np.abs(head).max() / 127
    weights |= {
        'head.weights': np.rint(head / step).astype(np.int8),
        'head.bias': np.zeros(10, np.int32),
        'head.scale': np.asarray(step * SHARPNESS, np.float32),
    }
    return Model(_network(), Weights(weights), statistics)


def _network():
    return Network(
        'toy',
        (8, 8, 1),
        (
            Dense(name='dense1', n_in=64, n_out=N_HIDDEN),
            Threshold(name='threshold1', n=N_HIDDEN),
            Dense(name='dense2', n_in=N_HIDDEN, n_out=N_HIDDEN),
            Threshold(name='threshold2', n=N_HIDDEN),
            Head(name='head', n_in=N_HIDDEN, n_classes=10),
        ),
        tuple('0123456789'),
    )


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Return a function that gives `tools/faults` a line of its table."""

    def tell(event: str, tried: int, held: int, **figures: float | str) -> None:
        record_property('event', event)
        record_property('tried', tried)
        record_property('held', held)
        for name, value in figures.items():
            record_property(f'figure {name}', value if isinstance(value, str) else f'{value:.4g}')

    return tell
