"""ROS for as long as a command needs it, ended by Ctrl-C without a word too many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
import signal
import threading

from edge_adapt.nodes._process import tune
import rclpy
from rclpy.signals import SignalHandlerOptions


@contextmanager
def session(remappings: Sequence[str] = ()) -> Iterator[Callable[[], bool]]:
    """
    Return a context with rclpy initialized; what it gives says whether the user wants to stop.

    `remappings` are like 'image_raw:=/camera/image_raw'. In the main thread SIGINT and SIGTERM
    ask to stop, as long as the context lasts.
    """
    tune()
    stop = threading.Event()
    arguments = [word for text in remappings for word in ('-r', text)]
    numbers = (signal.SIGINT, signal.SIGTERM)
    is_main = threading.current_thread() is threading.main_thread()
    before = {n: signal.signal(n, lambda *_: stop.set()) for n in numbers} if is_main else {}
    rclpy.init(
        args=['--ros-args', *arguments] if arguments else None,
        signal_handler_options=SignalHandlerOptions.NO,
    )
    try:
        yield stop.is_set
    finally:
        rclpy.try_shutdown()
        for number, handler in before.items():
            signal.signal(number, handler)
