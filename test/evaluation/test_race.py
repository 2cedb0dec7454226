"""Contenders side by side answer as each would alone, frame by frame, and forget nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge_adapt.errors import UsageError
from edge_adapt.evaluation.contest import baseline_names, contest, Entry, variants
from edge_adapt.evaluation.timeline import Timeline
from edge_adapt.parameters import ADAPTATION, INFERENCE
from edge_adapt.pipeline.assembly import adaptation_from, inference_from
from edge_adapt.streams.digits import Digits
import pytest

SCHEDULE = 'clean:40,contrast:130'
ONE = variants({'updater': ['row_es'], 'detector': ['class_conditional'], 'engine': ['popcount']})


def get(**others: Any) -> Any:
    table = {parameter.name: parameter.default for parameter in (*INFERENCE, *ADAPTATION)}
    region = ','.join(map(str, Digits(SCHEDULE).region))
    return {**table, 'region': region, 'label_share': 0.5, 'seed': 3, **others}.__getitem__


@pytest.fixture(scope='module')
def entries() -> dict[str, Entry]:
    found = contest(Digits(SCHEDULE), get(), ONE, baseline_names())
    return {entry.name: entry for entry in found}


def slowly() -> Timeline:
    """Return what a robot does: one frame after the other, each looked at alone."""
    inference, adaptation = inference_from(get()), adaptation_from(get(), lambda: 0)
    timeline = Timeline()
    for frame in Digits(SCHEDULE):
        result = inference.on_frame(frame)
        timeline.predicted.append(result.prediction.label)
        timeline.statistic.append(result.statistic)
        timeline.versions.append(result.prediction.version)
        if result.detection is not None:
            adaptation.on_drift(result.detection)
        adaptation.on_frame(frame.stamp_ns, inference.input_of(frame))
        adaptation.step()
        if inference.version != adaptation.weights.version:
            inference.use(adaptation.weights)
    return timeline


def test_looking_ahead_changes_nothing() -> None:
    [entry, *_] = contest(Digits(SCHEDULE), get(label_share=0.0), ONE)
    alone = slowly()
    assert entry.timeline.predicted == alone.predicted
    assert entry.timeline.statistic == alone.statistic  # floats: to the last bit
    assert entry.timeline.versions == alone.versions
    assert len(set(alone.versions)) > 1


def test_who_runs_beside_a_contender_does_not_matter(entries: Mapping[str, Entry]) -> None:
    [alone, *_] = contest(Digits(SCHEDULE), get(), ONE)
    assert alone.timeline.digest == entries['row_es'].timeline.digest


def test_same_arguments_have_the_same_digests() -> None:
    once, again = (
        contest(Digits('clean:20,contrast:44'), get(), ONE, baseline_names()) for _ in range(2)
    )
    assert [e.timeline.digest for e in once] == [e.timeline.digest for e in again]
    assert len({e.timeline.digest for e in once}) > 2


def test_all_that_was_asked_for_runs_and_shares_the_frames(entries: Mapping[str, Entry]) -> None:
    assert list(entries) == [
        *('row_es', 'rdumb', 'recalibration', 'streaming_lda', 'frozen', 'oracle')
    ]
    for entry in entries.values():
        assert len(entry.timeline.predicted) == len(entry.timeline) == 170
        assert entry.timeline.labels is entries['row_es'].timeline.labels


def test_combinations_are_named_by_what_differs() -> None:
    both = variants(
        {'updater': ['row_es'], 'detector': ['adwin', 'poem'], 'engine': ['popcount', 'reference']}
    )
    found = contest(Digits('clean:8'), get(), both)
    assert [entry.name for entry in found] == [
        *('adwin+popcount', 'adwin+reference', 'poem+popcount', 'poem+reference', 'frozen')
    ]
    assert found[0].timeline.predicted == found[1].timeline.predicted


def test_a_store_belongs_to_one_learner(tmp_path: Any) -> None:
    two = variants({'updater': ['row_es', 'sgd'], 'detector': ['adwin'], 'engine': ['popcount']})
    with pytest.raises(UsageError, match='a store belongs to one learner'):
        contest(Digits('clean:20'), get(store=str(tmp_path)), two)


def test_an_unknown_baseline_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no baseline 'best'; there are: .*rdumb.*, oracle"):
        contest(Digits('clean:20'), get(), ONE, ['best'])
