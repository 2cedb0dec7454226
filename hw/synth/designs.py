"""What is synthesized: builds of the accelerator, and the parts whose cost is asked for."""

from __future__ import annotations

from edge_adapt.engines._accelerator import (
    Geometry,
    LOG2_WINDOW,
    MAX_FLIP_SAMPLES,
    MAX_SAMPLES,
)
from edge_adapt.engines._accelerator_convolutions import ConvolutionGeometry
from edge_adapt.engines._accelerator_words import sum_bits

Parameters = dict[str, int | str]

_MLP = Geometry((784, 256, 256), 10)
_SMALL = Geometry((784, 64, 64), 10)
# As the first of the vgg-like network, at reduced width
_CONVOLUTIONS = ConvolutionGeometry(32, 32, (1, 16, 32), (True, True), 128, 8)
_LEVELS = Geometry((784, 64, 32), 10, lanes=256, value_bits=8)
_ES: Parameters = {'NClasses': 10, 'NFeatures': 256, 'NSamples': MAX_SAMPLES, 'Lanes': 128}
_HEAD: Parameters = {'NClasses': 10, 'NFeatures': 32}
_SGD: Parameters = {**_HEAD, 'NSamples': MAX_SAMPLES, 'Lanes': 256}
_FLIPS: Parameters = {'NSamples': MAX_FLIP_SAMPLES}
_STATISTICS: Parameters = {
    **{'NNeurons': 512, 'NFirst': 256, 'WindowBits': LOG2_WINDOW},
    'AccBits': sum_bits(_MLP.widths[:-1], _MLP.pixel_planes, _MLP.first_weight_bits),
}

# name -> module and parameters; of the network 784-256-256-10 with 128 lanes, where the name does
# not say otherwise: the small one is of 784-64-64-10, that of levels of 784-64-32-10 with 32
# multipliers
DESIGNS: dict[str, tuple[str, Parameters]] = {
    'accelerator': ('accelerator', dict(_MLP.parameters)),
    'accelerator_es': ('accelerator', {**_MLP.parameters, 'EsSamples': MAX_SAMPLES}),
    'accelerator_everything': ('accelerator', dict(_MLP.learning_parameters)),
    'accelerator_levels': ('accelerator', dict(_LEVELS.parameters)),
    'accelerator_small': ('accelerator', dict(_SMALL.parameters)),
    'bank_control': ('bank_control', {}),
    'network_engine': ('network_engine', dict(_MLP.parameters)),
    'conv_engine': ('conv_engine', dict(_CONVOLUTIONS.parameters)),
    'es_unit': ('es_unit', _ES),
    'flip_mask': ('flip_mask', {}),
    'flip_unit': ('flip_unit', {}),
    'flip_stage': ('flip_stage', _FLIPS),
    'sgd_head': ('sgd_head', _HEAD),
    'sgd_head_inference': ('sgd_head', _HEAD | {'Sgd': "1'b0"}),
    'sgd_unit': ('sgd_unit', _SGD),
    'stat_unit': ('stat_unit', _STATISTICS),
}
