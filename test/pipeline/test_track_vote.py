from edge_adapt.errors import UsageError
from edge_adapt.pipeline.track_vote import MAX_TRACKS, TrackVote
from edge_adapt.records import UNKNOWN
import numpy as np
import pytest

SURE = np.array([0.9, 0.1], np.float32)
WRONG = np.array([0.4, 0.6], np.float32)


def test_one_wrong_frame_is_outvoted():
    vote = TrackVote(3)
    vote(SURE, 7)
    vote(SURE, 7)
    assert vote(WRONG, 7).argmax() == 0


def test_another_object_starts_anew():
    vote = TrackVote(3)
    vote(SURE, 7)
    np.testing.assert_allclose(vote(WRONG, 8), WRONG, rtol=1e-5)


def test_only_the_last_frames_count():
    vote = TrackVote(2)
    for scores in (SURE, WRONG, WRONG):
        voted = vote(scores, 7)
    np.testing.assert_allclose(voted, WRONG, rtol=1e-5)


def test_probabilities_stay_probabilities():
    voted = TrackVote()(np.array([1.0, 0.0], np.float32), 1)
    assert np.isfinite(voted).all()
    assert abs(voted.sum() - 1) < 1e-6


def test_a_frame_of_no_track_votes_alone():
    vote = TrackVote()
    vote(SURE, UNKNOWN)
    np.testing.assert_array_equal(vote(WRONG, UNKNOWN), WRONG)


def test_memory_is_bounded():
    vote = TrackVote()
    for track in range(10 * MAX_TRACKS):
        vote(SURE, track)
    assert len(vote._votes) == MAX_TRACKS


def test_refuses_no_frames():
    with pytest.raises(UsageError, match='>= 1, got 0'):
        TrackVote(0)
