"""
Pack what larq learned into a model file, after every engine has agreed with larq.

    python -m training.export training/recipes/digits.toml build/train [--models edge_adapt/models]

Runs where the package runs: no TensorFlow. Nothing is written where one bit differs that must not.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
import json
from pathlib import Path

from edge_adapt import registry
from edge_adapt.conversion.statistics import N_IMAGES, statistics_of
from edge_adapt.engines import Infer
from edge_adapt.networks.layers import Threshold
from edge_adapt.networks.model import Model
from edge_adapt.networks.network import Network
from edge_adapt.records import Array, Samples, Weights
import numpy as np
import onnxruntime

from training import data, recipe
from training.fold import network_of, weights_of

# Near a root of the first layer's batch norm, float32 may round to the other side of zero: sums
# reach 1e5 there. One bit in a hundred thousand was never seen; no other layer may differ at all.
_FIRST_LAYER_SHARE = 1e-5


def main() -> None:
    """Fold, compare, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n\n')[0])
    parser.add_argument('recipe', type=Path)
    parser.add_argument('folder', type=Path, help='what training.fit wrote')
    parser.add_argument('--models', type=Path, default=Path('edge_adapt/models'))
    arguments = parser.parse_args()
    how = recipe.load(arguments.recipe)
    images = data.load(how.data, how.input_shape, how.parts)
    with np.load(arguments.folder / f'{how.name}.npz', allow_pickle=False) as content:
        learned = dict(content)
    network = network_of(how, images.class_names)
    weights = weights_of(network, learned)
    n_bits = compare(network, weights, learned)
    onnx_difference = compare_onnx(arguments.folder / f'{how.name}.onnx', learned)
    infer = registry.load('engines', 'popcount')().prepare(network, weights)
    chosen = np.random.default_rng(0).permutation(len(images.train))[:N_IMAGES]
    clean = images.train.take(np.sort(chosen))
    about = {
        'command': f'make train NETWORKS={how.name}',
        'recipe': arguments.recipe.read_text(),
        'seed': how.seed,
        'train_accuracy': round(accuracy(infer, clean), 4),
        'test_accuracy': round(accuracy(infer, images.test), 4),
        'n_train': len(images.train),
        'n_test': len(images.test),
        'class_counts': np.bincount(
            images.train.labels, minlength=len(images.class_names)
        ).tolist(),
        'n_bits_compared_with_larq': n_bits,
        'largest_logit_difference_onnx': onnx_difference,
        'versions': json.loads(str(learned['versions'])),
    }
    statistics = statistics_of(network, lambda x, names: infer(x, names).taps, clean.images)
    arguments.models.mkdir(exist_ok=True)
    path = arguments.models / f'{how.name}.model'
    digest = Model(network, weights, statistics, about).save(path)
    print(f'{path}: {path.stat().st_size} bytes, test accuracy {about["test_accuracy"]}, {digest}')


def compare(network: Network, weights: Weights, learned: Mapping[str, Array]) -> int:
    """
    Return how many bits of larq's were compared; raise AssertionError where engines disagree.

    All engines must give the reference's integers. Larq's bits must equal them too, but for the
    share of first-layer bits argued above, and what follows from those in the same images.
    """
    images = learned['checked/images']
    names = [layer.name for layer in network.layers if isinstance(layer, Threshold)]
    expected = registry.load('engines', 'reference')().prepare(network, weights)(images, names)
    for name in sorted({'popcount', 'onnx_runtime'} & set(registry.names('engines'))):
        found = registry.load('engines', name)().prepare(network, weights)(images, names)
        np.testing.assert_array_equal(found.logits, expected.logits, err_msg=name)
        for tap in names:
            np.testing.assert_array_equal(found.taps[tap], expected.taps[tap], err_msg=name)
    n_bits, same = 0, np.ones(len(images), bool)
    for index, name in enumerate(names, start=1):
        ours = expected.taps[name] > 0
        packed = learned[f'checked/norm{index}']
        larq = np.unpackbits(packed, count=ours.size).reshape(ours.shape) != 0
        different = (ours != larq).reshape(len(images), -1)
        n_bits += different.size
        if index == 1:
            assert different.mean() <= _FIRST_LAYER_SHARE, f'{different.sum()} bits in {name}'
            same = ~different.any(axis=1)
        assert not different[same].any(), f'{different[same].sum()} bits differ in {name}'
    logits = expected.logits * weights[f'{network.head.name}.scale']
    # Larq adds up to thousands of float32 products: each rounds by at most 2**-24 of the sum.
    np.testing.assert_allclose(logits[same], learned['checked/logits'][same], rtol=0, atol=1e-3)
    return n_bits


def compare_onnx(path: Path, learned: Mapping[str, Array]) -> float:
    """Return the largest difference of logits between larq and its ONNX export."""
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    x = (learned['checked/images'].astype(np.float32) - 128) / 128
    (logits,) = session.run(None, {session.get_inputs()[0].name: x})
    expected = learned['checked/logits']
    same = logits.argmax(axis=1) == expected.argmax(axis=1)
    # A first-layer bit may flip here as well (another order of summation), so labels decide.
    assert same.mean() >= 0.99, f'{(~same).sum()} labels differ between larq and ONNX'
    return float(np.abs(logits - expected).max())


def accuracy(infer: Infer, samples: Samples) -> float:
    """Return the share of samples whose largest logit, the first of equals, is the label's."""
    correct = [
        infer(samples.images[i : i + 64]).logits.argmax(axis=1) == samples.labels[i : i + 64]
        for i in range(0, len(samples), 64)
    ]
    return float(np.concatenate(correct).mean())


if __name__ == '__main__':
    main()
