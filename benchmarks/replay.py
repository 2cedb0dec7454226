"""
How fast a bag goes through the loop, where the time goes, how much memory, and how sweeps scale.

usage: python benchmarks/replay.py [speed] [memory] [sweep] [--frames N] [--rounds N] [--model M]

Prints JSON lines; `ratio` above 1 is better than the peer. The bag holds 224x224 rgb8 images in
an MCAP file, which is made first, in a temporary folder: of the GTSRB stream and network where
EDGE_ADAPT_DATA names the data, else of digits. Speed and memory are of one core (taskset -c 0);
the sides of a comparison take turns. `memory` needs 150 kB of disk a frame.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from dataclasses import replace
import json
import os
from pathlib import Path
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

os.environ.setdefault('OPENBLAS_NUM_THREADS', '1')  # as the package does, but before numpy

import cv2
from edge_adapt import registry
from edge_adapt.evaluation.contest import contest, Entry, VARIED
from edge_adapt.images import Region
from edge_adapt.parameters import ADAPTATION, INFERENCE
from edge_adapt.pipeline.adaptation import Adaptation
from edge_adapt.pipeline.inference import Inference
from edge_adapt.pipeline.objective import EngineObjective
from edge_adapt.records import Frame
from edge_adapt.streams.bag.recording import Recording
from edge_adapt.streams.bag.writing import write
from edge_adapt.sweeps import running
from edge_adapt.sweeps.grid import cells_of
from edge_adapt.updaters import row_es
import numpy as np
from rosbags.rosbag2 import Reader
from rosbags.typesys import get_typestore, Stores

REGION = '32,32,160,160'
SEGMENT = 500
BAR_HZ, REAL_TIME_HZ, BAR_SHARE, BAR_MB = 600, 30, 0.2, 400
N_CELLS = 40


class Cropped:
    """A stream as a 224x224 camera sees it: 500 clean frames, 500 of low contrast, and so on."""

    def __init__(self, stream: str, n_frames: int) -> None:
        inner = registry.load('streams', stream)(f'clean:{SEGMENT},contrast:{SEGMENT}')
        self.class_names, self.rate_hz = inner.class_names, inner.rate_hz
        self.segments, self.region = inner.segments, Region(32, 32, 160, 160)
        self._frames = [self._cropped(inner[i]) for i in range(min(n_frames, 2 * SEGMENT))]
        self._n_frames = n_frames

    @staticmethod
    def _cropped(frame: Frame) -> Frame:
        return replace(frame, image=np.ascontiguousarray(frame.image[8:232, 48:272]))

    def __len__(self) -> int:
        return self._n_frames

    def __iter__(self) -> Iterator[Frame]:
        for i in range(self._n_frames):
            stamp_ns = round(i * 1e9 / self.rate_hz)
            yield replace(self._frames[i % len(self._frames)], stamp_ns=stamp_ns)


def read_by_rosbags(path: Path, _: str) -> int:
    """Read and deserialise every image, and nothing else."""
    store, kind = get_typestore(Stores.ROS2_JAZZY), 'sensor_msgs/msg/Image'
    with Reader(path) as reader:
        images = [c for c in reader.connections if c.msgtype == kind]
        return sum(
            store.deserialize_cdr(data, kind) is not None for _, _, data in reader.messages(images)
        )


def read_by_us(path: Path, _: str) -> int:
    """Read frames in the order of their stamps, checked, with labels."""
    return sum(1 for _ in Recording(path))


def run(path: Path, model: str) -> Entry:
    """Run the whole loop: test, then train, with the default ladder, beside the frozen network."""
    table: dict[str, Any] = {p.name: p.default for p in (*INFERENCE, *ADAPTATION)}
    table |= {'region': REGION, 'model': model, 'label_share': 0.25}
    chosen = {name: table[name] for name in VARIED}
    return contest(Recording(path), table.__getitem__, [chosen])[0]


def loop(path: Path, model: str) -> int:
    """Do the same and count."""
    return len(run(path, model).timeline)


SIDES: dict[str, Callable[[Path, str], int]] = {
    'rosbags': read_by_rosbags,
    'reading': read_by_us,
    'loop': loop,
}


def shares(path: Path, model: str) -> dict[str, float]:
    """Return the share of one run of the loop that each part takes; the clock costs least."""
    spent: dict[str, float] = {}
    parts = {
        'reading': (Recording, ['__init__']),
        'decode': (Inference, ['input_of']),
        'inference': (Inference, ['look', 'classes_of']),
        'drift': (Inference, ['conclude']),
        'learning': (Adaptation, ['on_frame', 'on_label', 'on_drift', 'step']),
        # Within it: what evaluates candidates, on images or on features kept of them.
        'passes for learning': (EngineObjective, ['logits', 'value', 'look']),
        'candidate heads': (row_es, ['generation']),
    }
    originals = []
    for part, (owner, names) in parts.items():
        for name in names:
            original = getattr(owner, name)
            originals.append((owner, name, original))
            setattr(owner, name, _timed(original, part, spent))
    read = Recording.__iter__
    Recording.__iter__ = lambda self: _timed_items(read(self), spent)  # type: ignore[method-assign]
    try:
        started = time.perf_counter()
        loop(path, model)
        total = time.perf_counter() - started
    finally:
        Recording.__iter__ = read  # type: ignore[method-assign]
        for owner, name, original in originals:
            setattr(owner, name, original)
    for part in ('passes for learning', 'candidate heads'):
        spent['learning'] -= spent.setdefault(part, 0.0)
    found = {part: value / total for part, value in spent.items()}
    return {**found, 'rest': 1 - sum(found.values())}


def _timed(function: Callable[..., Any], part: str, spent: dict[str, float]) -> Any:
    def call(*arguments: Any) -> Any:
        started = time.perf_counter()
        try:
            return function(*arguments)
        finally:
            spent[part] = spent.get(part, 0.0) + time.perf_counter() - started

    return call


def _timed_items(items: Iterator[Frame], spent: dict[str, float]) -> Iterator[Frame]:
    end = object()
    following = _timed(lambda: next(items, end), 'reading', spent)
    while (item := following()) is not end:
        yield item


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


def speed(arguments: Namespace, folder: Path) -> None:
    """Print frames a second and where the time goes."""
    path, model = folder / 'bag', arguments.model
    write(Cropped(stream_of(model), arguments.frames), path)
    seconds: dict[str, list[float]] = {side: [] for side in SIDES}
    found: list[dict[str, float]] = []
    for _ in range(arguments.rounds):
        for side, work in SIDES.items():
            started = time.process_time()
            if work(path, model) != arguments.frames:
                raise RuntimeError(f'{side} lost frames')
            seconds[side].append(time.process_time() - started)
        found.append(shares(path, model))
    hz = {s: arguments.frames / statistics.median(values) for s, values in seconds.items()}
    say('reading', hz['reading'], 'frames/CPU s', 'rosbags alone', hz['rosbags'],
        hz['reading'] / hz['rosbags'])  # fmt: skip
    name = f'loop, {model} network'
    say(name, hz['loop'], 'frames/CPU s', 'bar', BAR_HZ, hz['loop'] / BAR_HZ)
    say(name, hz['loop'], 'frames/CPU s', 'real time at 30 Hz', REAL_TIME_HZ,
        hz['loop'] / REAL_TIME_HZ)  # fmt: skip
    median = {part: statistics.median(each[part] for each in found) for part in found[0]}
    for part, share in median.items():
        say(f'share of {part}', share, 'share of time', 'all', 1.0, 1 / max(share, 1e-3))
    outside = sum(median[part] for part in ('drift', 'learning', 'rest'))
    say('share outside reading, decode, inference', outside, 'share of time', 'bar',
        BAR_SHARE, BAR_SHARE / max(outside, 1e-3))  # fmt: skip
    once, twice = run(path, model).timeline.digest, run(path, model).timeline.digest
    say('same seed twice', float(once == twice), 'equal digests', 'bar', 1.0, float(once == twice))


def peak_mb() -> float:
    """Return the peak memory of this process; that of rusage begins with its parent's."""
    status = Path('/proc/self/status').read_text()
    return int(status.partition('VmHWM:')[2].split()[0]) / 1024


