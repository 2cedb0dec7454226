"""A recipe's layers as a larq model."""

from __future__ import annotations

import math

import larq as lq
import numpy as np
import tensorflow as tf

from training.recipe import LayerRecipe, Recipe

_BINARY = {
    'input_quantizer': 'ste_sign',
    'kernel_quantizer': 'ste_sign',
    'kernel_constraint': 'weight_clip',
    'use_bias': False,
}


@tf.keras.utils.register_keras_serializable('edge_adapt')
class Int8Weights(lq.quantizers.Quantizer):
    """
    Round weights to integers of -127..127 times a step of their output channel.

    The step is a power of two, so that float32 sums of products with pixels are exact.
    """

    precision = 8

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return rounded weights; the gradient passes straight through."""
        rounded = tf.round(inputs / int8_step(inputs)) * int8_step(inputs)
        return inputs + tf.stop_gradient(rounded - inputs)


def int8_step(weights: tf.Tensor) -> tf.Tensor:
    """Return the step per output channel: the smallest 2**k >= max|w| / 127."""
    axes = list(range(len(weights.shape) - 1))
    largest = tf.maximum(tf.reduce_max(tf.abs(weights), axes, keepdims=True), 1e-8)
    # 1e-4 keeps weights that are rounded already where they are, against the error of log
    return tf.pow(2.0, tf.math.ceil(tf.math.log(largest / 127) / math.log(2) - 1e-4))


def build(recipe: Recipe, n_classes: int) -> tf.keras.Model:
    """Return the untrained model: (pixel - 128) / 128 in, logits out."""
    model = tf.keras.Sequential([tf.keras.Input(recipe.input_shape)], name=recipe.name)
    rng = np.random.default_rng(recipe.seed)
    for index, layer in enumerate(recipe.layers, start=1):
        if layer.kind == 'dense' and len(model.output_shape) == 4:
            model.add(tf.keras.layers.Flatten())
        model.add(_linear(layer, index))
        if layer.pooled:
            model.add(tf.keras.layers.MaxPool2D(2, name=f'pool{index}'))
        gamma = rng.choice([-1.0, 1.0], layer.n_out) if recipe.signed_gammas else 1.0
        model.add(
            tf.keras.layers.BatchNormalization(
                momentum=0.9,
                epsilon=1e-3,
                gamma_initializer=tf.constant_initializer(gamma),
                name=f'norm{index}',
            )
        )
    if len(model.output_shape) == 4:
        model.add(tf.keras.layers.Flatten())
    model.add(lq.layers.QuantDense(n_classes, input_quantizer='ste_sign', name='head'))
    return model


def _linear(layer: LayerRecipe, index: int) -> tf.keras.layers.Layer:
    """Return the layer: the first on pixels with int8 weights, the others binary."""
    how = {'kernel_quantizer': Int8Weights(), 'use_bias': False} if index == 1 else _BINARY
    if layer.kind == 'dense':
        return lq.layers.QuantDense(layer.n_out, name=f'linear{index}', **how)
    # The border of the first layer is 0, which is pixel 128; that of a binary layer is +1.
    return lq.layers.QuantConv2D(
        layer.n_out,
        3,
        padding='same',
        pad_values=0.0 if index == 1 else 1.0,
        name=f'linear{index}',
        **how,
    )
