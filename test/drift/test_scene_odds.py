"""Scenes in a row: several corrupted ones are a drift, a single one is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
import math

from edge_adapt.drift import Reference, Signature
from edge_adapt.drift._fit_odds import fit_odds, MIN_SCENES
from edge_adapt.drift._odds import Odds
from edge_adapt.drift._record import Record, record_from
from edge_adapt.drift.scene_odds import SceneOdds
from edge_adapt.records import Observation
from edge_adapt.signals import Features, GROUP_SIZES, IMAGE_GROUPS, N_IMAGE_FEATURES
import numpy as np
import pytest

N_SCENES, N_SHOWN, N_CLASSES, INTERVAL = 600, 12, 8, 100_000
_N_REST = sum(GROUP_SIZES.values()) - N_IMAGE_FEATURES


class Scenes:
    """Scenes differ in their light; `dark` ones have less of it by two deviations."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def place(self, is_dark: bool = False) -> np.ndarray:
        light = self._rng.normal() - 2.0 * is_dark
        return 0.5 + 0.1 * light + 0.03 * self._rng.normal(size=N_IMAGE_FEATURES)

    def shown(self, place: np.ndarray, n: int, k: int = 0) -> Iterator[Observation]:
        for _ in range(n):
            image = place + 0.01 * self._rng.normal(size=N_IMAGE_FEATURES)
            vector = np.concatenate([image, np.zeros(_N_REST)]).astype(np.float32)
            yield Observation(0, k, Features(vector))

    def row(self, n: int, is_dark: bool = False, first: int = 0) -> Iterator[Observation]:
        """Give n scenes of 30 frames, each of another class than the one before."""
        for i in range(first, first + n):
            yield from self.shown(self.place(is_dark), 30, i % N_CLASSES)

    def record(self, is_dark: bool = False, n: int = N_SCENES) -> Record:
        shown = [
            seen.features for _ in range(n) for seen in self.shown(self.place(is_dark), N_SHOWN)
        ]
        runs = np.repeat(np.arange(n), N_SHOWN)
        features = {name: np.stack([each[name] for each in shown]) for name in IMAGE_GROUPS}
        return record_from(features, runs % N_CLASSES, runs % N_CLASSES, runs)


@pytest.fixture(scope='module')
def dark_odds() -> Odds:
    world = Scenes(seed=4)
    found = fit_odds(world.record(), {'dark': world.record(is_dark=True)}, None, INTERVAL)
    assert found is not None
    return found


@pytest.fixture
def detector(reference: Reference, dark_odds: Odds) -> SceneOdds:
    return SceneOdds(replace(reference, odds=dark_odds))


@pytest.fixture
def world() -> Scenes:
    return Scenes(seed=7)


def found(detector, frames):
    """Return the frames that end in a detection, with the corruption it names."""
    told = []
    for index, frame in enumerate(frames):
        detector.update(frame)
        if detector.detection is not None:
            told.append((index, detector.detection.details['branch']))
    return told


def test_several_dark_scenes_say_that_it_got_dark(detector, world):
    delays = []
    for _ in range(20):
        detector.reset()
        assert found(detector, world.row(5)) == []
        (first, name), *_ = found(detector, world.row(40, is_dark=True, first=5))
        assert name == 'dark'
        delays.append(first)
    assert np.median(delays) <= 450


def test_one_dark_scene_never_does_however_long(detector, world):
    darkest = world.place(is_dark=True) - 0.2
    assert found(detector, world.row(5)) == []
    assert found(detector, world.shown(darkest, 3000, 5)) == []


def test_a_clean_world_with_its_dark_scenes_alarms_as_rarely_as_was_asked(detector, world):
    assert len(found(detector, world.row(INTERVAL // 30))) <= 1


def test_a_misread_frame_ends_no_scene(detector, world):
    darkest = world.place(is_dark=True) - 0.2
    frames = world.shown(darkest, 3000, 5)
    misread = (replace(f, predicted=i % 3) if i % 4 == 3 else f for i, f in enumerate(frames))
    assert found(detector, misread) == []


def test_a_scene_that_is_hard_to_read_counts_once(detector, world):
    darkest = world.place(is_dark=True) - 0.2
    assert found(detector, world.row(5)) == []
    frames = [replace(f, predicted=i) for i, f in enumerate(world.shown(darkest, 30))]
    assert found(detector, [*frames, *world.row(5)]) == []


def test_no_scene_counts_for_more_than_the_clean_ones_can_vouch_for(dark_odds):
    assert dark_odds.evidence.max() <= math.log(128)
    assert dark_odds.evidence.max() < dark_odds.thresholds.min()


def test_is_silent_in_another_domain(detector, world):
    shape = N_IMAGE_FEATURES
    elsewhere = Signature(np.zeros(shape, np.float32), np.ones(shape, np.float32)).tensors()
    detector.rebase(elsewhere, 'other weights')
    assert found(detector, world.row(40, is_dark=True)) == []
    detector.rebase({}, 'other weights')
    assert found(detector, world.row(40, is_dark=True))


def test_says_nothing_of_few_scenes_or_of_frames_that_are_none(world):
    few, dark = world.record(n=MIN_SCENES - 1), world.record(is_dark=True, n=MIN_SCENES - 1)
    assert fit_odds(few, {'dark': dark}, None, INTERVAL) is None
    single = replace(world.record(), independent=True)
    assert fit_odds(single, {'dark': world.record(is_dark=True)}, None, INTERVAL) is None
    assert fit_odds(world.record(), {}, None, INTERVAL) is None


def test_a_longer_interval_asks_for_more(dark_odds):
    world = Scenes(seed=4)
    records = world.record(), {'dark': world.record(is_dark=True)}
    longer = fit_odds(*records, None, 10 * INTERVAL)
    assert longer is not None
    assert np.allclose(longer.thresholds - dark_odds.thresholds, math.log(10))


def test_clean_scenes_of_the_reference_count_beside_those_of_the_design(dark_odds):
    world = Scenes(seed=4)
    clean, dark = world.record(), {'dark': world.record(is_dark=True)}
    darker = {name: values - 0.2 for name, values in world.record().features.items()}
    darker_world = replace(world.record(), features=darker)
    warned = fit_odds(darker_world, dark, clean, INTERVAL)
    assert warned is not None
    assert warned.evidence[0, -1] < dark_odds.evidence[0, -1]
