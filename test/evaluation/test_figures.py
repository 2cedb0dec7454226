"""Figures of hand-made timelines whose answers can be counted on paper."""

from __future__ import annotations

from edge_adapt.evaluation.figures import figures
from edge_adapt.evaluation.timeline import moving_mean, Timeline
from edge_adapt.streams import Segment
import numpy as np
import pytest


def timeline(*segments: tuple[str, int, int]) -> Timeline:
    """Return segments (name, frames, wrong frames at the start); the frozen network is wrong."""
    result = Timeline()
    for name, n_frames, n_wrong in segments:
        result.segments.append(Segment(name, len(result), n_frames))
        result.labels += [1] * n_frames
        result.predicted += [0] * n_wrong + [1] * (n_frames - n_wrong)
        result.frozen += [0] * n_frames
        result.statistic += [0.0] * n_frames
        result.latency_ms += [2.0] * n_frames
    return result


def test_accuracy_counts_each_frame_of_its_segment() -> None:
    run = figures(timeline(('clean', 100, 0), ('blur', 100, 25)))
    assert [segment.accuracy for segment in run.segments] == [1.0, 0.75]
    assert run.accuracy == 0.875
    assert run.frozen == 0.0


def test_dropped_frames_are_counted_and_not_judged() -> None:
    run = timeline(('clean', 100, 0))
    run.predicted[10:20] = [-1] * 10
    assert figures(run).n_dropped == 10
    assert figures(run).accuracy == 1.0


def test_first_alarm_after_a_change_is_the_delay_and_the_others_are_false() -> None:
    run = timeline(('clean', 100, 0), ('blur', 100, 0), ('clean', 100, 0))
    for frame in (50, 107, 150):
        run.add_event(frame, 'alarm', '')
    result = figures(run)
    assert [segment.delay for segment in result.segments] == [50, 7, None]
    assert (result.n_alarms, result.false_alarms, result.missed) == (3, 2, 1)


def test_of_a_plain_recording_nobody_knows_which_alarms_are_false() -> None:
    run = timeline(('recorded', 100, 0))
    run.add_event(50, 'alarm', '')
    result = figures(run)
    assert (result.n_alarms, result.false_alarms, result.missed) == (1, None, None)
    assert not run.segments[0].is_damaged


def test_recovery_is_when_the_accuracy_has_come_back() -> None:
    segment = figures(timeline(('contrast', 400, 50))).segments[0]
    # 63 of 64 frames must be right for 98 %: of those that follow frame 49 only itself is wrong.
    assert segment.recovery == 49
    assert segment.late == 1.0


def test_forgetting_is_what_a_second_visit_lost() -> None:
    run = figures(timeline(('clean', 164, 0), ('blur', 164, 0), ('clean', 164, 164)))
    assert run.forgetting == 1.0


def test_events_of_unknown_kind_are_refused() -> None:
    with pytest.raises(ValueError, match="got 'nonsense'"):
        Timeline().add_event(0, 'nonsense', '')


def test_moving_mean_passes_over_unknown_values() -> None:
    values = np.array([np.nan, 1.0, 0.0, np.nan, 1.0])
    np.testing.assert_array_equal(moving_mean(values, 2), [np.nan, 1.0, 0.5, 0.0, 1.0])


def test_area_under_the_loss_is_counted_in_right_answers() -> None:
    run = figures(timeline(('clean', 100, 0), ('blur', 100, 30), ('clean', 100, 5)))
    assert [segment.loss_area for segment in run.segments] == [None, 30.0, 5.0]


def test_classes_are_counted_apart() -> None:
    run = timeline(('clean', 100, 25))
    run.labels[:10] = [0] * 10  # 'predicted' says 0 for the first 25
    found = figures(run).classes
    assert [(each.label, each.n_frames) for each in found] == [(0, 10), (1, 90)]
    assert [each.accuracy for each in found] == [1.0, 75 / 90]
    assert [each.frozen for each in found] == [1.0, 0.0]


def test_oracle_is_judged_where_there_is_one() -> None:
    run = timeline(('clean', 100, 0))
    assert figures(run).oracle is None
    run.oracle += [1] * 50 + [0] * 50
    assert figures(run).oracle == 0.5
