"""What is synthesized: builds of the accelerator, and the parts whose cost is asked for."""

from __future__ import annotations

from edge_adapt.engines._accelerator import Geometry

Parameters = dict[str, int | str]

_MLP = Geometry((784, 256, 256), 10)
_UNIT: Parameters = {'NClasses': 10, 'NFeatures': 256, 'NSamples': 512, 'Lanes': 128}

# name -> module and parameters; all are of the network 784-256-256-10 with 128 lanes
DESIGNS: dict[str, tuple[str, Parameters]] = {
    'accelerator': ('accelerator', dict(_MLP.parameters)),
    'accelerator_learning': ('accelerator', {**_MLP.parameters, 'EsSamples': 512}),
    'bank_control': ('bank_control', {}),
    'bnn_engine': ('bnn_engine', dict(_MLP.parameters)),
    'es_unit': ('es_unit', dict(_UNIT)),
}
