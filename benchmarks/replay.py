"""
How fast a bag goes through the loop, where the time goes, and how much memory it takes.

usage: python benchmarks/replay.py [--frames N] [--rounds N]

Prints JSON lines; `ratio` above 1 is better than the peer. The bag holds 224x224 rgb8 images of
the digits stream in an MCAP file, which is made first, in a temporary folder. Everything runs on
one core (taskset -c 0). The sides of a comparison take turns.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from dataclasses import replace
import json
from pathlib import Path
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

import cv2
from edge_adapt.evaluation.prequential import Prequential
from edge_adapt.images import Region
from edge_adapt.parameters import ADAPTATION, INFERENCE
from edge_adapt.pipeline.assembly import adaptation_from, inference_from
from edge_adapt.records import Frame
from edge_adapt.streams.bag.recording import Recording
from edge_adapt.streams.bag.writing import write
from edge_adapt.streams.digits import Digits
import numpy as np
from rosbags.rosbag2 import Reader
from rosbags.typesys import get_typestore, Stores

REGION = '32,32,160,160'
SEGMENT = 500
REAL_TIME_HZ = 30


class Cropped:
    """The digits stream as a 224x224 camera sees it: 500 clean frames, 500 of low contrast, ..."""

    def __init__(self, n_frames: int) -> None:
        names = ('clean', 'contrast') * (n_frames // SEGMENT)
        self._inner = Digits(','.join(f'{name}:{SEGMENT}' for name in names))
        self.class_names, self.rate_hz = self._inner.class_names, self._inner.rate_hz
        self.segments, self.region = self._inner.segments, Region(32, 32, 160, 160)
        self._n_frames = n_frames

    def __len__(self) -> int:
        return self._n_frames

    def __iter__(self) -> Iterator[Frame]:
        for i in range(self._n_frames):
            frame = self._inner[i]
            yield replace(frame, image=np.ascontiguousarray(frame.image[8:232, 48:272]))


def read_by_rosbags(path: Path) -> int:
    """Read and deserialise every image, and nothing else."""
    store, kind = get_typestore(Stores.ROS2_JAZZY), 'sensor_msgs/msg/Image'
    with Reader(path) as reader:
        images = [c for c in reader.connections if c.msgtype == kind]
        return sum(
            store.deserialize_cdr(data, kind) is not None for _, _, data in reader.messages(images)
        )


def read_by_us(path: Path) -> int:
    """Read frames in the order of their stamps, checked, with labels."""
    return sum(1 for _ in Recording(path))


def parameter(name: str) -> Any:
    """Return the default of a parameter."""
    table = {p.name: p.default for p in (*INFERENCE, *ADAPTATION)}
    return {**table, 'region': REGION}[name]


def infer(path: Path) -> int:
    """Read and classify: frame by frame with a look at drift, and in batches, as if frozen."""
    inference = inference_from(parameter)
    images = []
    for frame in Recording(path):
        image = inference.input_of(frame)
        inference.on_input(frame, image)
        images.append(image)
    for start in range(0, len(images), 64):
        inference.classes_of(np.stack(images[start : start + 64]))
    return len(images)


def loop(path: Path) -> int:
    """Run the whole loop: test, then train, with the default ladder."""
    run = Prequential(
        inference_from(parameter),
        adaptation_from(parameter, time.perf_counter_ns),
        inference_from(parameter),
        label_share=0.25,
    )
    return len(run.run(Recording(path)))


SIDES: dict[str, Callable[[Path], int]] = {
    'rosbags': read_by_rosbags,
    'reading': read_by_us,
    'inference': infer,
    'loop': loop,
}


def say(metric: str, value: float, unit: str, peer: str, peer_value: float, ratio: float) -> None:
    """Print one line."""
    row = {
        'case': 'replay mcap 224x224 rgb8',
        'metric': metric,
        'value': round(value, 3),
        'unit': unit,
        'peer': peer,
        'peer_value': round(peer_value, 3),
        'ratio': round(ratio, 3),
    }
    print(json.dumps(row), flush=True)


def peak_mb(path: Path) -> float:
    """Return the peak memory of a fresh process that runs the loop over the bag."""
    command = [sys.executable, __file__, '--peak', str(path)]
    return float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def main() -> None:
    """Measure and print."""
    parser = ArgumentParser()
    parser.add_argument('--frames', type=int, default=3000, help='a multiple of 1000')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--peak', type=Path, help='print the peak memory of one run, in MB')
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    if arguments.peak:
        loop(arguments.peak)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    with tempfile.TemporaryDirectory() as folder:
        path, double = Path(folder) / 'bag', Path(folder) / 'double'
        write(Cropped(arguments.frames), path)
        seconds: dict[str, list[float]] = {side: [] for side in SIDES}
        for _ in range(arguments.rounds):
            for side, run in SIDES.items():
                started = time.process_time()
                assert run(path) == arguments.frames
                seconds[side].append(time.process_time() - started)
        median = {side: statistics.median(values) for side, values in seconds.items()}
        hz = {side: arguments.frames / value for side, value in median.items()}
        say('reading', hz['reading'], 'frames/CPU s', 'rosbags alone', hz['rosbags'],
            hz['reading'] / hz['rosbags'])  # fmt: skip
        say('loop', hz['loop'], 'frames/CPU s', 'real time at 30 Hz', REAL_TIME_HZ,
            hz['loop'] / REAL_TIME_HZ)  # fmt: skip
        share = max(0.001, 1 - median['inference'] / median['loop'])
        say('loop beside reading and inference', share, 'share', 'bar', 0.2, 0.2 / share)
        write(Cropped(2 * arguments.frames), double)
        once, twice = peak_mb(path), peak_mb(double)
        say(f'peak memory, {2 * arguments.frames} frames', twice, 'MB',
            f'{arguments.frames} frames', once, once / twice)  # fmt: skip


if __name__ == '__main__':
    main()
