"""A step inside a scene that is held: found where a corruption would lead from there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from edge_adapt.drift import Reference, Signature
from edge_adapt.drift._fit_changes import fit_changes, MIN_SCENES
from edge_adapt.drift._record import Record, record_from
from edge_adapt.drift._scene_changes import SceneChanges
from edge_adapt.drift.scene_step import SceneStep
from edge_adapt.records import Observation
from edge_adapt.signals import Features, GROUP_SIZES, IMAGE_GROUPS, N_IMAGE_FEATURES
import numpy as np
import pytest

N_SCENES, N_HELD = 240, 12
_N_REST = sum(GROUP_SIZES.values()) - N_IMAGE_FEATURES
_BLUNT = np.diag(np.where(np.arange(N_IMAGE_FEATURES) % 2, 0.6, 1.0))  # what 'blunt' makes of it


class Scenes:
    """Scenes of image features in 0..1, held under a little noise."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.places = self.rng.uniform(0.2, 0.8, (N_SCENES, N_IMAGE_FEATURES))

    def shown(self, place: np.ndarray, n: int = N_HELD) -> Iterator[Observation]:
        for _ in range(n):
            image = place + 0.004 * self.rng.normal(size=N_IMAGE_FEATURES)
            vector = np.concatenate([image, np.zeros(_N_REST)]).astype(np.float32)
            yield Observation(0, 0, Features(vector))

    def record(self, change: np.ndarray | None = None, n: int = N_SCENES) -> Record:
        places = self.places[:n] if change is None else self.places[:n] @ change
        shown = [seen.features for place in places for seen in self.shown(place)]
        scenes = np.repeat(np.arange(n), N_HELD)
        features = {name: np.stack([each[name] for each in shown]) for name in shown[0]}
        return record_from(features, scenes % 3, scenes % 3, scenes)


@pytest.fixture(scope='module')
def changes() -> SceneChanges:
    scenes = Scenes(seed=4)
    found = fit_changes(scenes.record(), {'blunt': scenes.record(_BLUNT)}, None, 1.3, seed=0)
    assert found is not None
    return found


@pytest.fixture
def detector(reference: Reference, changes: SceneChanges) -> SceneStep:
    return SceneStep(replace(reference, changes=changes))


@pytest.fixture
def scenes() -> Scenes:
    return Scenes(seed=7)


def found(detector, frames):
    """Return the branches of what is detected."""
    told = []
    for frame in frames:
        detector.update(frame)
        if detector.detection is not None:
            told.append(detector.detection.details.get('branch'))
    return told


def test_names_the_corruption_that_begins_inside_a_scene(detector, scenes):
    told = []
    for place in scenes.places[:20]:
        detector.reset()
        told += found(detector, [*scenes.shown(place, 20), *scenes.shown(place @ _BLUNT, 8)])
    assert told == 20 * ['blunt']


def test_a_cut_to_another_scene_is_no_step(detector, scenes):
    frames = (frame for place in scenes.places for frame in scenes.shown(place, 20))
    assert found(detector, frames) == []


def test_one_bad_frame_is_no_step(detector, scenes):
    for place in scenes.places[:20]:
        held, bad = scenes.shown(place, 200), scenes.shown(place @ _BLUNT, 10)
        stream = [next(bad) if i % 20 == 19 else frame for i, frame in enumerate(held)]
        assert found(detector, stream) == []


def test_foretells_nothing_of_what_is_no_clean_scene(changes, scenes):
    strange = np.full((1, N_IMAGE_FEATURES), 1.5)
    assert changes.odds(*(np.column_stack([x, [0]]) for x in (strange, strange @ _BLUNT))) < 0


def test_foretells_nothing_in_another_domain(detector, scenes):
    place = scenes.places[0]
    shape = N_IMAGE_FEATURES
    elsewhere = Signature(np.zeros(shape, np.float32), np.ones(shape, np.float32)).tensors()
    frames = [*scenes.shown(place, 20), *scenes.shown(place @ _BLUNT, 8)]
    detector.rebase(elsewhere, 'other weights')
    assert found(detector, frames) == []
    detector.rebase({}, 'other weights')
    assert found(detector, frames) == ['blunt']


def test_a_few_scenes_are_too_few(scenes):
    n = MIN_SCENES - 1
    record, blunt = scenes.record(n=n), scenes.record(_BLUNT, n)
    assert fit_changes(record, {'blunt': blunt}, None, 1.3, seed=0) is None


def test_scenes_are_told_by_their_number_not_by_their_place(scenes):
    record, blunt = scenes.record(), scenes.record(_BLUNT)
    turned = blunt.take(np.arange(len(blunt))[::-1])
    usual, other = (
        fit_changes(record, {'blunt': damaged}, None, 1.3, seed=0) for damaged in (blunt, turned)
    )
    assert usual is not None
    assert other is not None
    np.testing.assert_allclose(usual.forecasts, other.forecasts, atol=0.05)


def test_a_file_keeps_them(reference, changes):
    kept = replace(reference, changes=changes)
    content = kept.encode()
    assert content != reference.encode()


def test_image_features_alone_are_watched(changes):
    assert changes.centre.shape == (sum(GROUP_SIZES[name] for name in IMAGE_GROUPS) + 1,)


def test_what_looks_blunt_wherever_it_begins_is_no_step(reference):
    # what comes nearer gets sharper: where it comes again, a blunt start follows a sharp end
    scenes = Scenes(seed=5)
    sharp, blunt = np.eye(N_IMAGE_FEATURES), _BLUNT

    def record(change: np.ndarray) -> Record:
        parts = [scenes.record(part @ change) for part in (blunt, sharp, sharp)]
        order = np.argsort(np.tile(np.arange(N_SCENES * N_HELD) // N_HELD, 3), kind='stable')
        features = {
            name: np.concatenate([part.features[name] for part in parts])[order]
            for name in IMAGE_GROUPS
        }
        runs = np.repeat(np.arange(N_SCENES), 3 * N_HELD)
        return record_from(features, runs % 3, runs % 3, runs)

    known = fit_changes(record(sharp), {'blunt': record(blunt)}, None, 1.3, seed=0)
    detector = SceneStep(replace(reference, changes=known))
    for place in scenes.places:
        detector.reset()
        cut = [*scenes.shown(place, 20), *scenes.shown(place @ _BLUNT, 10)]
        assert found(detector, cut) == []
