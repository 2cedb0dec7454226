"""A step is measured in units of what it moves."""

from __future__ import annotations

from dataclasses import replace

from edge_adapt.errors import UsageError
from edge_adapt.store.step import check_step, largest_step
import numpy as np
import pytest


def test_no_change_is_no_step(model):
    assert largest_step(model, model.weights, model.weights)[0] == 0.0


def test_thresholds_are_measured_in_deviations_of_their_sums(model):
    known = replace(model, statistics={'threshold.deviation': np.full(12, 4.0, np.float32)})
    before = model.weights
    after = before.replace({'threshold.thresholds': before['threshold.thresholds'] + np.int32(12)})
    step, name = largest_step(known, before, after)
    assert name == 'threshold.thresholds'
    assert step == pytest.approx(3.0)  # 12 / 4


def test_a_head_is_measured_in_its_own_size(model):
    before = model.weights
    after = before.replace({'head.weights': -before['head.weights']})
    step, name = largest_step(model, before, after)
    assert name == 'head.weights'
    assert step == pytest.approx(2.0)


def test_a_bias_is_measured_in_the_sums_it_is_added_to(model):
    before = model.weights
    size = np.sqrt(np.mean(np.square(before['head.weights'], dtype=float)) * 12)  # 12 inputs
    after = before.replace({'head.bias': np.full(3, 100, np.int32)})
    step, name = largest_step(model, before, after)
    assert name == 'head.bias'
    assert step == pytest.approx(100 / size)


def test_too_large_a_step_is_told_with_its_tensor(model):
    after = model.weights.replace({'head.bias': np.full(3, 2**30, np.int32)})
    with pytest.raises(UsageError, match=r"'head.bias' by .* at most 8 "):
        check_step(model, model.weights, after, 8.0)
