"""
Write the small network that tests convert: `python -m training.golden test/conversion`.

An untrained larq network whose batch norms are random, half of their gammas negative, as tf2onnx
exports it (larq.onnx), with images and larq's own logits on them (larq.npz).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import tensorflow as tf
import tf2onnx

from training.binary_net import build
from training.fit import be_deterministic, centred, round_weights
from training.recipe import LayerRecipe, Recipe

RECIPE = Recipe(
    name='larq',
    data='',
    input_shape=(10, 10, 3),
    layers=(
        LayerRecipe('convolution', 12, True),
        LayerRecipe('convolution', 20, True),
        LayerRecipe('convolution', 8, False),
        LayerRecipe('dense', 24, False),
    ),
    n_steps=0,
    seed=4,
)


def main() -> None:
    """Build, disturb, export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('folder', type=Path)
    folder = parser.parse_args().folder
    be_deterministic(RECIPE.seed)
    rng = np.random.default_rng(RECIPE.seed)
    model = build(RECIPE, n_classes=5)
    images = rng.integers(0, 256, (64, *RECIPE.input_shape)).astype(np.uint8)
    round_weights(model)
    norms = [x for x in model.layers if isinstance(x, tf.keras.layers.BatchNormalization)]
    for norm in norms:
        gamma, beta, *rest = norm.get_weights()
        signs = rng.permutation(np.resize([-1.0, 1.0], gamma.shape))
        gamma = signs * rng.uniform(0.3, 3, gamma.shape)
        norm.set_weights([gamma, rng.normal(0, 0.5, beta.shape), *rest])
    for _ in range(60):  # the moving statistics settle on what the layers really give
        model(centred(images), training=True)
    np.savez_compressed(
        folder / 'larq.npz', images=images, logits=model.predict(centred(images), verbose=0)
    )
    signature = [tf.TensorSpec([None, *RECIPE.input_shape], tf.float32, name='image')]
    tf2onnx.convert.from_keras(model, signature, opset=17, output_path=str(folder / 'larq.onnx'))


if __name__ == '__main__':
    main()
