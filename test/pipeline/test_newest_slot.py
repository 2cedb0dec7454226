"""The newest frame wins, and every frame is accounted for."""

from __future__ import annotations

from edge_adapt.pipeline.newest_slot import NewestSlot
from hypothesis import given
from hypothesis import strategies as st


def test_gives_the_newest_item_and_counts_the_one_it_replaced() -> None:
    slot: NewestSlot[int] = NewestSlot()
    slot.put(1)
    slot.put(2)
    assert slot.take(timeout_s=0) == 2
    slot.done()
    assert slot.counts.to_dict() == {
        'received': 2,
        'processed': 1,
        'dropped': 1,
        'rejected': 0,
        'in_hand': 0,
    }


def test_gives_nothing_where_nothing_came() -> None:
    slot: NewestSlot[int] = NewestSlot()
    assert slot.take(timeout_s=0) is None
    assert slot.counts.in_hand == 0


def test_drops_what_waits_and_what_comes_after_it_was_closed() -> None:
    slot: NewestSlot[int] = NewestSlot()
    slot.put(1)
    slot.close()
    slot.put(2)
    assert slot.take(timeout_s=0) is None
    assert slot.counts.dropped == 2


@given(st.lists(st.sampled_from(['put', 'take', 'done', 'reject', 'close'])))
def test_counters_add_up_after_any_sequence_of_calls(calls: list[str]) -> None:
    slot: NewestSlot[int] = NewestSlot()
    n_taken = 0
    for i, call in enumerate(calls):
        if call == 'put':
            slot.put(i)
        elif call == 'take':
            n_taken += slot.take(timeout_s=0) is not None
        elif call == 'close':
            slot.close()
        elif n_taken:
            n_taken -= 1
            slot.done() if call == 'done' else slot.reject()
        assert slot.counts.add_up
