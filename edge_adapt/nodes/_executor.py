"""Who calls the callbacks of a node: rclpy's executor of events where it has one."""

from __future__ import annotations

import sys

import rclpy
from rclpy.executors import Executor, SingleThreadedExecutor

# A worker waits at most this long for the interpreter while callbacks run; Python's 5 ms are
# more than a whole inference.
SWITCH_S = 0.0005


def executor() -> Executor:
    """
    Return an executor of one thread for nodes of this process.

    The executor of events is told by the middleware what is ready; the other one asks all
    entities of all nodes anew, in Python, after every message.
    """
    sys.setswitchinterval(SWITCH_S)
    try:
        from rclpy.experimental import EventsExecutor
    except ImportError:  # an older rclpy
        return SingleThreadedExecutor()
    made: Executor = EventsExecutor(context=rclpy.get_default_context())
    return made
