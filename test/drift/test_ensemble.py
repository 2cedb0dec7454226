"""The ensemble: any member may alarm, one event a drift, and weights change what is watched."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from edge_adapt.drift import Reference
from edge_adapt.drift._calibration import calibrate, Knobs
from edge_adapt.drift._record import Record
from edge_adapt.drift.corruption_bank import CorruptionBank
from edge_adapt.drift.ensemble import Ensemble
from edge_adapt.errors import UsageError
from edge_adapt.signals import OUTPUT
import numpy as np
import pytest


def feed(detector, frames):
    found = []
    for index, frame in enumerate(frames):
        detector.update(frame)
        if detector.detection is not None:
            found.append((index, detector.detection))
    return found


def test_is_quiet_on_clean_frames_in_runs(reference, world):
    assert feed(Ensemble(reference), world.frames(1200)) == []


def test_names_the_member_that_found_it(reference, world):
    frames = list(world.frames(100, run=1000))
    usual = np.mean([frame.features[OUTPUT] for frame in frames], axis=0)
    stuck = [
        replace(frame, features={**frame.features, OUTPUT: usual})
        for frame in world.frames(30, run=1000)
    ]
    [(_, detection), *_] = feed(Ensemble(reference), frames + stuck)
    assert detection.detector == 'ensemble'
    assert detection.details['member'] == 'information_guard'


def test_one_drift_is_one_event_though_several_members_see_it(reference, world):
    found = feed(Ensemble(reference), [*world.frames(100), *world.frames(190, shift=4.0)])
    assert len(found) == 1


def test_it_waits_for_the_cool_down_before_it_repeats(reference, world):
    found = [index for index, _ in feed(Ensemble(reference), world.frames(900, shift=4.0))]
    assert len(found) >= 3
    assert all(b - a >= 200 for a, b in pairwise(found))


def test_it_does_without_a_bank(reference, world):
    bare = replace(reference, bank=None)
    assert feed(Ensemble(bare), world.frames(300, shift=4.0))
    with pytest.raises(UsageError, match='--bank'):
        CorruptionBank(bare)


def test_an_unsure_network_makes_it_urgent_but_a_sure_one_does_not_cancel(reference, world):
    def with_entropy(level):
        for frame in world.frames(200, shift=4.0):
            output = frame.features['output'].copy()
            output[0] = level
            yield replace(frame, features={**frame.features, 'output': output})

    urgency = [
        feed(Ensemble(reference), with_entropy(level))[0][1].details['urgency']
        for level in (-30.0, 30.0)
    ]
    assert urgency == ['usual', 'high']


def test_the_bank_names_the_corruption(reference, world):
    [(_, detection), *_] = feed(CorruptionBank(reference), world.frames(200, shift=2.0))
    assert detection.group == 'up'


def test_the_bank_serves_only_the_weights_it_was_made_with(reference: Reference, world):
    detector = Ensemble(reference)
    detector.rebase({}, 'other weights')
    found = feed(detector, world.frames(200, shift=4.0))
    assert found
    assert all(d.details['member'] != 'corruption_bank' for _, d in found)


def test_a_shift_away_from_a_corruption_is_none_of_the_bank(reference: Reference, world):
    assert feed(CorruptionBank(reference), world.frames(400, shift=-3.0)) == []


def test_directions_may_come_from_other_frames_than_what_is_normal(record, corrupted, world):
    design = Record.of(world.frames(600))
    knobs = Knobs(interval=10_000, n_frames=600)
    designed = calibrate(record, 3, 'v', knobs, corrupted=corrupted, design=design)
    assert designed.bank is not None
    assert feed(CorruptionBank(designed), world.frames(400)) == []
    [(_, detection), *_] = feed(CorruptionBank(designed), world.frames(100, shift=2.0))
    assert detection.group == 'up'
