"""
Time networks in Larq Compute Engine (LCE), one inference at a time, for benchmarks/engine.py.

usage: python -m training.lce NAME ...      (vgg, quick_net_small)

LCE and larq-zoo come beside larq (`pip install --no-deps larq-compute-engine==0.16.0 tqdm
flatbuffers`; larq-zoo as training/zoo.py says). Writes 'ready', then for every line on its input,
a name, the microseconds of one inference, in one thread and with `use_indirect_bgemm`, LCE's
fastest way on x86.
"""

from __future__ import annotations

from collections.abc import Callable
import sys
from time import perf_counter_ns

import larq
from larq_compute_engine import convert_keras_model
from larq_compute_engine.tflite.python.interpreter import Interpreter
import numpy as np
import tensorflow as tf

WIDTHS = ((64, False), (64, True), (128, False), (128, True), (256, False), (256, True))


def vgg() -> tf.keras.Model:
    """Return the vgg-like network of the benchmark; its dense layer is a 1x1 convolution."""
    signs = {'input_quantizer': 'ste_sign', 'kernel_quantizer': 'ste_sign', 'use_bias': False}
    x = image = tf.keras.Input((32, 32, 3))
    x = tf.keras.layers.Conv2D(64, 3, padding='same', use_bias=False)(x)
    x = tf.keras.layers.BatchNormalization()(x)
    for width, pooled in WIDTHS:
        x = larq.layers.QuantConv2D(width, 3, padding='same', pad_values=1.0, **signs)(x)
        x = tf.keras.layers.MaxPool2D()(x) if pooled else x
        x = tf.keras.layers.BatchNormalization()(x)
    # LCE packs no dense layers: as a 1x1 convolution it does.
    x = tf.keras.layers.Reshape((1, 1, 4096))(x)
    x = larq.layers.QuantConv2D(256, 1, **signs)(x)
    x = tf.keras.layers.Flatten()(tf.keras.layers.BatchNormalization()(x))
    return tf.keras.Model(image, tf.keras.layers.Dense(10)(x))


def quick_net_small() -> tf.keras.Model:
    """Return larq-zoo's network."""
    from training.zoo import built  # needs larq-zoo

    return built('quick_net_small')


NETWORKS: dict[str, Callable[[], tf.keras.Model]] = {
    'vgg': vgg,
    'quick_net_small': quick_net_small,
}


def main() -> None:
    """Convert, then answer."""
    interpreters, images = {}, {}
    for name in sys.argv[1:]:
        model = NETWORKS[name]()
        converted = convert_keras_model(model)
        interpreters[name] = Interpreter(converted, num_threads=1, use_indirect_bgemm=True)
        shape = (1, *model.input_shape[1:])
        images[name] = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    print('ready', flush=True)
    for line in sys.stdin:
        name = line.strip()
        start = perf_counter_ns()
        interpreters[name].predict(images[name])
        print((perf_counter_ns() - start) / 1e3, flush=True)


if __name__ == '__main__':
    main()
