"""The clean reference: made from a record, kept in a file, tied to one version."""

from __future__ import annotations

from dataclasses import replace

from edge_adapt.drift import _thresholds, Reference, Signature
from edge_adapt.drift._calibration import calibrate, Knobs
from edge_adapt.drift._record import Record
from edge_adapt.errors import UsageError
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch):
    """Draw streams of 60 frames: what is tested here does not depend on their length."""
    monkeypatch.setattr(_thresholds, 'BLOCK', 60)


def calibrated(record, **knobs):
    return calibrate(record, 3, 'v', Knobs(**{'n_frames': 600, 'interval': 10_000} | knobs))


def test_the_same_seed_gives_the_same_bytes(record):
    once, again, other = (calibrated(record, seed=seed).encode() for seed in (1, 1, 2))
    assert once == again
    assert once != other


def test_a_longer_interval_gives_higher_thresholds(record):
    usual, rare = (calibrated(record, interval=n) for n in (10_000, 1_000_000))
    assert np.all(rare.clean.thresholds > usual.clean.thresholds)


def test_a_file_holds_all_of_it(reference: Reference, tmp_path):
    path = tmp_path / 'x.reference'
    reference.save(path)
    loaded = Reference.load(path)
    assert loaded.encode() == reference.encode()
    assert loaded.about['interval'] == 100_000


def test_progress_is_told_and_ends_at_one(record):
    told: list[float] = []
    calibrate(record, 3, 'v', Knobs(interval=1000, n_frames=60), told.append)
    assert told == sorted(told)
    assert told[-1] == 1


@pytest.mark.parametrize(
    ('spoil', 'message'),
    [
        (lambda data: data[:-40], 'truncated|damaged'),
        (lambda data: data[:200] + b'?' + data[201:], 'damaged'),
        (lambda data: b'', 'truncated'),
    ],
)
def test_refuses_a_damaged_file(reference, tmp_path, spoil, message):
    path = tmp_path / 'x.reference'
    path.write_bytes(spoil(reference.encode()))
    with pytest.raises(UsageError, match=message):
        Reference.load(path)


def test_says_how_to_make_one_where_there_is_none(tmp_path):
    with pytest.raises(UsageError, match='edge-adapt calibrate'):
        Reference.load(tmp_path / 'none.reference')


def test_belongs_to_one_version(reference):
    reference.check('a version')
    with pytest.raises(UsageError, match='edge-adapt calibrate'):
        reference.check('another')


def test_refuses_a_signature_of_another_size(reference):
    short = Signature(np.zeros(5, np.float32), np.ones(5, np.float32))
    with pytest.raises(UsageError, match=r'\(5,\)'):
        reference.about_domain(short)


def test_refuses_too_few_frames_and_one_single_class(record):
    with pytest.raises(UsageError, match='got 100'):
        calibrate(record.take(np.arange(100)), 3, 'v', Knobs())
    with pytest.raises(UsageError, match='two classes'):
        calibrate(record.take(record.predicted == 1), 3, 'v', Knobs())
    with pytest.raises(UsageError, match='got 10'):
        Knobs(interval=10)


def test_a_record_leaves_out_frames_that_are_not_finite(world):
    frames = list(world.frames(10))
    spoiled = replace(frames[4], features={k: v * np.nan for k, v in frames[4].features.items()})
    record = Record.of([*frames[:4], spoiled, *frames[5:]], labels=range(10))
    assert len(record) == 9
    assert 4 not in record.classes
    with pytest.raises(UsageError, match='none with finite'):
        Record.of([spoiled])


def test_tracks_make_the_runs_and_their_variance_is_measured(world):
    frames = list(world.frames(1200, run=20))
    rng = np.random.default_rng(4)
    moved = []
    for index, seen in enumerate(frames):
        if index % 20 == 0:
            scene = {k: rng.normal(size=v.shape) for k, v in seen.features.items()}
        features = {k: (v + scene[k]).astype(np.float32) for k, v in seen.features.items()}
        moved.append(replace(seen, features=features))
    record = Record.of(moved, tracks=[i // 20 for i in range(1200)])
    reference = calibrate(record, 3, 'v', Knobs(interval=10_000, n_frames=600))
    assert reference.about['orders'] == ['class_runs_of_tracks', 'tracks', 'shuffled']
    # half of the variance is the scene's
    assert 0.3 < np.median(reference.clean.between) < 0.8


def test_a_signature_lives_in_weights_as_two_tensors(reference):
    tensors = reference.signature.tensors()
    found = Signature.in_weights({**tensors, 'head.bias': np.zeros(3, np.int32)})
    assert found is not None
    np.testing.assert_array_equal(found.mean, reference.signature.mean)
    assert Signature.in_weights({'domain.mean': tensors['domain.mean']}) is None
