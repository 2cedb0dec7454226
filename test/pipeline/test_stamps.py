"""Time that jumps is noticed once; time that stands still or stumbles is none."""

from __future__ import annotations

from edge_adapt.pipeline.stamps import SECOND_NS, Stamps
import pytest

PERIOD_NS = 33_000_000


def jumps(stamps_ns: list[int]) -> list[int]:
    """Return the indices at which a jump was noticed."""
    stamps = Stamps()
    return [i for i, stamp_ns in enumerate(stamps_ns) if stamps.jumped(stamp_ns)]


def test_an_even_stream_has_no_jumps() -> None:
    assert jumps([i * PERIOD_NS for i in range(1000)]) == []


@pytest.mark.parametrize('to_ns', [-3600 * SECOND_NS, 3600 * SECOND_NS])
def test_a_clock_that_is_set_jumps_once(to_ns: int) -> None:
    stamps = [i * PERIOD_NS + (to_ns if i >= 50 else 0) for i in range(100)]
    assert jumps(stamps) == [50]


def test_a_looping_bag_jumps_once_a_loop() -> None:
    assert jumps([i % 60 * PERIOD_NS for i in range(180)]) == [60, 120]


def test_a_paused_clock_and_frames_out_of_order_do_not_jump() -> None:
    assert jumps([0, 0, 0, 0, PERIOD_NS, 3 * PERIOD_NS, 2 * PERIOD_NS, 4 * PERIOD_NS]) == []
