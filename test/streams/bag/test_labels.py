"""A file of stamps and classes."""

from __future__ import annotations

from pathlib import Path

from edge_adapt.errors import UsageError
from edge_adapt.records import UNKNOWN
from edge_adapt.streams.bag.labels import LabelFile
from edge_adapt.streams.bag.recording import Recording
from edge_adapt.streams.bag.writing import START_NS
from edge_adapt.streams.digits import Digits
import pytest

NAMES = ('cat', 'dog')


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / 'labels.csv'
    path.write_text(text, 'utf-8')
    return path


def test_stamps_are_nanoseconds_or_seconds(tmp_path: Path) -> None:
    text = '\ufeffstamp,class\n1000000000, dog\n2.000000001,cat\n3.5,1\n\n'
    labels = LabelFile(_file(tmp_path, text), NAMES)
    assert len(labels) == 3
    assert [labels.label(ns) for ns in (10**9, 2 * 10**9, 3_500_000_000)] == [1, 0, 1]
    assert labels.label(10**9 + 400_000) == 1
    assert labels.label(10**9 + 600_000) == UNKNOWN


def test_the_nearest_label_counts(tmp_path: Path) -> None:
    labels = LabelFile(_file(tmp_path, '1000000,cat\n1400000,dog\n'), NAMES)
    assert [labels.label(ns) for ns in (1_100_000, 1_300_000)] == [0, 1]


@pytest.mark.parametrize(
    ('text', 'sentence'),
    [
        ('', 'has no labels'),
        ('stamp,class\n', 'has no labels'),
        ('1,cat\nx,cat\n', "line 2: 'x' is not a stamp"),
        ('1,cat\n-2,cat\n', "line 2: '-2' is not a stamp"),
        ('1,cat\n1e30,cat\n', "'1e30' is not a stamp"),
        ('1,cat\nnan,cat\n', "'nan' is not a stamp"),
        ('1\n', "line 1: expected stamp,class, got '1'"),
        ('1,cat,3\n', "expected stamp,class, got '1,cat,3'"),
        ('1,zebra\n', "line 1: there is no class 'zebra'; there are: cat, dog"),
        ('1,2\n', "there is no class '2'"),
    ],
)
def test_a_wrong_line_is_named(text: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=sentence):
        LabelFile(_file(tmp_path, text), NAMES)


def test_a_missing_or_binary_file_is_told(tmp_path: Path) -> None:
    (tmp_path / 'binary.csv').write_bytes(b'\xff\xfe\x00\x81')
    for name in ('missing.csv', 'binary.csv'):
        with pytest.raises(UsageError, match='cannot be read as labels'):
            LabelFile(tmp_path / name, NAMES)


def test_a_file_takes_the_place_of_the_label_topic(bags: Path, tmp_path: Path) -> None:
    path = _file(tmp_path, f'{START_NS},7\n')
    recording = Recording(bags / 'mcap', label_file=path)
    assert [frame.label for frame in recording] == [7] + [UNKNOWN] * 39


def test_a_file_for_another_bag_is_told(bags: Path, tmp_path: Path) -> None:
    path = _file(tmp_path, '5,7\n')
    with pytest.raises(UsageError, match='none of 1 labels belongs to a frame'):
        list(Recording(bags / 'mcap', class_names=Digits.class_names, label_file=path))
