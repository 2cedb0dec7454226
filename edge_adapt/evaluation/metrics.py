"""A run as curves and log lines over time: a bag for Foxglove and PlotJuggler."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from edge_adapt.evaluation._html import jpeg
from edge_adapt.evaluation.picture import WINDOW
from edge_adapt.evaluation.timeline import moving_mean, Timeline
from edge_adapt.records import Array, U8
from edge_adapt.streams.bag.telemetry import INFO, Telemetry, WARN
import numpy as np

ROOT = '/edge_adapt'
ALARM_TOPIC, DEBUG_TOPIC = f'{ROOT}/alarm_image', f'{ROOT}/debug_image'
MAX_POINTS = 20_000  # of a curve
PERIOD_NS = 33_333_333  # between frames whose time nobody noted


def write(
    path: Path,
    timelines: Mapping[str, Timeline],
    snapshots: Mapping[int, U8],
    debug_images: Iterable[tuple[int, bytes]] = (),
) -> None:
    """
    Write the timelines (name -> record), the first of them with its events and pictures.

    Topics are /edge_adapt/<name>/accuracy (per cent of the latest frames), /statistic and
    /latency_ms, std_msgs/Float64; events are lines of /rosout, alarms of level WARN.
    What the camera saw at an alarm is on /edge_adapt/alarm_image; `debug_images`, stamps and
    JPEGs, are written to /edge_adapt/debug_image one by one.
    """
    main = next(iter(timelines.values()))
    stamps_ns = main.stamps_ns or [i * PERIOD_NS for i in range(len(main))]
    with Telemetry(path) as bag:
        for name, timeline in timelines.items():
            for topic, values in _curves(timeline):
                stretch = max(1, -(-len(values) // MAX_POINTS))
                for at in np.flatnonzero(np.isfinite(values[::stretch])) * stretch:
                    bag.number(f'{ROOT}/{_token(name)}/{topic}', stamps_ns[at], float(values[at]))
        for event in main.events:
            level = WARN if event.kind in ('alarm', 'rollback') else INFO
            text = f'frame {event.frame}, {event.kind}: {event.text}'
            bag.say(stamps_ns[event.frame], level, 'edge_adapt', text)
        for frame, image in snapshots.items():
            bag.picture(ALARM_TOPIC, stamps_ns[frame], jpeg(image))
        for stamp_ns, data in debug_images:
            bag.picture(DEBUG_TOPIC, stamp_ns, data)


def _curves(timeline: Timeline) -> Iterator[tuple[str, Array]]:
    yield 'accuracy', 100 * moving_mean(timeline.correct, WINDOW)
    yield 'statistic', np.asarray(timeline.statistic, float)
    yield 'latency_ms', np.asarray(timeline.latency_ms, float)


def _token(name: str) -> str:
    """Return a name as it may stand in a topic."""
    word = ''.join(letter if letter.isalnum() else '_' for letter in name).strip('_')
    return word if word[:1].isalpha() else f'n_{word}'
