"""A data set that is not there is told in a sentence."""

from __future__ import annotations

from pathlib import Path

from edge_adapt.errors import UsageError
from edge_adapt.streams._data_folder import read_arrays
from edge_adapt.streams.mnist import Mnist
import numpy as np
import pytest


def test_an_unset_folder_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv('EDGE_ADAPT_DATA', raising=False)
    with pytest.raises(UsageError, match=r'mnist\.npz is needed: set EDGE_ADAPT_DATA'):
        Mnist()


@pytest.mark.parametrize(
    ('content', 'sentence'),
    [
        (None, r'there is no mnist\.npz in it'),
        (b'', 'cannot be read'),
        (b'not a zip', 'cannot be read'),
    ],
)
def test_a_missing_or_broken_file_is_told(
    content: bytes | None, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('EDGE_ADAPT_DATA', str(tmp_path))
    if content is not None:
        (tmp_path / 'mnist.npz').write_bytes(content)
    with pytest.raises(UsageError, match=sentence):
        Mnist.pool('test')


def test_a_truncated_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('EDGE_ADAPT_DATA', str(tmp_path))
    path = tmp_path / 'a.npz'
    np.savez(path, x=np.zeros(1000))
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(UsageError, match='cannot be read'):
        read_arrays('a.npz', 'x')


def test_a_file_without_the_array_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('EDGE_ADAPT_DATA', str(tmp_path))
    np.savez(tmp_path / 'a.npz', x=np.zeros(3))
    with pytest.raises(UsageError, match='y'):
        read_arrays('a.npz', 'y')
