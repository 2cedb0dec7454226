"""The 60 features of a frame, gathered from its one pass; the native twin counts the same."""

from __future__ import annotations

from edge_adapt import native
from edge_adapt.records import F32, I32, U8
from edge_adapt.signals.groups import Features, FIRST_LAYER, GROUP_SIZES, LAST_LAYER, N_FEATURES
from edge_adapt.signals.image import gather_images, MIN_SIDE
from edge_adapt.signals.layers import random_signs, signed_scale, signed_sums
from edge_adapt.signals.output import output_features
import numpy as np

_LAYERS = (FIRST_LAYER, LAST_LAYER)
_MAX_NATIVE_CHANNELS, _MAX_NATIVE_WIDTH = 4, 2048  # a row of squares then fits 32 bits


class FrameSignals:
    """
    Gathers the features of frames of one network.

    `widths` are the channels of the first layer of bits or levels and of the one the head reads;
    `n_places`, over how many places each channel is summed.
    """

    def __init__(self, widths: tuple[int, int], n_places: tuple[int, int]) -> None:
        self._n_places = n_places
        self._twin = native.twin()
        self._native = [
            (random_signs(name, width, GROUP_SIZES[name]), signed_scale(width, n))
            for name, width, n in zip(_LAYERS, widths, n_places, strict=True)
        ]

    def __call__(self, images: U8, first: I32, last: I32, logits: F32) -> Features:
        """
        Return the features of n frames, (n, 60).

        images (n, h, w, channels) uint8, the network's input; `first` and `last` (n, width), each
        channel's sum; logits (n, n_classes) float32, times the head's scale.
        """
        n, height, width, n_channels = images.shape
        fits = n_channels <= _MAX_NATIVE_CHANNELS and MIN_SIDE <= width <= _MAX_NATIVE_WIDTH
        if self._twin is None or not fits or height < MIN_SIDE:
            return Features(self._in_numpy(images, first, last, logits))
        vector = np.empty((n, N_FEATURES), np.float32)
        (first_signs, first_scale), (last_signs, last_scale) = self._native
        self._twin.frame_features(
            np.ascontiguousarray(images),
            *(np.ascontiguousarray(first), first_signs, first_scale),
            *(np.ascontiguousarray(last), last_signs, last_scale),
            *(np.ascontiguousarray(logits), vector),
        )
        return Features(vector)

    def _in_numpy(self, images: U8, first: I32, last: I32, logits: F32) -> F32:
        hidden = [
            signed_sums(sums, n, GROUP_SIZES[name], name)
            for sums, n, name in zip((first, last), self._n_places, _LAYERS, strict=True)
        ]
        return np.concatenate([gather_images(images), *hidden, output_features(logits)], axis=-1)
