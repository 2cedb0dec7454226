"""
Train one recipe with larq and write what it learned, for `training.export` to pack.

    python -m training.fit training/recipes/digits.toml build/train [--validate]

Everything is seeded, the schedule counts steps, and one thread computes: the same recipe on the
same machine gives the same network. --validate trains on a part of the training images and
tells the accuracy on the rest: choices are made on it, never on the test images.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
import json
import os
from pathlib import Path
import sys
import time
from typing import Any

os.environ |= {'TF_CPP_MIN_LOG_LEVEL': '3', 'TF_ENABLE_ONEDNN_OPTS': '1'}

from edge_adapt.records import Array, Samples, U8
import larq
import numpy as np
import tensorflow as tf
import tf2onnx

from training import data, recipe
from training.augment import augment
from training.binary_net import build, int8_step

N_CHECKED = 256  # images whose bits are stored, for the engines to be compared with


def main() -> None:
    """Train, round, store."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n\n')[0])
    parser.add_argument('recipe', type=Path)
    parser.add_argument('folder', type=Path)
    parser.add_argument('--validate', action='store_true')
    arguments = parser.parse_args()
    how = recipe.load(arguments.recipe)
    images = data.load(how.data, how.input_shape, how.parts)
    if arguments.validate:
        images = images.validation()
    be_deterministic(how.seed)
    model = build(how, len(images.class_names))
    started = time.perf_counter()
    train(model, how, images.train, images.test if arguments.validate else images.train)
    round_weights(model)
    print(f'{how.name}: {time.perf_counter() - started:.0f} s of training')
    if arguments.validate:
        print(f'{how.name}: validation accuracy {accuracy(model, images.test):.4f}')
        return
    arguments.folder.mkdir(parents=True, exist_ok=True)
    store(model, how, images.train, arguments.folder)


def be_deterministic(seed: int) -> None:
    """Compute in one thread, in a fixed order, from one seed."""
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    tf.keras.utils.set_random_seed(seed)


def centred(images: U8) -> Array:
    """Return the model's input: (pixel - 128) / 128, so that the zero border is pixel 128."""
    return (images.astype(np.float32) - 128) / 128


def train(model: tf.keras.Model, how: recipe.Recipe, train: Samples, watched: Samples) -> None:
    """Run the recipe's steps, then estimate the batch-norm statistics with settled weights."""
    schedule = tf.keras.optimizers.schedules.CosineDecay(how.learning_rate, how.n_steps)
    optimizer = tf.keras.optimizers.Adam(schedule)
    loss_of = tf.keras.losses.CategoricalCrossentropy(
        from_logits=True, label_smoothing=how.label_smoothing
    )
    n_classes = model.output_shape[-1]

    @tf.function
    def step(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = loss_of(tf.one_hot(y, n_classes), model(x, training=True))
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    rng = np.random.default_rng(how.seed)
    batches = _batches(train, how, rng)
    for n_done in range(1, how.n_steps + 1):
        loss = step(*next(batches))
        if n_done % max(1, how.n_steps // 20) == 0:
            sample = watched.take(np.arange(0, len(watched), -(-len(watched) // 1000)))
            print(
                f'{how.name}: step {n_done}/{how.n_steps} loss {float(loss):.3f}'
                f' watched accuracy {accuracy(model, sample):.4f}',
                flush=True,
            )
    norms = [x for x in model.layers if isinstance(x, tf.keras.layers.BatchNormalization)]
    for norm in norms:
        norm.momentum = 0.97
    for _ in range(how.n_recalibration_steps):
        model(next(batches)[0], training=True)


def _batches(
    samples: Samples, how: recipe.Recipe, rng: np.random.Generator
) -> Iterator[tuple[Array, Array]]:
    """Yield batches for ever: a new permutation of the samples each time they are used up."""
    while True:
        order = rng.permutation(len(samples))
        for start in range(0, len(order) - how.batch_size + 1, how.batch_size):
            batch = samples.take(order[start : start + how.batch_size])
            yield centred(augment(batch.images, how.augmentation, rng)), batch.labels


def accuracy(model: tf.keras.Model, samples: Samples) -> float:
    """Return the share of samples whose largest logit is the label's."""
    logits = model.predict(centred(samples.images), batch_size=256, verbose=0)
    return float(np.mean(logits.argmax(axis=1) == samples.labels))


def round_weights(model: tf.keras.Model) -> None:
    """
    Give the model the integers it is deployed with.

    The first layer's weights are set to their rounded values; the head's to int8 times one
    scale, its bias to an integer times that scale.
    """
    first = model.get_layer('linear1')
    kernel = first.get_weights()[0]
    step = int8_step(kernel).numpy()
    first.set_weights([np.rint(kernel / step) * step])
    kernel, bias = model.get_layer('head').get_weights()
    scale = head_scale(kernel)
    model.get_layer('head').set_weights(
        [np.rint(kernel / scale) * scale, np.rint(bias / scale) * scale]
    )


def head_scale(kernel: Array) -> Array:
    """Return the step of the int8 head, a power of two: rounding twice is rounding once."""
    step = np.exp2(np.ceil(np.log2(np.abs(kernel).max() / 127) - 1e-4))
    return np.asarray(step, np.float32)


def store(model: tf.keras.Model, how: recipe.Recipe, samples: Samples, folder: Path) -> None:
    """Write <name>.npz (tensors and the bits larq gives on some images) and <name>.onnx."""
    versions = {
        'python': sys.version.split()[0],
        'larq': larq.__version__,
        'tensorflow': tf.__version__,
        'numpy': np.__version__,
        'tf2onnx': tf2onnx.__version__,
    }
    arrays = {**learned(model), **checked(model, samples), 'versions': json.dumps(versions)}
    np.savez(folder / f'{how.name}.npz', **arrays)
    signature = [tf.TensorSpec([None, *how.input_shape], tf.float32, name='image')]
    tf2onnx.convert.from_keras(
        model, signature, opset=17, output_path=str(folder / f'{how.name}.onnx')
    )


def learned(model: tf.keras.Model) -> dict[str, Any]:
    """Return the tensors by layer: 'linear1/kernel', 'norm1/gamma', 'head/bias', ..."""
    arrays: dict[str, Any] = {}
    for layer in model.layers:
        for variable in layer.weights:
            tensor = variable.name.rpartition('/')[2].partition(':')[0]
            arrays[f'{layer.name}/{tensor}'] = variable.numpy()
        if isinstance(layer, tf.keras.layers.BatchNormalization):
            arrays[f'{layer.name}/epsilon'] = np.array(layer.epsilon)
    arrays['linear1/step'] = int8_step(arrays['linear1/kernel']).numpy()
    arrays['head/scale'] = head_scale(arrays['head/kernel'])
    return arrays


def checked(model: tf.keras.Model, samples: Samples) -> dict[str, Any]:
    """Return some images, the bits each layer gives on them, packed, and the logits."""
    images = samples.images[np.random.default_rng(0).permutation(len(samples))[:N_CHECKED]]
    names = [layer.name for layer in model.layers if layer.name.startswith('norm')]
    outputs = [model.get_layer(name).output for name in names]
    taps = tf.keras.Model(model.inputs, outputs + model.outputs)
    *norms, logits = taps.predict(centred(images), verbose=0)
    bits = {f'checked/{x}': np.packbits(y >= 0) for x, y in zip(names, norms, strict=True)}
    return {**bits, 'checked/images': images, 'checked/logits': logits}


if __name__ == '__main__':
    main()
