"""The queue between callbacks and a worker: bounded, in order, and never asleep on a job."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.ros

from edge_adapt.nodes._inbox import Inbox  # noqa: E402


def done(inbox: Inbox) -> None:
    """Do what waits."""
    inbox.wait(60.0)
    for job in inbox.jobs():
        job()


def test_messages_are_taken_in_the_order_they_came() -> None:
    inbox, taken = Inbox(4), list[int]()
    callback = inbox.later(taken.append)
    for message in (3, 1, 2):
        callback(message)
    assert len(inbox) == 3
    done(inbox)
    assert taken == [3, 1, 2]


def test_the_oldest_give_way_where_too_many_wait() -> None:
    inbox, taken = Inbox(2), list[int]()
    for message in range(5):
        inbox.later(taken.append)(message)
    done(inbox)
    assert taken == [3, 4]


def test_a_job_that_leaves_another_one_sees_it_done() -> None:
    inbox, taken = Inbox(2), list[str]()

    def first() -> None:
        inbox.put(lambda: taken.append('second'))
        taken.append('first')

    inbox.put(first)
    done(inbox)
    assert taken == ['first', 'second']


def test_what_was_forgotten_is_not_done() -> None:
    inbox, taken = Inbox(2), list[int]()
    inbox.later(taken.append)(1)
    inbox.clear()
    done(inbox)
    assert taken == []
