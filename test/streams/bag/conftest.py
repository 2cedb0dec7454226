"""One small recorded bag for all tests of the folder."""

from __future__ import annotations

from pathlib import Path
import shutil
from typing import Any

from edge_adapt.streams.bag.writing import write
from edge_adapt.streams.digits import Digits
import pytest

SCHEDULE = 'clean:20,contrast:20'


@pytest.fixture(scope='session')
def stream() -> Any:
    return Digits(SCHEDULE, seed=1)


@pytest.fixture(scope='session')
def _recorded(tmp_path_factory: pytest.TempPathFactory, stream: Any) -> Path:
    folder = tmp_path_factory.mktemp('bags')
    write(stream, folder / 'mcap', schedule=SCHEDULE)
    write(stream, folder / 'sqlite3', storage='sqlite3', schedule=SCHEDULE)
    return folder


@pytest.fixture
def bags(_recorded: Path, tmp_path: Path) -> Path:
    """Return a folder with the bags 'mcap' and 'sqlite3', to be spoiled at will."""
    return Path(shutil.copytree(_recorded, tmp_path / 'bags'))
