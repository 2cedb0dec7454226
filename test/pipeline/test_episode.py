"""One drift: what is promoted was proved, here and in frames of mixed classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from edge_adapt import registry
from edge_adapt.corruptions import corrupt
from edge_adapt.networks.model import Model
from edge_adapt.pipeline.adaptation import Adaptation
from edge_adapt.pipeline.decisions import Decision
from edge_adapt.pipeline.inference import Inference
from edge_adapt.pipeline.ladder import ladder_from, Rung
from edge_adapt.records import Detection, Samples, Weights
from edge_adapt.updaters import Objective
from edge_adapt.updaters.frozen import Frozen
import numpy as np
import pytest

Make = Callable[..., Adaptation]
Show = Callable[..., list[Decision]]
LOOK_UP_RUNG = Rung('bank', n_frames=16)
ALARM = Detection('test', 0, statistic=2.0, threshold=1.0)


class Ruin(Frozen):
    """An updater that makes everything worse: all thresholds out of reach."""

    def improve(
        self, objective: Objective, weights: Weights, samples: Samples
    ) -> Iterator[Weights]:
        last = objective.network.thresholds[-1].name
        tensor = weights[f'{last}.thresholds']
        yield weights.replace({f'{last}.thresholds': np.full_like(tensor, 10**6)})


def test_a_candidate_that_is_worse_is_refused(
    adaptation: Make, show: Show, tmp_path: Path, pool: Samples
) -> None:
    path = adaptation(tmp_path, LOOK_UP_RUNG, Rung('ruin', (('ruin', Ruin()),)))
    show(path, pool.take(np.arange(64)))
    before = path.model.network.thresholds[-1].name
    path.on_drift(ALARM)
    decisions = show(path, pool, 'contrast')
    assert [(d.rung, d.accepted) for d in decisions][1:] == [('ruin', False), ('domain', True)]
    np.testing.assert_array_equal(
        path.weights[f'{before}.thresholds'], path.model.weights[f'{before}.thresholds']
    )


def test_frames_of_one_single_class_change_no_weights(
    adaptation: Make, show: Show, tmp_path: Path, pool: Samples
) -> None:
    path = adaptation(tmp_path)
    ones = pool.take(pool.labels == 1)
    ones = ones.take(np.arange(160) % len(ones))
    show(path, ones)
    path.on_drift(ALARM)
    decisions = show(path, ones, 'contrast')
    assert decisions[1].reason == (
        'the stream showed 1.0 classes before the change, without labels 4.8 are needed'
    )
    last = path.model.network.thresholds[-1].name
    np.testing.assert_array_equal(
        path.weights[f'{last}.thresholds'], path.model.weights[f'{last}.thresholds']
    )


@pytest.mark.parametrize('label', [1, 3, 8])
@pytest.mark.parametrize('domain', ['contrast', 'low_contrast'])
def test_one_single_class_after_a_mixture_changes_no_weights(
    adaptation: Make, show: Show, tmp_path: Path, pool: Samples, label: int, domain: str
) -> None:
    path = adaptation(tmp_path)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    rng, cards = np.random.default_rng(0), np.flatnonzero(pool.labels == label)
    only = pool.take(rng.choice(cards, 160))
    decisions = show(path, only, domain)
    assert [d.accepted for d in decisions if d.rung == 'recalibration'] == [False]
    last = path.model.network.thresholds[-1].name
    np.testing.assert_array_equal(
        path.weights[f'{last}.thresholds'], path.model.weights[f'{last}.thresholds']
    )


def test_on_an_inverted_camera_the_searched_transform_wins(
    adaptation: Make, show: Show, tmp_path: Path, pool: Samples
) -> None:
    model = Model.load('digits')
    rungs = ladder_from('recalibration+transform_search@96', 'row_es', 0, model.network)
    path = adaptation(tmp_path, *rungs)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    test = pool.take(np.arange(200, 397))
    decisions = show(path, pool.take(np.arange(200)), 'invert')
    assert [(d.rung, d.accepted) for d in decisions[:1]] == [('transform_search', True)]
    assert 'front_end.levels' in path.weights
    assert accuracy(path, test, 'invert') > 0.9  # recalibration alone: below a tenth


def test_the_front_end_is_applied_kept_and_taken_back(
    adaptation: Make, show: Show, tmp_path: Path, pool: Samples
) -> None:
    rungs = ladder_from('transform_search@96', 'row_es', 0, Model.load('digits').network)
    path = adaptation(tmp_path, *rungs)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    show(path, pool.take(np.arange(200)), 'invert')
    again = adaptation(tmp_path, *rungs)
    assert 'front_end.levels' in again.weights
    fast = Inference(again.model, registry.load('engines', 'popcount')())
    fast.use(again.weights)
    inverted = np.stack([corrupt(image, 'invert') for image in pool.images[200:]])
    assert np.mean(fast.classes_of(inverted) == pool.labels[200:]) > 0.9
    again.roll_back('ordered by a person')
    assert 'front_end.levels' not in again.weights


def accuracy(path: Adaptation, samples: Samples, domain: str) -> float:
    images = np.stack([corrupt(image, domain) for image in samples.images])
    answers = path.tools.objective.logits(path.weights, images).argmax(axis=1)
    return float(np.mean(answers == samples.labels))


def test_a_world_merely_taken_for_normal_is_no_evidence_of_a_mixture(
    adaptation: Make, show: Show, tmp_path: Path, pool: Samples
) -> None:
    path = adaptation(tmp_path)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    only = pool.take(np.resize(np.flatnonzero(pool.labels == 3), 160))
    decisions = show(path, only, 'noise')
    assert [(d.rung, d.accepted) for d in decisions][-1] == ('domain', True)
    show(path, pool.take(np.arange(64)), 'noise')  # answers here are many and worth nothing
    path.on_drift(ALARM)
    episode = path._episode
    assert episode is not None
    assert episode.calm.mean_entropy < 0.1  # that of the clean world still


def test_what_was_proved_elsewhere_gives_way_to_the_trained_weights(
    adaptation: Make, show: Show, tmp_path: Path, pool: Samples
) -> None:
    path = adaptation(tmp_path)
    show(path, pool.take(np.arange(64)))
    path.on_drift(ALARM)
    show(path, pool, 'contrast')
    thresholds = f'{path.model.network.thresholds[-1].name}.thresholds'
    assert not np.array_equal(path.weights[thresholds], path.model.weights[thresholds])
    path.on_drift(ALARM)
    only = pool.take(np.resize(np.flatnonzero(pool.labels == 3), 160))
    decisions = show(path, only, 'noise')
    assert decisions[-1].reason.startswith('nothing gained, nor by what ran')
    np.testing.assert_array_equal(path.weights[thresholds], path.model.weights[thresholds])
