"""Every decision is on record, and nothing goes on while the record cannot be kept."""

from __future__ import annotations

from collections.abc import Callable
import errno
from pathlib import Path

from edge_adapt.errors import UsageError
from edge_adapt.pipeline.adaptation import Adaptation
from edge_adapt.pipeline.decisions import Decision
from edge_adapt.records import Detection, Samples
from edge_adapt.store.files import Files
import numpy as np
import pytest

Make = Callable[..., Adaptation]
Show = Callable[..., list[Decision]]
ALARM = Detection('test', 0, statistic=2.0, threshold=1.0)


class FullDisk(Files):
    """A disk that can be full."""

    is_full = False

    def write(self, path: Path, data: bytes) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, 'No space left on device')
        super().write(path, data)


def test_what_a_full_disk_refused_is_done_again(
    adaptation: Make, show: Show, tmp_path: Path, pool: Samples
) -> None:
    path, disk = adaptation(tmp_path), FullDisk()
    path.store._files = disk
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    disk.is_full = True
    with pytest.raises(UsageError, match='No space left on device'):
        show(path, pool, 'contrast')
    assert path.weights == path.model.weights
    disk.is_full = False
    decision = path.step()
    assert decision is not None
    assert (decision.rung, decision.accepted) == ('recalibration', True)


def test_every_decision_is_one_line_of_the_journal(
    adaptation: Make, show: Show, tmp_path: Path, pool: Samples
) -> None:
    path = adaptation(tmp_path)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    decisions = show(path, pool, 'contrast')
    lines = [line['facts'] for line in path.store.journal() if line['event'] == 'decision']
    assert [line['rung'] for line in lines] == [d.rung for d in decisions]
    taken = decisions[1]
    assert lines[1] == taken.to_dict()
    assert taken.n_bytes > 0
    assert taken.n_evaluations > 0
    assert taken.after > taken.before
