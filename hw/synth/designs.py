"""What is synthesized: builds of the accelerator, and the parts whose cost is asked for."""

from __future__ import annotations

from edge_adapt.engines._accelerator import Geometry, LOG2_WINDOW, MAX_SAMPLES
from edge_adapt.engines._accelerator_words import sum_bits

Parameters = dict[str, int | str]

_MLP = Geometry((784, 256, 256), 10)
_SMALL = Geometry((784, 64, 64), 10)
_LEVELS = Geometry((784, 64, 32), 10, lanes=256, value_bits=8)
_ES: Parameters = {'NClasses': 10, 'NFeatures': 256, 'NSamples': MAX_SAMPLES, 'Lanes': 128}
_HEAD: Parameters = {'NClasses': 10, 'NFeatures': 32}
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
    'es_unit': ('es_unit', _ES),
    'flip_mask': ('flip_mask', {}),
    'flip_unit': ('flip_unit', {}),
    'sgd_head': ('sgd_head', _HEAD),
    'sgd_head_inference': ('sgd_head', _HEAD | {'Sgd': "1'b0"}),
    'stat_unit': ('stat_unit', _STATISTICS),
}
