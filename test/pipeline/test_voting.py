"""Votes over tracks that were found, or told: apart from the answers they are made of."""

from __future__ import annotations

from edge_adapt.baselines.rdumb import Rdumb
from edge_adapt.evaluation.contender import Contender
from edge_adapt.evaluation.figures import figures
from edge_adapt.evaluation.race import Race
from edge_adapt.networks.model import Model
from edge_adapt.parameters import ADAPTATION, INFERENCE
from edge_adapt.pipeline.assembly import inference_from, voting_from
from edge_adapt.pipeline.track_finder import TrackFinder
from edge_adapt.pipeline.voting import Voting
from edge_adapt.records import Frame, Prediction, U8, UNKNOWN
from edge_adapt.registry import load
import numpy as np
import pytest

MODEL = Model.load('digits')
DEFAULTS = {p.name: p.default for p in (*INFERENCE, *ADAPTATION)}
POOL = load('streams', 'digits').pool('test').samples(MODEL.network.input_shape)


def shown(rng: np.random.Generator, cards: list[int], hold: int) -> list[U8]:
    """Return each card for `hold` frames, with the sensor's noise on every frame."""
    return [
        (POOL.images[card] + rng.normal(0, 8, POOL.images[card].shape)).clip(0, 255).astype('u1')
        for card in cards
        for _ in range(hold)
    ]


def test_finds_where_one_object_ends() -> None:
    finder = TrackFinder()
    tracks = [finder(image) for image in shown(np.random.default_rng(0), list(range(40)), 5)]
    begins = [i for i in range(1, 200) if tracks[i] != tracks[i - 1]]
    true = set(range(5, 200, 5))
    assert len(true & set(begins)) >= 0.9 * len(true)  # two of one digit look alike
    assert len(set(begins) - true) <= 0.4 * (200 - len(true))


def test_a_light_that_changes_is_no_other_object() -> None:
    finder = TrackFinder()
    image = POOL.images[0]
    assert finder(image) == finder((image // 3 + 90).astype(np.uint8))


@pytest.mark.parametrize('tracks', ['found', 'told'])
def test_one_doubtful_frame_is_outvoted_within_its_track_only(tracks: str) -> None:
    voting = Voting(5, tracks)
    sure, doubtful = np.eye(10, dtype=np.float32)[3], np.full(10, 0.1, np.float32)
    doubtful[7] += 0.01
    images = shown(np.random.default_rng(0), [0], 4)
    other = POOL.images[np.flatnonzero(POOL.labels != POOL.labels[0])[0]]

    def label(image: U8, scores: np.ndarray, track: int) -> int:
        prediction = Prediction(0, '', int(scores.argmax()), scores, '')
        return voting(Frame(image, 0, track=track), image, prediction, MODEL.weights).label

    for image in images[:3]:
        assert label(image, sure, 1) == 3
    assert label(images[3], doubtful, 1) == 3
    assert label(other, doubtful, 2) == 7


def test_nobody_votes_unless_asked() -> None:
    assert voting_from(DEFAULTS.__getitem__) is None
    assert voting_from({**DEFAULTS, 'vote_frames': 5}.__getitem__) is not None


def test_votes_are_reported_apart() -> None:
    stream = load('streams', 'digits')('noise:200', hold=5, order='shuffled', seed=1)
    get = {**DEFAULTS, 'region': ','.join(map(str, stream.region))}.__getitem__
    plain, voting = (
        Contender(name, inference_from(get), Rdumb(get, lambda: 0), lambda: 0, voting=vote)
        for name, vote in (('plain', None), ('voting', Voting(5, 'told')))
    )
    Race([plain, voting], inference_from(get), label_share=0.0, clock_ns=lambda: 0).run(stream)
    without, beside = figures(plain.timeline), figures(voting.timeline)
    assert without.voted is None
    assert without.accuracy == beside.accuracy
    assert beside.voted is not None
    assert beside.accuracy is not None
    assert beside.voted > beside.accuracy + 0.05
    assert UNKNOWN not in voting.timeline.voted
