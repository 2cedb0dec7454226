"""The curves of a run are a bag that others read: here rosbags, by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edge_adapt.evaluation import metrics
from edge_adapt.evaluation.metrics import write
from edge_adapt.evaluation.timeline import Timeline
from edge_adapt.streams import Segment
from mcap.reader import make_reader
import numpy as np
from rosbags.highlevel import AnyReader
from rosbags.typesys import get_typestore, Stores


def timeline(n_frames: int, n_right: int) -> Timeline:
    result = Timeline(segments=[Segment('clean', 0, n_frames)])
    result.labels += [1] * n_frames
    result.predicted += [1] * n_right + [0] * (n_frames - n_right)
    result.frozen += [0] * n_frames
    result.statistic += [0.5] * n_frames
    result.latency_ms += [float('nan')] * n_frames
    result.stamps_ns += [10**18 + i * 10**8 for i in range(n_frames)]
    return result


def test_curves_events_and_pictures_are_read_by_others(tmp_path: Path) -> None:
    main = timeline(100, 100)
    main.add_event(30, 'alarm', 'pixels changed')
    main.add_event(40, 'swap', 'version x runs')
    image = np.zeros((60, 80, 3), np.uint8)
    path = tmp_path / 'metrics'
    write(path, {'row_es': main, 'rdumb': timeline(100, 0)}, {30: image})
    with AnyReader([path], default_typestore=get_typestore(Stores.ROS2_JAZZY)) as reader:
        found: dict[str, list] = {}
        for connection, stamp_ns, data in reader.messages():
            message = reader.deserialize(data, connection.msgtype)
            found.setdefault(connection.topic, []).append((stamp_ns, message))
    accuracy = found['/edge_adapt/row_es/accuracy']
    assert [message.data for _, message in accuracy] == [100.0] * 100
    assert accuracy[7][0] == main.stamps_ns[7]
    assert {message.data for _, message in found['/edge_adapt/rdumb/accuracy']} == {0.0}
    assert '/edge_adapt/row_es/latency_ms' not in found  # nobody measured it
    assert [(m.level, m.msg) for _, m in found['/rosout']] == [
        (30, 'frame 30, alarm: pixels changed'),
        (20, 'frame 40, swap: version x runs'),
    ]
    [(_, picture)] = found['/edge_adapt/alarm_image']
    assert (picture.format, bytes(picture.data[:2])) == ('jpeg', b'\xff\xd8')


def test_file_is_indexed_and_says_what_its_bytes_mean(tmp_path: Path) -> None:
    """What Foxglove and PlotJuggler need, by the library of those who defined the format."""
    write(tmp_path / 'metrics', {'row_es': timeline(50, 40)}, {})
    with (tmp_path / 'metrics' / 'metrics.mcap').open('rb') as file:
        reader = make_reader(file)
        summary = reader.get_summary()
        assert reader.get_header().profile == 'ros2'
    assert summary is not None
    assert summary.statistics is not None
    assert summary.statistics.message_count == 100
    assert summary.chunk_indexes
    assert {schema.encoding for schema in summary.schemas.values()} == {'ros2msg'}
    assert {channel.message_encoding for channel in summary.channels.values()} == {'cdr'}


def test_a_long_curve_is_thinned_and_not_cut(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(metrics, 'MAX_POINTS', 10)
    main = timeline(95, 95)
    write(tmp_path / 'metrics', {'row_es': main}, {})
    with AnyReader([tmp_path / 'metrics']) as reader:
        stamps = [stamp_ns for c, stamp_ns, _ in reader.messages() if c.topic.endswith('accuracy')]
    assert stamps == main.stamps_ns[::10]
