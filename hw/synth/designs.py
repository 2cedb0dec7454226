"""What is synthesized: builds of the accelerator, and the parts whose cost is asked for."""

from __future__ import annotations

from edge_adapt.engines._accelerator import Geometry, LEARNING, LOG2_WINDOW, MAX_SAMPLES

Parameters = dict[str, int | str]

_MLP = Geometry((784, 256, 256), 10)
_ES: Parameters = {'NClasses': 10, 'NFeatures': 256, 'NSamples': MAX_SAMPLES, 'Lanes': 128}
_STATISTICS: Parameters = {'NNeurons': 512, 'NFirst': 256, 'WindowBits': LOG2_WINDOW}

# name -> module and parameters; all are of the network 784-256-256-10 with 128 lanes
DESIGNS: dict[str, tuple[str, Parameters]] = {
    'accelerator': ('accelerator', dict(_MLP.parameters)),
    'accelerator_es': ('accelerator', {**_MLP.parameters, 'EsSamples': MAX_SAMPLES}),
    'accelerator_everything': ('accelerator', _MLP.parameters | LEARNING),
    'bank_control': ('bank_control', {}),
    'bnn_engine': ('bnn_engine', dict(_MLP.parameters)),
    'es_unit': ('es_unit', _ES),
    'stat_unit': ('stat_unit', _STATISTICS),
}
