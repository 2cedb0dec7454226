"""Small builds of the accelerator that tests run on, and what the tests read of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge_adapt.engines._accelerator import Geometry
from edge_adapt.engines._accelerator_convolutions import ConvolutionGeometry

from hw.cosim.build import Parameters

Environment = dict[str, str]

BITS = Geometry((40, 48, 33), n_classes=10, lanes=32)
LEVELS = Geometry((40, 24, 17), n_classes=10, lanes=64, value_bits=8)
PIXELS = Geometry((70, 17), 10, 64, 8, 1)
PIXELS_INT8 = Geometry((20, 9), 10, 32, 8, 8)
PASSED_BY = Geometry((20, 17, 9), 10, 32, 8, 8)  # its first layer has nothing to flip
# 5 x 5 pixels: 2 x 2 places of 8 channels, then fully connected
CONVOLVED = Geometry(
    (32, 33), 10, 32, convolutions=ConvolutionGeometry(5, 5, (1, 8, 8), (True, False), 32, 1)
)
CONVOLUTIONS_INT8 = ConvolutionGeometry(6, 8, (1, 8, 16), (True, True), 32, 8)
STAT_BITS, N_SAMPLES, N_FLIPPED, N_DESCENDED = 6, 64, 8, 32


@dataclass(frozen=True, slots=True)
class Build:
    """A module with its parameters, and the environment that tells its tests of them."""

    top: str
    parameters: Parameters
    environment: Environment = field(default_factory=dict)


def of_accelerator(geometry: Geometry) -> Build:
    """Return the build that has all that the geometry can have."""
    learning: Parameters
    if geometry.value_bits > 1:
        learning = {'SgdSamples': N_DESCENDED}
    else:
        n_flipped = 0 if geometry.convolutions else N_FLIPPED
        learning = {'StatBits': STAT_BITS, 'FlipSamples': n_flipped}
    parameters = {**geometry.parameters, 'EsSamples': N_SAMPLES, **learning}
    front = geometry.convolutions
    environment = {
        'CONVOLUTIONS': ';;' if front is None else _text(front),
        'LANES': str(geometry.lanes),
        'WIDTHS': ','.join(map(str, geometry.widths)),
        'PLANES': str(geometry.pixel_planes),
        'WEIGHT_BITS': str(front.first_weight_bits if front else geometry.first_weight_bits),
        'VALUE_BITS': str(geometry.value_bits),
        'N_SAMPLES': str(N_SAMPLES),
        'STAT_BITS': str(STAT_BITS),
        'FLIP_SAMPLES': str(N_FLIPPED),
        'SGD_SAMPLES': str(N_DESCENDED),
    }
    return Build('accelerator', parameters, environment)


def of_convolutions(geometry: ConvolutionGeometry) -> Build:
    """Return the build of the convolutions alone."""
    environment = {
        'LANES': str(geometry.lanes),
        'SIZE': f'{geometry.height},{geometry.width}',
        'CHANNELS': ','.join(map(str, geometry.channels)),
        'POOLS': ','.join(str(int(pool)) for pool in geometry.pools),
        'WEIGHT_BITS': str(geometry.first_weight_bits),
    }
    return Build('conv_engine', geometry.parameters, environment)


def of_descent(n_classes: int = 10, n_features: int = 32, bias_bits: int = 16) -> Build:
    """Return the build of descent on a head; biases are narrow enough to saturate."""
    return Build(
        'sgd_head',
        {'NClasses': n_classes, 'NFeatures': n_features, 'BiasBits': bias_bits},
        {
            'N_CLASSES': str(n_classes),
            'N_FEATURES': str(n_features),
            'BIAS_BITS': str(bias_bits),
        },
    )


def _text(front: ConvolutionGeometry) -> str:
    parts = ((front.height, front.width), map(int, front.pools), front.channels)
    return ';'.join(','.join(map(str, part)) for part in parts)
