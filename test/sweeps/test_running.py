"""What a cell gives does not depend on where it ran, and no cell is lost with its worker."""

from __future__ import annotations

from collections.abc import Iterator
import importlib
import importlib.util
import os
from pathlib import Path
import signal

from edge_adapt.errors import UsageError
from edge_adapt.sweeps import cell as cell_module
from edge_adapt.sweeps import running
from edge_adapt.sweeps.cell import Cell, Result
from edge_adapt.sweeps.grid import cells_of
import pytest

CELLS = cells_of(
    {'schedules': ['clean:20,contrast:50', 'clean:30'], 'updaters': ['row_es'], 'seeds': [0, 1]}
)


def needs(package: str) -> pytest.MarkDecorator:
    missing = importlib.util.find_spec(package) is None
    return pytest.mark.skipif(missing, reason=f'{package} is not installed')


PLACES = [
    pytest.param('', marks=needs('joblib'), id='processes'),
    pytest.param('local', marks=needs('distributed'), id='cluster'),
]


@pytest.fixture(scope='module')
def alone() -> dict[str, str]:
    return digests((cell, cell_module.run(cell.settings)) for cell in CELLS)


def digests(results: Iterator[tuple[Cell, Result]]) -> dict[str, str]:
    return {cell.key: result['row']['digest'] for cell, result in results}


def workers() -> list[int]:
    """Return the processes under this one that run cells."""
    found = []
    for folder in Path('/proc').glob('[0-9]*'):
        try:
            words = (folder / 'cmdline').read_bytes().decode().split('\0')
            parent = int((folder / 'stat').read_text().rpartition(')')[2].split()[1])
        except (OSError, ValueError):
            continue
        runs_cells = any('popen_loky' in w or 'spawn_main' in w for w in words)
        if parent == os.getpid() and runs_cells:
            found.append(int(folder.name))
    return found


@pytest.mark.timeout(300)  # processes start slowly on a busy machine
@pytest.mark.parametrize('address', PLACES)
def test_a_worker_killed_loses_no_cell_and_changes_none(
    address: str, alone: dict[str, str]
) -> None:
    results = running.run(CELLS, 2, address)
    first = next(results)
    os.kill(workers()[0], signal.SIGKILL)
    assert digests(iter([first, *results])) == alone


def test_nothing_to_run_needs_no_worker() -> None:
    assert list(running.run([], 2, 'local')) == []


@needs('distributed')
def test_a_cluster_that_is_not_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    from edge_adapt.sweeps import cluster

    monkeypatch.setattr(cluster, 'CONNECT_S', 0.2)
    with pytest.raises(UsageError, match=r"there is no cluster at 'tcp://127\.0\.0\.1:9'"):
        list(running.run(CELLS, 1, 'tcp://127.0.0.1:9'))


def test_a_library_that_is_missing_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name='distributed')

    monkeypatch.setattr(importlib, 'import_module', missing)
    with pytest.raises(UsageError, match=r"--cluster needs the Python package 'distributed'"):
        running.run(CELLS, 1, 'local')
