"""What a run leaves on the disk appears whole, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import json
from pathlib import Path
import resource

from edge_adapt.commands._files import write_picture, write_report
from edge_adapt.errors import UsageError
from edge_adapt.evaluation.fields import checked
from edge_adapt.evaluation.report import Run
from edge_adapt.evaluation.timeline import Timeline
from edge_adapt.streams import Segment
from edge_adapt.streams.bag._rosbags import RawWriter
import pytest
from rosbags.highlevel import AnyReader


@pytest.fixture
def run() -> Run:
    timeline = Timeline(segments=[Segment('clean', 0, 100)])
    timeline.labels += [1] * 100
    timeline.predicted += [1] * 100
    timeline.frozen += [0] * 100
    timeline.statistic += [0.1] * 100
    timeline.latency_ms += [2.0] * 100
    return Run('a run', timeline, ('no', 'yes'))


@contextmanager
def disk_with(n_bytes: int) -> Iterator[None]:
    """Return a limit on the size of files stands for the disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_report_has_its_page_its_rows_its_picture_and_its_curves(
    run: Run, tmp_path: Path
) -> None:
    page = write_report(tmp_path / 'out', run)
    assert page.read_text().startswith('<!DOCTYPE html>')
    [row] = json.loads((tmp_path / 'out' / 'report.json').read_text())['rows']
    assert checked(row)['accuracy'] == 1.0
    assert (tmp_path / 'out' / 'report.png').read_bytes().startswith(b'\x89PNG')
    with AnyReader([tmp_path / 'out' / 'metrics']) as reader:
        assert '/edge_adapt/adapted/accuracy' in reader.topics
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == [
        *('metrics', 'report.html', 'report.json', 'report.png')
    ]


def test_a_full_disk_is_a_sentence_and_what_was_there_stays(run: Run, tmp_path: Path) -> None:
    write_report(tmp_path, run)
    before = {path: path.read_bytes() for path in tmp_path.rglob('*') if path.is_file()}
    # Room for report.json, but not for the page.
    with (
        disk_with(30_000),
        pytest.raises(UsageError, match=r'cannot be written into .*: File too large'),
    ):
        write_report(tmp_path, run)
    after = {path: path.read_bytes() for path in tmp_path.rglob('*') if path.is_file()}
    assert after.keys() == before.keys()
    json.loads((tmp_path / 'report.json').read_text())
    assert after[tmp_path / 'report.html'] == before[tmp_path / 'report.html']


def test_a_disk_that_fills_while_the_curves_are_written_leaves_those_before(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, 'No space left on device')

    write_report(tmp_path, run)
    monkeypatch.setattr(RawWriter, 'write_raw', full)
    with pytest.raises(UsageError, match=r'cannot be written into .*: No space left on device'):
        write_report(tmp_path, run)
    with AnyReader([tmp_path / 'metrics']) as reader:
        assert reader.message_count == 300


def test_a_place_where_nothing_can_be_written_is_a_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('in the way')
    with pytest.raises(UsageError, match=r'cannot be written into .*file'):
        write_report(tmp_path / 'file', run)
    with pytest.raises(UsageError, match='the picture cannot be written into'):
        write_picture(tmp_path / 'file' / 'x.png', run, 'seed 0')
    with pytest.raises(UsageError, match='the picture cannot be written into'):
        write_picture(tmp_path / 'x.nonsense', run, 'seed 0')