def memory(arguments: Namespace, folder: Path) -> None:
    """Print the peak memory of runs over a short and a ten times longer bag."""
    peaks = []
    for n_frames in (arguments.memory_frames // 10, arguments.memory_frames):
        path = folder / f'bag_{n_frames}'
        write(Cropped(stream_of(arguments.model), n_frames), path)
        command = [sys.executable, __file__, '--peak', str(path), '--model', arguments.model]
        said = subprocess.run(command, capture_output=True, check=True, text=True).stdout
        peaks.append(float(said))
        for file in path.iterdir():
            file.unlink()
    metric = f'peak memory, {arguments.memory_frames} frames'
    say(metric, peaks[1], 'MB', 'bar', BAR_MB, BAR_MB / peaks[1])
    say(metric, peaks[1], 'MB', f'{arguments.memory_frames // 10} frames', peaks[0],
        peaks[0] / peaks[1])  # fmt: skip


def sweep(arguments: Namespace, _: Path) -> None:
    """Print what two cores, and a cluster, make of 40 cells."""
    cells = cells_of(
        {
            'schedules': [f'clean:150,contrast:{arguments.cell_frames - 150}'],
            'updaters': ['row_es', 'cwr_star'],
            'seeds': list(range(N_CELLS // 2)),
        }
    )
    sides = {'joblib, 1 core': (1, ''), 'joblib, 2 cores': (2, ''), 'Dask, 2 cores': (2, 'local')}
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    digests: dict[str, dict[str, str]] = {}
    for _round in range(arguments.sweep_rounds):
        for side, (n_jobs, address) in sides.items():
            started = time.perf_counter()
            digests[side] = {
                cell.key: result['row']['digest']
                for cell, result in running.run(cells, n_jobs, address)
            }
            seconds[side].append(time.perf_counter() - started)
    one, two, dask = (statistics.median(seconds[side]) for side in sides)
    say(f'sweep of {N_CELLS} cells, 2 cores', two, 's', '1 core', one, one / two)
    say(f'sweep of {N_CELLS} cells, Dask local', dask, 's', 'joblib', two, two / dask)
    same = float(len({json.dumps(each, sort_keys=True) for each in digests.values()}) == 1)
    say('one core, joblib and Dask', same, 'equal digests', 'bar', 1.0, same)


def stream_of(model: str) -> str:
    """Return the stream that a network is for."""
    return 'digits' if model == 'digits_mlp' else model


def main() -> None:
    """Measure and print."""
    parser = ArgumentParser()
    parser.add_argument('parts', nargs='*', default=['speed'], help='speed, memory, sweep')
    parser.add_argument('--frames', type=int, default=3000)
    parser.add_argument('--memory-frames', type=int, default=50_000)
    parser.add_argument('--cell-frames', type=int, default=1200)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--sweep-rounds', type=int, default=1)
    has_data = bool(os.environ.get('EDGE_ADAPT_DATA'))
    parser.add_argument('--model', default='gtsrb' if has_data else 'digits')
    parser.add_argument('--peak', type=Path, help='print the peak memory of one run, in MB')
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    if arguments.peak:
        loop(arguments.peak, arguments.model)
        print(peak_mb())
        return
    for part in arguments.parts:
        with tempfile.TemporaryDirectory() as folder:
            {'speed': speed, 'memory': memory, 'sweep': sweep}[part](arguments, Path(folder))


if __name__ == '__main__':
    main()
