"""Decisions about versions are pure: a state in, a state out."""

from __future__ import annotations

from edge_adapt.errors import UsageError
from edge_adapt.store.state import Entry, State
import pytest

EMPTY = State.new('base')


def test_the_base_runs_first():
    assert (EMPTY.running, EMPTY.active, EMPTY.previous) == ('base', 'base', 'base')


def test_a_candidate_does_not_run():
    assert EMPTY.put(Entry('a', 1, 10)).running == 'base'


def test_a_trial_runs_but_is_not_active():
    state = EMPTY.put(Entry('a', 1, 10)).promote('a')
    assert (state.running, state.active) == ('a', 'base')


def test_a_confirmed_trial_is_active_and_the_former_is_previous():
    state = EMPTY.put(Entry('a', 1, 10)).promote('a').confirm()
    assert (state.trial, state.active, state.previous) == ('', 'a', 'base')


def test_a_trial_rolled_back_leaves_the_active_running():
    state = EMPTY.put(Entry('a', 1, 10)).promote('a').roll_back()
    assert state.running == 'base'
    assert state.versions[0].mark == 'refused'


def test_without_a_trial_the_previous_comes_back():
    state = EMPTY.put(Entry('a', 1, 10)).promote('a').confirm()
    state = state.put(Entry('b', 2, 10)).promote('b').confirm().roll_back()
    assert (state.active, state.previous) == ('a', 'base')


def test_the_base_has_no_previous():
    with pytest.raises(UsageError, match='no previous version'):
        EMPTY.roll_back()


def test_nothing_on_trial_cannot_be_confirmed():
    with pytest.raises(UsageError, match='nothing is on trial'):
        EMPTY.confirm()


def test_an_unknown_version_is_told_with_those_there_are():
    with pytest.raises(UsageError, match="no version 'x'; there are: a"):
        EMPTY.put(Entry('a', 1, 10)).promote('x')


@pytest.mark.parametrize('sequence', [1, 4, 5])
def test_an_old_sequence_is_refused(sequence):
    state = EMPTY.put(Entry('a', 5, 10))
    with pytest.raises(UsageError, match='is not above 5'):
        state.put(Entry('b', sequence, 10))


def test_a_rollback_does_not_reopen_the_sequence():
    state = EMPTY.put(Entry('a', 5, 10)).promote('a').roll_back()
    with pytest.raises(UsageError, match='is not above 5'):
        state.put(Entry('a', 5, 10))


def test_a_bank_can_be_tried_again():
    state = EMPTY.put(Entry('a', 1, 10)).promote('a').confirm().promote('base').confirm()
    state = state.promote('a').confirm()
    assert (state.active, state.previous) == ('a', 'base')


def test_promoting_what_is_active_ends_a_trial():
    state = EMPTY.put(Entry('a', 1, 10)).promote('a').promote('base')
    assert (state.running, state.trial) == ('base', '')


def test_refused_versions_are_dropped_first_then_the_longest_unused():
    state = EMPTY
    for i in range(1, 6):
        state = state.put(Entry(f'v{i}', i, 10))
    state = state.promote('v4').roll_back().promote('v1').confirm()
    kept = [entry.version for entry in state.retained(3, 1000).versions]
    assert kept == ['v3', 'v5', 'v1']


def test_retention_counts_bytes_but_never_drops_what_is_pinned_or_fresh():
    state = EMPTY.put(Entry('a', 1, 10)).promote('a').confirm().put(Entry('b', 2, 900))
    state = state.put(Entry('c', 3, 900)).retained(24, 1000, fresh='c')
    assert [entry.version for entry in state.versions] == ['a', 'c']


def test_comes_back_from_its_bytes():
    state = EMPTY.put(Entry('a', 1, 10, has_signature=True)).promote('a')
    assert State.decode(state.encode(), 'state') == state
