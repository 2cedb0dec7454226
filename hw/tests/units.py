"""Builds of single modules, with numbers so large that every bit of their registers moves."""

from __future__ import annotations

from hw.cosim.build import Parameters
from hw.tests.builds import Build


def of_unit(top: str, **parameters: int) -> Build:
    """Return the build of a module, whose tests read its parameters by their names."""
    return Build(top, parameters, {name: str(value) for name, value in parameters.items()})


def of_layers(widths: tuple[int, ...], top: str, **parameters: int) -> Build:
    """Return the build of a module that walks the layers of a network."""
    n_bits = 16 * len(widths)
    packed = sum(width << 16 * layer for layer, width in enumerate(widths))
    unit = of_unit(top, **parameters, NLayers=len(widths) - 1)
    all_of: Parameters = {**unit.parameters, 'Widths': f"{n_bits}'h{packed:x}"}
    return Build(unit.top, all_of, {**unit.environment, 'WIDTHS': ','.join(map(str, widths))})


def of_es(value_bits: int, n_features: int = 32, n_samples: int = 32) -> Build:
    """Return the build of row_es on bits or on levels."""
    lanes = 32 * value_bits
    parameters = {
        **{'NClasses': 10, 'NFeatures': n_features, 'NSamples': n_samples},
        **{'ValueBits': value_bits, 'Lanes': lanes},
    }
    environment = {
        **{'N_FEATURES': str(n_features), 'N_SAMPLES': str(n_samples)},
        **{'VALUE_BITS': str(value_bits), 'LANES': str(lanes), 'N_GENERATIONS': '16'},
    }
    return Build('es_unit', parameters, environment)


# Each is run with the tests of its module, <module>_tests.py
UNITS = {
    'layers_on_pixels': of_layers(
        (70, 5, 3, 2), 'layer_sequencer', Lanes=32, PixelPlanes=8, FirstWeightBits=8
    ),
    'layers_of_65535': of_layers(
        (2, 65535, 1, 2), 'layer_sequencer', Lanes=1, PixelPlanes=1, FirstWeightBits=1
    ),
    'es_control': of_unit('es_sequencer', NClasses=2, NFeatures=1),
    'es_samples': of_unit('es_samples', NSamples=32, NWords=4, Lanes=32),
    'es_samples_32768': of_unit('es_samples', NSamples=1 << 15, NWords=1, Lanes=32),
    'es_values': of_unit('es_values', NClasses=10, NFeatures=40, NDirections=2),
    'es_bits': of_es(1),
    'es_levels': of_es(8),
    'directions': of_unit('es_directions', NFeatures=64, NDirections=2),
    'registers': of_unit(
        'register_file', Geometry=0x5A5AA5A5, HasEs=1, StatBits=12, SgdSamples=4096, HasFlips=1
    ),
    'flip_samples': of_unit('flip_samples', Lanes=32, NSamples=8, NBeats=8),
    'flip_samples_32768': of_unit('flip_samples', Lanes=32, NSamples=1 << 15, NBeats=2),
    'lines': of_unit('line_buffer', Height=5, Width=7, Bits=8, TagBits=13),
    'lanes': of_unit('xnor_array', Lanes=64, AccBits=24),
    'flips_of_256_groups': of_unit(
        'flip_unit', Lanes=8192, NClasses=256, NSamples=16, NBeats=8, WeightDepth=2
    ),
    'flips_of_65536_words': of_unit(
        'flip_unit', Lanes=32, NClasses=4, NSamples=1 << 16, NBeats=1, WeightDepth=1 << 16
    ),
    'flips_of_65535_neurons': of_layers((65535, 2, 65535), 'flip_mask', Lanes=32, FirstWords=9),
    'hidden_bits': of_unit('bits_port', Lanes=32, NWords=8),
    'frames': of_unit('frame_buffer', Lanes=64, NBeats=2),
    'conv_memory': of_unit('conv_memory', Lanes=64, WeightDepth=600, NNeurons=8),
    'logarithms': of_unit('log2_unit', Width=32),
    'statistics': of_unit('stat_unit', NNeurons=16, NFirst=15, AccBits=21, WindowBits=12),
    'statistics_32767': of_unit(
        'stat_unit', NNeurons=32767, NFirst=32767, AccBits=8, WindowBits=1
    ),
}
