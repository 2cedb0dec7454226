"""Streams into bags, and what may go wrong with the disk."""

from __future__ import annotations

from pathlib import Path
import resource
from typing import Any

from edge_adapt.errors import UsageError
from edge_adapt.streams.bag.recording import Recording
from edge_adapt.streams.bag.writing import write
import pytest


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        ({'storage': 'rosbag1'}, "no storage 'rosbag1'; there are: mcap, sqlite3"),
        ({'compression': 'lz4'}, "no compression 'lz4'; there are: none, file"),
        ({'image_format': 'bmp'}, "no image format 'bmp'; there are: raw, jpeg, png"),
        ({'storage': 'sqlite3', 'compression': 'storage'}, "'storage' is of MCAP files"),
    ],
)
def test_an_unknown_option_is_told(
    options: dict[str, str], sentence: str, stream: Any, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=sentence):
        write(stream, tmp_path / 'bag', **options)  # type: ignore[arg-type]
    assert not (tmp_path / 'bag').exists()


def test_nothing_is_overwritten(bags: Path, stream: Any) -> None:
    with pytest.raises(UsageError, match='exists already'):
        write(stream, bags / 'mcap')
    assert len(list(Recording(bags / 'mcap'))) == 40


def test_an_interrupted_bag_can_be_read(stream: Any, tmp_path: Path) -> None:
    def interrupt(frames: Any, _: int) -> Any:
        for i, frame in enumerate(frames):
            if i == 10:
                raise KeyboardInterrupt
            yield frame

    with pytest.raises(KeyboardInterrupt):
        write(stream, tmp_path / 'bag', progress=interrupt)
    assert len(list(Recording(tmp_path / 'bag'))) == 10


def test_a_folder_that_cannot_be_made_is_told(stream: Any, tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('in the way')
    with pytest.raises(UsageError, match='cannot be written: Not a directory'):
        write(stream, tmp_path / 'file' / 'bag')


@pytest.mark.parametrize(('storage', 'n_left'), [('mcap', 12), ('sqlite3', 0)])
def test_a_full_disk_is_told(storage: str, n_left: int, stream: Any, tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, limits[1]))
    try:
        with pytest.raises(UsageError, match=r'cannot be written: .*after \d+ frames'):
            write(stream, tmp_path / 'bag', storage=storage)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    if n_left:
        recording = Recording(tmp_path / 'bag', class_names=stream.class_names)
        assert len(list(recording)) >= n_left  # of 17 that fit: a chunk holds about four
