"""
Signals: what one pass of the network says about a frame, without a label unless named so.

Pure functions. Every one takes leading batch axes or none: (..., n) in, (...) or (..., m) out.
`FrameSignals` gathers the 60 numbers that the detectors watch; they come from the network's input
and from values the network computes anyway, so that watching costs no second pass.
"""

from edge_adapt.signals.frame import FrameSignals
from edge_adapt.signals.groups import (
    BLOCKS,
    Features,
    FIRST_LAYER,
    GROUP_SIZES,
    IMAGE_GROUPS,
    LAST_LAYER,
    N_IMAGE_FEATURES,
    OUTPUT,
    OUTPUT_NAMES,
    PIXEL_NAMES,
    PIXELS,
)
from edge_adapt.signals.image import gather_images, image_features
from edge_adapt.signals.layers import (
    activation_statistics,
    channel_sums,
    class_distances,
    rates,
    signed_sums,
)
from edge_adapt.signals.output import (
    energy,
    entropy,
    label_error,
    log_sum_exp,
    margin,
    output_features,
    softmax,
)

__all__ = [
    'BLOCKS',
    'FIRST_LAYER',
    'GROUP_SIZES',
    'IMAGE_GROUPS',
    'LAST_LAYER',
    'N_IMAGE_FEATURES',
    'OUTPUT',
    'OUTPUT_NAMES',
    'PIXELS',
    'PIXEL_NAMES',
    'Features',
    'FrameSignals',
    'activation_statistics',
    'channel_sums',
    'class_distances',
    'energy',
    'entropy',
    'gather_images',
    'image_features',
    'label_error',
    'log_sum_exp',
    'margin',
    'output_features',
    'rates',
    'signed_sums',
    'softmax',
]
