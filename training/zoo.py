"""
Export networks of larq-zoo, with random weights: `python -m training.zoo NAME TARGET.onnx`.

larq-zoo wants an older protobuf than tf2onnx, so it is installed without what it names:

    pip install --no-deps larq-zoo==2.4.0 zookeeper==1.3.4 'typeguard<3' click

Its data loading (TensorFlow Datasets) is not used and not imported. Batch norms are random, a
tenth of their gammas negative. Beside the graph stands TARGET.npz: images, larq's own features
(what the last layer reads) and logits. The small ones are those that tests convert.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path
import sys
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import tensorflow as tf
import tf2onnx

from training.fit import be_deterministic

MEAN, SCALE = 127.5, 1 / 64
FULL = {'input_shape': (224, 224, 3), 'num_classes': 1000}
# name -> module, factory, what it is given
NETWORKS: dict[str, tuple[str, str, dict[str, Any]]] = {
    'quick_net_small': ('sota.quicknet', 'QuickNetSmallFactory', FULL),
    'bi_real_net': ('literature.birealnet', 'BiRealNetFactory', FULL),
    'tiny_quick_net': (
        'sota.quicknet',
        'QuickNetFactory',
        {
            'input_shape': (24, 24, 3),
            'num_classes': 5,
            'section_blocks': (1, 2),
            'section_filters': (8, 20),
        },
    ),
    'tiny_bi_real_net': (
        'literature.birealnet',
        'BiRealNetFactory',
        {'input_shape': (64, 64, 3), 'num_classes': 5, 'filters': 4},
    ),
}


def built(name: str) -> tf.keras.Model:
    """Return a network of the zoo with random weights."""
    sys.modules['tensorflow_datasets'] = MagicMock()
    module, factory, given = NETWORKS[name]
    return getattr(import_module(f'larq_zoo.{module}'), factory)(weights=None, **given).build()


def normalized(images: np.ndarray) -> np.ndarray:
    """Return what the networks read."""
    return (images.astype(np.float32) - np.float32(MEAN)) * np.float32(SCALE)


def disturb(model: tf.keras.Model, rng: np.random.Generator) -> None:
    """Let batch norms settle on what they read, then give them random gammas and betas."""
    images = rng.integers(0, 256, (16, *model.input_shape[1:])).astype(np.uint8)
    for _ in range(20):
        model(normalized(images), training=True)
    for norm in (x for x in model.layers if isinstance(x, tf.keras.layers.BatchNormalization)):
        values = {variable.name.partition('/')[2]: variable for variable in norm.weights}
        for name, variable in values.items():
            if 'gamma' in name:
                sign = rng.choice([-1.0, 1.0], variable.shape, p=[0.1, 0.9])
                variable.assign(sign * rng.uniform(0.5, 1.5, variable.shape))
            if 'beta' in name:
                variable.assign(rng.normal(0, 0.3, variable.shape))


def main() -> None:
    """Build, disturb, export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('name', choices=NETWORKS)
    parser.add_argument('target', type=Path)
    arguments = parser.parse_args()
    be_deterministic(0)
    rng = np.random.default_rng(0)
    model = built(arguments.name)
    disturb(model, rng)
    *_, features, dense, _ = model.layers  # the last is the softmax
    both = tf.keras.Model(model.input, [features.output, dense.output])
    images = rng.integers(0, 256, (8, *model.input_shape[1:])).astype(np.uint8)
    names = ('features', 'logits')
    values = dict(zip(names, both.predict(normalized(images), verbose=0), strict=True))
    np.savez_compressed(arguments.target.with_suffix('.npz'), images=images, **values)
    logits = tf.keras.Model(model.input, dense.output)
    signature = [tf.TensorSpec([None, *model.input_shape[1:]], tf.float32, name='image')]
    tf2onnx.convert.from_keras(logits, signature, opset=17, output_path=str(arguments.target))


if __name__ == '__main__':
    main()
