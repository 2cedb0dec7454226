"""Records what a detector would see of many frames at once, for calibration and benchmarks."""

from __future__ import annotations

from collections.abc import Iterable

from edge_adapt.drift._record import Record, record_from
from edge_adapt.engines import Infer
from edge_adapt.images import network_input, Region, WHOLE
from edge_adapt.networks.network import Network
from edge_adapt.pipeline.watching import Watching
from edge_adapt.records import Frame, I64, U8
from edge_adapt.signals import Features
import numpy as np

_N_BATCH = 250


def record(network: Network, infer: Infer, images: U8, labels: I64, tracks: I64) -> Record:
    """Return the record of network inputs (n, h, w, c) in order; labels and tracks (n,)."""
    watching, parts, predicted = Watching(network, infer), [], []
    for start in range(0, len(images), _N_BATCH):
        counted, _, features = watching(images[start : start + _N_BATCH])
        parts.append(features.vector)
        predicted.append(counted.argmax(axis=1))
    together = dict(Features(np.concatenate(parts)))
    return record_from(together, np.concatenate(predicted), labels, tracks)


def record_frames(
    network: Network, infer: Infer, frames: Iterable[Frame], region: Region = WHOLE
) -> Record:
    """Return the record of camera frames, seen by the network through `region`."""
    seen = list(frames)
    images = [network_input(frame.image, network.input_shape, region) for frame in seen]
    labels = np.array([frame.label for frame in seen], np.int64)
    tracks = np.array([frame.track for frame in seen], np.int64)
    return record(network, infer, np.stack(images), labels, tracks)
