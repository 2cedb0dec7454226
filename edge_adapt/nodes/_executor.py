"""Who calls the callbacks of a node: rclpy's executor of events where it has one."""

from __future__ import annotations

import rclpy
from rclpy.executors import Executor, SingleThreadedExecutor


def executor() -> Executor:
    """
    Return an executor of one thread for nodes of this process.

    The executor of events is told by the middleware what is ready; the other one asks all
    entities of all nodes anew, in Python, after every message.
    """
    try:
        from rclpy.experimental import EventsExecutor
    except ImportError:  # an older rclpy
        return SingleThreadedExecutor()
    made: Executor = EventsExecutor(context=rclpy.get_default_context())
    return made
